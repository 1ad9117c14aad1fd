//! Issues, numbered apart from merge requests.

use serde_json::{Value, json};

use super::wire::{maybe_time, time};
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{Item, NewIssue, Repo};
use crate::fake::http::Reply;

/// The number of an item of the forge from a number of GitLab's.
pub(super) fn number(repo: &Repo, iid: &str) -> Result<u64, Reply> {
    let found = iid.parse().ok().and_then(|iid| repo.nth(false, iid));
    found.map(|item| item.number).ok_or_else(|| message(404, "404 Not found"))
}

pub(super) fn shape(cx: &Cx<'_>, repo: &Repo, item: &Item) -> Value {
    let iid = repo.place_among(item);
    let people: Vec<_> = item.assignees.iter().map(|login| cx.person(login)).collect();
    let milestone =
        item.milestone.and_then(|number| repo.milestones.iter().find(|other| other.number == number));
    json!({
        "id": item.id, "iid": iid, "project_id": repo.id, "title": item.title, "description": item.body,
        "state": if item.open { "opened" } else { "closed" }, "created_at": time(item.created_at),
        "updated_at": time(item.updated_at), "closed_at": maybe_time(item.closed_at),
        "closed_by": item.closed_by.as_deref().map(|login| cx.person(login)), "labels": item.labels,
        "milestone": milestone.map(|milestone| super::milestones::shape(cx, repo, milestone)),
        "assignees": people, "assignee": people.first(), "author": cx.person(&item.author), "type": "ISSUE",
        "user_notes_count": item.comments.len(), "upvotes": 0, "downvotes": 0, "due_date": null,
        "confidential": false, "discussion_locked": null, "issue_type": "issue", "has_tasks": false,
        "web_url": format!("{}/-/issues/{iid}", cx.page_of(repo)),
        "references": { "short": format!("#{iid}"), "relative": format!("#{iid}"), "full": format!("{}#{iid}", repo.full_name()) },
        "moved_to_id": null, "weight": null,
    })
}

fn show(cx: &Cx<'_>, repo: &Repo, number: u64, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(|| missing("Project"))?;
    let item = repo.items.get(&number).ok_or_else(|| missing(""))?;
    Ok(Reply::json(status, &shape(cx, &repo, item)))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    show(cx, repo, number, 200)
}

/// Terms that are found anywhere, in words too.
fn fits(cx: &Cx<'_>, repo: &Repo, item: &Item) -> bool {
    let state = cx.ask.query("state").unwrap_or("all");
    let labels = cx.ask.query("labels").map(|text| text.split(',').collect::<Vec<_>>()).unwrap_or_default();
    let milestone =
        item.milestone.and_then(|number| repo.milestones.iter().find(|other| other.number == number));
    let text = format!("{}\n{}", item.title, item.body.as_deref().unwrap_or_default()).to_lowercase();
    item.pull.is_none()
        && (state == "all" || item.open == (state == "opened"))
        && labels.iter().all(|label| item.labels.iter().any(|other| other.eq_ignore_ascii_case(label)))
        && cx
            .ask
            .query("assignee_username")
            .is_none_or(|login| item.assignees.iter().any(|other| other == login))
        && cx
            .ask
            .query("milestone")
            .is_none_or(|title| milestone.is_some_and(|milestone| milestone.title == title))
        && cx
            .ask
            .query("search")
            .is_none_or(|query| query.to_lowercase().split(' ').all(|term| text.contains(term)))
}

/// Of one project, or of all that whoever asks may see.
pub(super) fn list(cx: &Cx<'_>, of: Option<&Repo>) -> Answer {
    let repos = match of {
        Some(repo) => vec![repo.clone()],
        None => cx.forge().repos().into_iter().filter(|repo| !repo.private || cx.writes(repo)).collect(),
    };
    let mut all: Vec<_> =
        repos.iter().flat_map(|repo| repo.items.values().map(move |item| (repo, item))).collect();
    all.retain(|(repo, item)| fits(cx, repo, item));
    all.sort_by_key(|(_, item)| (item.created_at, item.id));
    if cx.ask.query("sort") != Some("asc") {
        all.reverse();
    }
    Ok(cx.listed(&cx.page(all).map(|(repo, item)| shape(cx, repo, item))))
}

/// The labels of one text, without those that say nothing.
fn labels(cx: &Cx<'_>) -> Option<Vec<String>> {
    let text = cx.text("labels")?;
    Some(text.split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect())
}

/// Who is meant by the numbers; people who may not see the project are passed over.
fn assignees(cx: &Cx<'_>, repo: &Repo) -> Option<Vec<String>> {
    let ids: Vec<_> = cx.body.get("assignee_ids")?.as_array()?.iter().filter_map(Value::as_u64).collect();
    let people = cx.forge().users().into_iter().filter(|user| ids.contains(&user.id));
    let may = |login: &str| {
        !repo.private || repo.collaborators.contains(login) || cx.forge().may_write(login, &repo.owner)
    };
    Some(people.map(|user| user.login).filter(|login| may(login)).take(1).collect())
}

fn checked(title: &str) -> Result<String, Reply> {
    let title = title.trim();
    let wrong = match title.chars().count() {
        0 => "can't be blank",
        1..=255 => return Ok(title.to_owned()),
        _ => "is too long (maximum is 255 characters)",
    };
    Err(Reply::json(400, &json!({ "message": { "title": [wrong] } })))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.visitor(repo)?;
    let new = NewIssue {
        title: checked(cx.need("title")?)?,
        body: cx.text("description").map(str::to_owned),
        labels: labels(cx).unwrap_or_default(),
        assignees: assignees(cx, repo).unwrap_or_default(),
        milestone: None,
    };
    let made = cx.forge().create_issue(repo.id, &me.login, new).map_err(|_| missing("Project"))?;
    show(cx, repo, made.number, 201)
}

pub(super) fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.writer(repo)?;
    if cx.body.as_object().is_none_or(serde_json::Map::is_empty) {
        let text = "assignee_ids, title, description, labels, milestone_id, state_event are missing, at least one parameter must be provided";
        return Err(Reply::json(400, &json!({ "error": text })));
    }
    let title = cx.text("title").map(checked).transpose()?;
    let labels = labels(cx).map(|labels| cx.forge().ensure_labels(repo.id, &labels));
    let assignees = assignees(cx, repo);
    let milestone = cx.body.get("milestone_id").and_then(Value::as_u64);
    let milestone =
        milestone.map(|id| repo.milestones.iter().find(|other| other.id == id).map(|other| other.number));
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(title) = title {
            item.title = title;
        }
        if let Some(text) = cx.text("description") {
            item.body = Some(text.to_owned());
        }
        if let Some(labels) = labels {
            item.labels = labels;
        }
        if let Some(people) = assignees {
            item.assignees = people;
        }
        if let Some(milestone) = milestone {
            item.milestone = milestone;
        }
        match cx.text("state_event") {
            Some("close") => item.set_open(false, &me.login),
            Some("reopen") => item.set_open(true, &me.login),
            _ => {}
        }
    });
    show(cx, repo, number, 200)
}
