//! Issues, what they depend on, and their lists. Pull requests are issues here too.

use mosaic_core::types::Timestamp;
use serde_json::{Value, json};

use super::fault::{error, internal, missing, not_found};
use super::people::writers;
use super::wire::with;
use super::{Answer, Cx};
use crate::fake::forge::{Item, Milestone, NewIssue, Repo, now};
use crate::fake::http::{Reply, maybe_time, time};

pub(super) fn milestone_shape(repo: &Repo, milestone: &Milestone) -> Value {
    let of = |open: bool| {
        let items = repo.items.values();
        items.filter(|item| item.milestone == Some(milestone.number) && item.open == open).count()
    };
    json!({
        "id": milestone.id, "title": milestone.title,
        "description": milestone.description.as_deref().unwrap_or_default(),
        "state": if milestone.open { "open" } else { "closed" }, "open_issues": of(true), "closed_issues": of(false),
        "created_at": time(milestone.created_at), "updated_at": time(milestone.updated_at),
        "closed_at": maybe_time(milestone.closed_at), "due_on": maybe_time(milestone.due_at),
    })
}

pub(super) fn shape(cx: &Cx<'_>, repo: &Repo, item: &Item) -> Value {
    let kind = if item.pull.is_some() { "pulls" } else { "issues" };
    let labels: Vec<_> = item
        .labels
        .iter()
        .filter_map(|name| repo.label(name))
        .map(|label| super::labels::shape(cx, repo, label))
        .collect();
    let assignees: Vec<_> = item.assignees.iter().map(|login| cx.login(login)).collect();
    let milestone = repo.milestones.iter().find(|milestone| Some(milestone.number) == item.milestone);
    let first = json!({
        "id": item.id, "url": format!("{}/issues/{}", cx.repo_url(repo), item.number),
        "html_url": format!("{}/{kind}/{}", cx.repo_page(repo), item.number), "number": item.number,
        "user": cx.login(&item.author), "original_author": "", "original_author_id": 0, "title": item.title,
        "body": item.body.as_deref().unwrap_or_default(), "ref": "", "assets": [], "labels": labels,
        "milestone": milestone.map(|milestone| milestone_shape(repo, milestone)),
        "assignee": assignees.first(),
        // Nobody is null, and no empty list.
        "assignees": if assignees.is_empty() { Value::Null } else { json!(assignees) },
        "state": if item.open { "open" } else { "closed" }, "is_locked": item.locked,
        "comments": item.comments.len(),
    });
    let second = json!({
        "created_at": time(item.created_at), "updated_at": time(item.updated_at),
        "closed_at": maybe_time(item.closed_at), "due_date": null,
        "pull_request": item.pull.as_ref().map(|pull| json!({ "merged": pull.merged.is_some(), "merged_at": null })),
        "repository": { "id": repo.id, "name": repo.name, "owner": repo.owner, "full_name": repo.full_name() },
        "pin_order": 0,
    });
    with(first, second)
}

fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(|| not_found(cx))?;
    let item = repo.items.get(&number).ok_or_else(|| missing("issue does not exist"))?;
    Ok(Reply::json(status, &shape(cx, &repo, item)))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200)
}

fn numbers(value: Option<&Value>) -> Option<Vec<u64>> {
    Some(value?.as_array()?.iter().filter_map(Value::as_u64).collect())
}

/// The names of labels by their numbers; unknown numbers are passed over.
pub(super) fn labels_of(repo: &Repo, ids: &[u64]) -> Vec<String> {
    let of = |id: &u64| repo.labels.iter().find(|label| label.id == *id).map(|label| label.name.clone());
    ids.iter().filter_map(of).collect()
}

