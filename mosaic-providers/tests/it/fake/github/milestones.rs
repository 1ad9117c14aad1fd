//! Milestones of a repository.

use serde_json::Value;

use super::fault::{field, not_found};
use super::{Answer, Cx};
use crate::fake::forge::{Milestone, Repo, now};
use crate::fake::http::Reply;

/// Open ones where nothing else is said, those that are due first first.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Reply {
    let state = cx.ask.query("state").unwrap_or("open");
    let fits = |milestone: &&Milestone| state == "all" || milestone.open == (state == "open");
    let mut all: Vec<_> = repo.milestones.iter().filter(fits).collect();
    all.sort_by_key(|milestone| (milestone.due_at.is_none(), milestone.due_at, milestone.number));
    if cx.ask.query("direction") == Some("desc") {
        all.reverse();
    }
    cx.listed(&cx.page(all).map(|milestone| cx.milestone(repo, milestone)))
}

fn numbered(repo: &Repo, number: u64) -> Result<&Milestone, Reply> {
    repo.milestones.iter().find(|milestone| milestone.number == number).ok_or_else(not_found)
}

fn open(cx: &Cx<'_>) -> Result<Option<bool>, Reply> {
    match cx.text("state") {
        None => Ok(None),
        Some("open") => Ok(Some(true)),
        Some("closed") => Ok(Some(false)),
        Some(_) => Err(field("Milestone", "state", "invalid")),
    }
}

/// Writes what the body says over a milestone.
fn apply(cx: &Cx<'_>, milestone: &mut Milestone, open: Option<bool>) -> Result<(), Reply> {
    if cx.has("description") {
        milestone.description = cx.text("description").map(str::to_owned);
    }
    match cx.body.get("due_on") {
        None => {}
        Some(Value::Null) => milestone.due_at = None,
        Some(due) => {
            let due = due.as_str().and_then(|text| text.parse().ok());
            milestone.due_at = Some(due.ok_or_else(|| field("Milestone", "due_on", "invalid"))?);
        }
    }
    if let Some(open) = open.filter(|open| *open != milestone.open) {
        milestone.open = open;
        milestone.closed_at = if open { None } else { Some(now()) };
    }
    milestone.updated_at = now();
    Ok(())
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let title = cx.text("title").filter(|title| !title.trim().is_empty());
    let title = title.ok_or_else(|| field("Milestone", "title", "missing_field"))?;
    let open = open(cx)?;
    let made = cx.forge().add_milestone(repo.id, &me.login, title);
    let made = made.ok_or_else(|| field("Milestone", "title", "already_exists"))?;
    let mut milestone = made;
    let applied = apply(cx, &mut milestone, open);
    cx.forge().with(repo.id, |repo| {
        // One with a wrong date is not made.
        repo.milestones.retain(|other| other.id != milestone.id);
        if applied.is_ok() {
            repo.milestones.push(milestone.clone());
        }
    });
    applied?;
    let url = format!("{}/milestones/{}", cx.repo_url(repo), milestone.number);
    Ok(Reply::json(201, &cx.milestone(repo, &milestone)).header("location", url))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    Ok(Reply::json(200, &cx.milestone(repo, numbered(repo, number)?)))
}

pub(super) fn update(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    cx.writer(repo)?;
    let mut milestone = numbered(repo, number)?.clone();
    if let Some(title) = cx.text("title") {
        let taken = repo.milestones.iter().any(|other| other.number != number && other.title == title);
        if title.trim().is_empty() || taken {
            return Err(field("Milestone", "title", if taken { "already_exists" } else { "missing_field" }));
        }
        title.clone_into(&mut milestone.title);
    }
    apply(cx, &mut milestone, open(cx)?)?;
    cx.forge().with(repo.id, |repo| {
        if let Some(place) = repo.milestones.iter_mut().find(|other| other.number == number) {
            *place = milestone.clone();
        }
    });
    Ok(Reply::json(200, &cx.milestone(repo, &milestone)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    cx.writer(repo)?;
    numbered(repo, number)?;
    cx.forge().with(repo.id, |repo| {
        repo.milestones.retain(|milestone| milestone.number != number);
        for item in repo.items.values_mut().filter(|item| item.milestone == Some(number)) {
            item.milestone = None;
        }
    });
    Ok(Reply::empty(204))
}
