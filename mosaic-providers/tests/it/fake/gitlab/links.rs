//! Links between issues: one between two at most, told from the side of whoever is asked.

use serde_json::{Value, json};

use super::issues::{number, shape};
use super::wire::with;
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{Item, Repo};
use crate::fake::http::Reply;

/// A link as the state keeps it with its source: `blocks 17 101` and a number, for the link 101 to that issue of repository 17.
struct Kept {
    id: u64,
    kind: String,
    source: (u64, u64),
    target: (u64, u64),
}

fn kept(repo: &Repo, item: &Item) -> Vec<Kept> {
    let read = |(text, number): &(String, u64)| {
        let mut parts = text.split(' ');
        let kind = parts.next()?.to_owned();
        let (target, id) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Kept { id, kind, source: (repo.id, item.number), target: (target, *number) })
    };
    item.links.iter().filter_map(read).collect()
}

/// All links that an issue is an end of, oldest first.
fn all(cx: &Cx<'_>, end: (u64, u64)) -> Vec<Kept> {
    let repos = cx.forge().repos();
    let links = repos.iter().flat_map(|repo| repo.items.values().flat_map(move |item| kept(repo, item)));
    let mut links: Vec<_> = links.filter(|link| link.source == end || link.target == end).collect();
    links.sort_by_key(|link| link.id);
    links
}

fn issue(cx: &Cx<'_>, (repo, number): (u64, u64)) -> Result<Value, Reply> {
    let repo = cx.forge().repo(repo).ok_or_else(|| missing("Project"))?;
    let item = repo.items.get(&number).ok_or_else(|| missing(""))?;
    Ok(shape(cx, &repo, item))
}

pub(super) fn list(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let here = (repo.id, number);
    let mut told = Vec::new();
    for link in all(cx, here) {
        let (other, kind) = match (link.source == here, link.kind.as_str()) {
            (true, kind) => (link.target, kind),
            (false, "blocks") => (link.source, "is_blocked_by"),
            (false, kind) => (link.source, kind),
        };
        told.push(with(issue(cx, other)?, json!({ "issue_link_id": link.id, "link_type": kind })));
    }
    Ok(Reply::json(200, &Value::Array(told)))
}

fn told(cx: &Cx<'_>, link: &Kept) -> Result<Value, Reply> {
    let (source, target) = (issue(cx, link.source)?, issue(cx, link.target)?);
    Ok(json!({ "id": link.id, "source_issue": source, "target_issue": target, "link_type": link.kind }))
}

fn find(cx: &Cx<'_>, repo: &Repo, number: u64, id: &str) -> Result<Kept, Reply> {
    all(cx, (repo.id, number)).into_iter().find(|link| link.id.to_string() == id).ok_or_else(|| missing(""))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, number: u64, id: &str) -> Answer {
    Ok(Reply::json(200, &told(cx, &find(cx, repo, number, id)?)?))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo, from: u64) -> Answer {
    cx.writer(repo)?;
    let other = cx.repo(cx.need("target_project_id")?)?;
    let to = (other.id, number(&other, cx.need("target_issue_iid")?)?);
    let here = (repo.id, from);
    if all(cx, here).iter().any(|link| link.source == to || link.target == to) || here == to {
        return Err(message(409, "Issue(s) already assigned"));
    }
    let kind = cx.text("link_type").unwrap_or("relates_to");
    if kind != "relates_to" && cx.lab.extra().free {
        return Err(message(403, "Blocked issues not available for current license"));
    }
    let (source, target, kind) =
        if kind == "is_blocked_by" { (to, here, "blocks") } else { (here, to, kind) };
    let id = cx.forge().fresh_id();
    let text = format!("{kind} {} {id}", target.0);
    cx.forge().change_item(source.0, source.1, |item| item.links.push((text, target.1)));
    let link = Kept { id, kind: kind.to_owned(), source, target };
    Ok(Reply::json(201, &told(cx, &link)?))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, number: u64, id: &str) -> Answer {
    cx.writer(repo)?;
    let link = find(cx, repo, number, id)?;
    let gone = told(cx, &link)?;
    let end = format!(" {}", link.id);
    cx.forge().change_item(link.source.0, link.source.1, |item| {
        item.links.retain(|(text, _)| !text.ends_with(&end))
    });
    Ok(Reply::json(200, &gone))
}