/// People who may be assigned; one who may not is an error.
fn assignees(cx: &Cx<'_>, repo: &Repo) -> Result<Option<Vec<String>>, Reply> {
    let Some(list) = cx.body.get("assignees").and_then(Value::as_array) else { return Ok(None) };
    let allowed = writers(cx, repo);
    let mut logins = Vec::new();
    for login in list.iter().filter_map(Value::as_str) {
        match allowed.iter().find(|user| user.login.eq_ignore_ascii_case(login)) {
            Some(user) => logins.push(user.login.clone()),
            None => {
                let text =
                    format!("Assignee does not exist: [name: user does not exist [uid: 0, name: {login}]]");
                return Err(error(422, &text));
            }
        }
    }
    Ok(Some(logins))
}

fn milestone(repo: &Repo, id: u64) -> Result<Option<u64>, Reply> {
    if id == 0 {
        return Ok(None);
    }
    let found = repo.milestones.iter().find(|milestone| milestone.id == id);
    found.map(|found| Some(found.number)).ok_or_else(|| missing("milestone does not exist"))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.visitor(repo)?;
    let title = cx.filled("title").filter(|title| !title.trim().is_empty());
    let title = title.ok_or_else(|| error(422, "[Title]: Required"))?;
    let new = NewIssue {
        // A longer one is cut off.
        title: title.chars().take(255).collect(),
        body: cx.filled("body").map(str::to_owned),
        labels: labels_of(repo, &numbers(cx.body.get("labels")).unwrap_or_default()),
        assignees: assignees(cx, repo)?.unwrap_or_default(),
        milestone: milestone(repo, cx.number("milestone").unwrap_or(0))?,
    };
    let made = cx.forge().create_issue(repo.id, &me.login, new).map_err(super::fault::refused)?;
    show(cx, repo, made.number, 201)
}

/// Takes up one field after the other, and stops at the first that does not go.
pub(super) fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    repo.items.get(&number).ok_or_else(|| missing("issue does not exist"))?;
    if !cx.writes(repo) {
        return Err(Reply::empty(403));
    }
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(title) = cx.filled("title") {
            item.title = title.chars().take(255).collect();
        }
        if let Some(body) = cx.text("body") {
            item.body = Some(body.to_owned());
        }
    });
    if let Some(logins) = assignees(cx, repo)? {
        cx.forge().change_item(repo.id, number, |item| item.assignees = logins);
    }
    if let Some(id) = cx.number("milestone") {
        let milestone = milestone(repo, id)?;
        cx.forge().change_item(repo.id, number, |item| item.milestone = milestone);
    }
    if let Some(state) = cx.text("state") {
        if state == "closed"
            && needs(cx, repo, number).iter().any(|(repo, number)| is_open(cx, *repo, *number))
        {
            return Err(error(
                412,
                "cannot close this issue or pull request because it still has open dependencies",
            ));
        }
        cx.forge().change_item(repo.id, number, |item| item.set_open(state == "open", &me.login));
    }
    show(cx, repo, number, 201)
}

pub(super) fn put_labels(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    cx.writer(repo)?;
    repo.items.get(&number).ok_or_else(|| not_found(cx))?;
    let labels = labels_of(repo, &numbers(cx.body.get("labels")).unwrap_or_default());
    cx.forge().change_item(repo.id, number, |item| item.labels = labels.clone());
    let shapes: Vec<_> = labels
        .iter()
        .filter_map(|name| repo.label(name))
        .map(|label| super::labels::shape(cx, repo, label))
        .collect();
    Ok(Reply::json(200, &Value::Array(shapes)))
}

