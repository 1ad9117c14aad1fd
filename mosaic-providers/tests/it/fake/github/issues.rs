//! Issues and their comments. Pull requests are issues here too.

use serde_json::{Value, json};

use super::fault::{error, failed, field, not_found, not_supplied, refused};
use super::people::writers;
use super::{Answer, Cx};
use crate::fake::forge::{Comment, Item, NewIssue, Repo, now};
use crate::fake::http::Reply;

/// GitHub's limit of a text.
const BODY_MAX: usize = 65_536;

pub(super) fn item(repo: &Repo, number: u64) -> Result<&Item, Reply> {
    repo.items.get(&number).ok_or_else(not_found)
}

/// A list of names in the body, given as texts or as objects with a name; none where it is absent or null.
pub(super) fn names(cx: &Cx<'_>, field: &str) -> Option<Vec<String>> {
    let all = cx.body.get(field)?.as_array()?;
    let name = |value: &Value| value.as_str().or_else(|| value.get("name")?.as_str()).map(str::to_owned);
    Some(all.iter().filter_map(name).collect())
}

/// People who may be assigned; one who may not is an error.
fn assignees(cx: &Cx<'_>, repo: &Repo) -> Result<Option<Vec<String>>, Reply> {
    let one = || match cx.body.get("assignee")? {
        Value::String(login) if !login.is_empty() => Some(vec![login.clone()]),
        _ => Some(Vec::new()),
    };
    let Some(wanted) = names(cx, "assignees").or_else(one) else { return Ok(None) };
    let allowed = writers(cx, repo);
    let mut logins = Vec::new();
    for login in wanted {
        match allowed.iter().find(|user| user.login.eq_ignore_ascii_case(&login)) {
            Some(user) => logins.push(user.login.clone()),
            None => {
                let error =
                    json!({ "value": login, "resource": "Issue", "field": "assignees", "code": "invalid" });
                return Err(failed(json!([error])));
            }
        }
    }
    Ok(Some(logins))
}

/// A milestone of the body: none where the field is absent, `Some(None)` where it is taken away.
fn milestone(cx: &Cx<'_>, repo: &Repo) -> Result<Option<Option<u64>>, Reply> {
    match cx.body.get("milestone") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => {
            let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
            let found = repo.milestones.iter().find(|milestone| Some(milestone.number) == number);
            found.map(|found| Some(Some(found.number))).ok_or_else(|| field("Issue", "milestone", "invalid"))
        }
    }
}

fn checked_body(cx: &Cx<'_>, resource: &str) -> Result<Option<String>, Reply> {
    match cx.text("body") {
        Some(body) if body.chars().count() > BODY_MAX => {
            let message = format!("body is too long (maximum is {BODY_MAX} characters)");
            Err(super::fault::custom_field(resource, "body", &message))
        }
        body => Ok(body.map(str::to_owned)),
    }
}

fn checked_title(cx: &Cx<'_>) -> Result<Option<String>, Reply> {
    match cx.body.get("title") {
        None => Ok(None),
        Some(title) => {
            let title = title.as_str().map(str::to_owned).or_else(|| title.as_u64().map(|n| n.to_string()));
            let title = title.filter(|title| !title.trim().is_empty());
            let title = title.ok_or_else(|| field("Issue", "title", "missing_field"))?;
            if title.chars().count() > 256 {
                let message = "title is too long (maximum is 256 characters)";
                return Err(super::fault::custom_field("Issue", "title", message));
            }
            Ok(Some(title))
        }
    }
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.visitor(repo)?;
    let title = checked_title(cx)?.ok_or_else(|| not_supplied("title"))?;
    // What only people may say who may write is ignored from others, as GitHub does.
    let writes = cx.writes(repo);
    let new = NewIssue {
        title,
        body: checked_body(cx, "Issue")?,
        labels: names(cx, "labels").filter(|_| writes).unwrap_or_default(),
        assignees: if writes { assignees(cx, repo)?.unwrap_or_default() } else { Vec::new() },
        milestone: if writes { milestone(cx, repo)?.flatten() } else { None },
    };
    let made = cx.forge().create_issue(repo.id, &me.login, new).map_err(refused)?;
    let url = format!("{}/issues/{}", cx.repo_url(repo), made.number);
    show(cx, repo, made.number, 201).map(|reply| reply.header("location", url))
}

pub(super) fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(not_found)?;
    let item = item(&repo, number)?;
    Ok(Reply::json(status, &cx.full_issue(&repo, item)))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200)
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let before = item(repo, number)?;
    if !cx.writes(repo) && before.author != me.login {
        return Err(error(403, "Must have admin rights to Repository."));
    }
    let (title, body) = (checked_title(cx)?, checked_body(cx, "Issue")?);
    let (people, milestone) = (assignees(cx, repo)?, milestone(cx, repo)?);
    let open = match cx.text("state") {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(field("Issue", "state", "invalid")),
    };
    let reason = cx.text("state_reason");
    if reason.is_some_and(|word| !matches!(word, "completed" | "not_planned" | "duplicate" | "reopened")) {
        return Err(field("Issue", "state_reason", "invalid"));
    }
    if let (Some(open), true) = (open, before.pull.is_some()) {
        cx.forge().set_pull_open(repo.id, number, open, &me.login).await.map_err(refused)?;
    }
    let labels = names(cx, "labels").map(|names| cx.forge().ensure_labels(repo.id, &names));
    cx.forge().change_item(repo.id, number, |item| {
        item.title = title.unwrap_or_else(|| item.title.clone());
        if cx.has("body") {
            item.body = body;
        }
        item.labels = labels.unwrap_or_else(|| item.labels.clone());
        item.assignees = people.unwrap_or_else(|| item.assignees.clone());
        item.milestone = milestone.unwrap_or(item.milestone);
        if let Some(open) = open.filter(|_| item.pull.is_none()) {
            item.set_open(open, &me.login);
        }
        if !item.open && item.pull.is_none() {
            let word = reason.map(str::to_owned).or_else(|| item.state_reason.clone());
            item.state_reason =
                Some(word.filter(|word| word != "reopened").unwrap_or_else(|| "completed".into()));
        }
    });
    show(cx, repo, number, 200)
}