/// Whether an issue fits the words of the query. Unknown labels and milestones are passed over, as if they were not asked for.
fn fits(cx: &Cx<'_>, repo: &Repo, item: &Item) -> bool {
    let state = cx.ask.query("state").unwrap_or("open");
    let kind = match cx.ask.query("type") {
        Some("issues") => item.pull.is_none(),
        Some("pulls") => item.pull.is_some(),
        _ => true,
    };
    let split = |name: &str| {
        cx.ask
            .query(name)
            .map(|text| text.split(',').map(str::to_owned).collect::<Vec<_>>())
            .unwrap_or_default()
    };
    let labels: Vec<_> = split("labels").into_iter().filter(|name| repo.label(name).is_some()).collect();
    let milestones: Vec<_> = split("milestones")
        .iter()
        .filter_map(|word| {
            let named = repo.milestones.iter().find(|milestone| milestone.title == *word);
            named.or_else(|| repo.milestones.iter().find(|milestone| milestone.id.to_string() == *word))
        })
        .map(|milestone| milestone.number)
        .collect();
    let text = format!("{} {}", item.title, item.body.as_deref().unwrap_or_default()).to_lowercase();
    kind && (state == "all" || item.open == (state == "open"))
        && (labels.is_empty() || item.labels.iter().any(|label| labels.contains(label)))
        && (milestones.is_empty() || item.milestone.is_some_and(|number| milestones.contains(&number)))
        && cx.ask.query("q").is_none_or(|query| text.contains(&query.to_lowercase()))
        && cx.ask.query("assigned_by").is_none_or(|login| item.assignees.iter().any(|other| other == login))
}

/// Newest first. Somebody unknown is not found.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    if cx.ask.query("assigned_by").is_some_and(|login| cx.forge().user(login).is_none()) {
        return Err(missing("user does not exist"));
    }
    let all: Vec<_> = repo.items.values().rev().filter(|item| fits(cx, repo, item)).collect();
    Ok(cx.listed(&cx.page(all).map(|item| shape(cx, repo, item))))
}

/// The same over all repositories that whoever asks may see.
pub(super) fn search(cx: &Cx<'_>) -> Answer {
    let repos = cx.forge().repos();
    let seen = repos.iter().filter(|repo| !repo.private || cx.writes(repo));
    let mut all: Vec<_> = seen
        .flat_map(|repo| {
            repo.items.values().filter(|item| fits(cx, repo, item)).map(move |item| (repo, item))
        })
        .collect();
    all.sort_by_key(|(_, item)| std::cmp::Reverse(item.id));
    Ok(cx.listed(&cx.page(all).map(|(repo, item)| shape(cx, repo, item))))
}

fn word(repo: u64) -> String {
    format!("blocks {repo}")
}

fn is_open(cx: &Cx<'_>, repo: u64, number: u64) -> bool {
    cx.forge().item(repo, number).is_some_and(|item| item.open)
}

/// What an issue blocks: repository and number.
fn blocked(item: &Item) -> Vec<(u64, u64)> {
    let of = |(kind, number): &(String, u64)| Some((kind.strip_prefix("blocks ")?.parse().ok()?, *number));
    item.links.iter().filter_map(of).collect()
}

/// What must be closed before an issue.
fn needs(cx: &Cx<'_>, repo: &Repo, number: u64) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    for other in cx.forge().repos() {
        for item in other.items.values() {
            if blocked(item).contains(&(repo.id, number)) {
                all.push((other.id, item.number));
            }
        }
    }
    all
}

pub(super) fn ends(cx: &Cx<'_>, repo: &Repo, number: u64, blocks: bool) -> Answer {
    let item = repo.items.get(&number).ok_or_else(|| missing("IsErrIssueNotExist"))?;
    let found = if blocks { blocked(item) } else { needs(cx, repo, number) };
    let mut shapes = Vec::new();
    for (id, number) in found {
        let Some(other) = cx.forge().repo(id) else { continue };
        if let Some(item) = other.items.get(&number) {
            shapes.push(shape(cx, &other, item));
        }
    }
    let cut = cx.page(shapes);
    Ok(Reply::json(200, &Value::Array(cut.items)))
}

/// The other issue, which the body names.
fn other(cx: &Cx<'_>) -> Result<(Repo, u64), Reply> {
    let number = cx.number("index").ok_or_else(|| missing("IsErrIssueNotExist"))?;
    let repo = cx.repo(cx.text("owner").unwrap_or_default(), cx.text("repo").unwrap_or_default())?;
    if repo.items.contains_key(&number) { Ok((repo, number)) } else { Err(missing("IsErrIssueNotExist")) }
}

/// A link that is there, or one that would go round in a circle, is a failure of the server's own.
pub(super) fn block(cx: &Cx<'_>, repo: &Repo, number: u64, add: bool) -> Answer {
    cx.writer(repo)?;
    let item = repo.items.get(&number).ok_or_else(|| missing("IsErrIssueNotExist"))?;
    let (to, to_number) = other(cx)?;
    let there = blocked(item).contains(&(to.id, to_number));
    let back = to.items.get(&to_number).is_some_and(|item| blocked(item).contains(&(repo.id, number)));
    if there == add || (add && back) {
        return Err(internal());
    }
    let link = (word(to.id), to_number);
    cx.forge().change_item(repo.id, number, |item| {
        if add { item.links.push(link) } else { item.links.retain(|other| *other != link) }
    });
    show(cx, &to, to_number, if add { 201 } else { 200 })
}

pub(super) fn milestones(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let state = cx.ask.query("state").unwrap_or("open");
    let fits = |milestone: &&Milestone| state == "all" || milestone.open == (state == "open");
    let mut all: Vec<_> = repo.milestones.iter().filter(fits).collect();
    // What is never due has the time zero, and comes first.
    all.sort_by_key(|milestone| (milestone.due_at, milestone.title.clone()));
    Ok(cx.listed(&cx.page(all).map(|milestone| milestone_shape(repo, milestone))))
}

/// The end of the day.
fn due(cx: &Cx<'_>) -> Result<Option<Timestamp>, Reply> {
    let Some(text) = cx.filled("due_on") else { return Ok(None) };
    let at: Timestamp = text.parse().map_err(|_| error(422, "parsing time"))?;
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(86_400) + 86_399)
        .map(Some)
        .map_err(|_| error(422, "parsing time"))
}

fn write_milestone(cx: &Cx<'_>, milestone: &mut Milestone) -> Result<(), Reply> {
    if let Some(title) = cx.filled("title") {
        title.clone_into(&mut milestone.title);
    }
    if let Some(text) = cx.text("description") {
        milestone.description = Some(text.to_owned());
    }
    milestone.due_at = due(cx)?.or(milestone.due_at);
    if let Some(open) = cx.text("state").map(|state| state == "open") {
        milestone.closed_at = if open { None } else { Some(now()) };
        milestone.open = open;
    }
    milestone.updated_at = now();
    Ok(())
}

pub(super) fn create_milestone(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let title = cx.filled("title").ok_or_else(|| error(422, "[Title]: Required"))?;
    let mut made = cx.forge().add_milestone(repo.id, &me.login, title).ok_or_else(internal)?;
    write_milestone(cx, &mut made)?;
    let saved = made.clone();
    cx.forge().with(repo.id, |repo| {
        if let Some(place) = repo.milestones.iter_mut().find(|other| other.id == saved.id) {
            *place = saved;
        }
    });
    Ok(Reply::json(201, &milestone_shape(repo, &made)))
}

/// By number, or by title.
fn milestone_of<'a>(cx: &Cx<'_>, repo: &'a Repo, word: &str) -> Result<&'a Milestone, Reply> {
    let by_id = repo.milestones.iter().find(|milestone| milestone.id.to_string() == word);
    by_id
        .or_else(|| repo.milestones.iter().find(|milestone| milestone.title == word))
        .ok_or_else(|| not_found(cx))
}

pub(super) fn get_milestone(cx: &Cx<'_>, repo: &Repo, word: &str) -> Answer {
    Ok(Reply::json(200, &milestone_shape(repo, milestone_of(cx, repo, word)?)))
}

pub(super) fn update_milestone(cx: &Cx<'_>, repo: &Repo, word: &str) -> Answer {
    cx.writer(repo)?;
    let mut milestone = milestone_of(cx, repo, word)?.clone();
    write_milestone(cx, &mut milestone)?;
    let saved = milestone.clone();
    cx.forge().with(repo.id, |repo| {
        if let Some(place) = repo.milestones.iter_mut().find(|other| other.id == saved.id) {
            *place = saved;
        }
    });
    Ok(Reply::json(200, &milestone_shape(repo, &milestone)))
}