/// Open ones where nothing else is said, newest first; pull requests are among them.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let query = |name: &str| cx.ask.query(name);
    let state = query("state").unwrap_or("open");
    if !matches!(state, "open" | "closed" | "all") {
        return Err(field("Issue", "state", "invalid"));
    }
    let since = match query("since") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| field("Issue", "since", "invalid"))?),
    };
    let milestone = match query("milestone") {
        None | Some("*" | "none") => None,
        Some(text) => {
            let number = text.parse::<u64>().ok();
            let known = repo.milestones.iter().any(|milestone| Some(milestone.number) == number);
            if !known {
                return Err(field("Issue", "milestone", "invalid"));
            }
            number
        }
    };
    let fits = |item: &&Item| {
        let labels = query("labels").unwrap_or_default();
        let mut labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty());
        let of_milestone = match query("milestone") {
            None => true,
            Some("*") => item.milestone.is_some(),
            Some("none") => item.milestone.is_none(),
            Some(_) => item.milestone == milestone,
        };
        let assigned = match query("assignee") {
            None => true,
            Some("*") => !item.assignees.is_empty(),
            Some("none") => item.assignees.is_empty(),
            Some(login) => item.assignees.iter().any(|other| other.eq_ignore_ascii_case(login)),
        };
        (state == "all" || item.open == (state == "open"))
            && labels.all(|label| item.labels.iter().any(|other| other.eq_ignore_ascii_case(label)))
            && of_milestone
            && assigned
            && query("creator").is_none_or(|login| item.author.eq_ignore_ascii_case(login))
            && since.is_none_or(|since| item.updated_at >= since)
    };
    let mut items: Vec<_> = repo.items.values().filter(fits).collect();
    match query("sort") {
        Some("updated") => items.sort_by_key(|item| (item.updated_at, item.number)),
        Some("comments") => items.sort_by_key(|item| (item.comments.len(), item.number)),
        _ => {}
    }
    if query("direction") != Some("asc") {
        items.reverse();
    }
    Ok(cx.listed(&cx.page(items).map(|item| cx.issue(repo, item))))
}

/// Oldest first.
pub(super) fn comments(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let item = item(repo, number)?;
    let all: Vec<_> = item.comments.iter().collect();
    Ok(cx.listed(&cx.page(all).map(|comment| cx.comment(repo, item, comment))))
}

pub(super) fn add_comment(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let item = item(repo, number)?;
    let body = checked_body(cx, "IssueComment")?.filter(|body| !body.trim().is_empty());
    let body = body.ok_or_else(|| field("IssueComment", "body", "missing_field"))?;
    let made = cx.forge().add_comment(repo.id, number, &me.login, &body).ok_or_else(not_found)?;
    Ok(Reply::json(201, &cx.comment(repo, item, &made)))
}

fn of_id(repo: &Repo, id: u64) -> Result<(&Item, &Comment), Reply> {
    let mut all =
        repo.items.values().flat_map(|item| item.comments.iter().map(move |comment| (item, comment)));
    all.find(|(_, comment)| comment.id == id).ok_or_else(not_found)
}

pub(super) fn comment(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    let (item, comment) = of_id(repo, id)?;
    Ok(Reply::json(200, &cx.comment(repo, item, comment)))
}

pub(super) fn edit_comment(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    cx.visitor(repo)?;
    let (item, comment) = of_id(repo, id)?;
    let body = cx.text("body").filter(|body| !body.trim().is_empty());
    let body = body.ok_or_else(|| field("IssueComment", "body", "missing_field"))?;
    let changed = Comment { body: body.to_owned(), updated_at: now(), ..comment.clone() };
    let number = item.number;
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(comment) = item.comments.iter_mut().find(|comment| comment.id == id) {
            *comment = changed.clone();
        }
    });
    Ok(Reply::json(200, &cx.comment(repo, item, &changed)))
}

pub(super) fn delete_comment(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    cx.visitor(repo)?;
    let (item, _) = of_id(repo, id)?;
    cx.forge().change_item(repo.id, item.number, |item| item.comments.retain(|comment| comment.id != id));
    Ok(Reply::empty(204))
}

/// Adds people (those who may not be assigned are ignored) or takes them away.
pub(super) fn assign(cx: &Cx<'_>, repo: &Repo, number: u64, add: bool) -> Answer {
    cx.writer(repo)?;
    item(repo, number)?;
    let wanted = names(cx, "assignees").unwrap_or_default();
    let allowed = writers(cx, repo);
    cx.forge().change_item(repo.id, number, |item| {
        if add {
            for user in allowed.iter().filter(|user| wanted.contains(&user.login)) {
                if !item.assignees.contains(&user.login) {
                    item.assignees.push(user.login.clone());
                }
            }
        } else {
            item.assignees.retain(|login| !wanted.contains(login));
        }
    });
    show(cx, repo, number, if add { 201 } else { 200 })
}
