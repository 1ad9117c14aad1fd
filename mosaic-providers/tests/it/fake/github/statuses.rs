//! Statuses of commits.

use mosaic_core::types::git::StatusState;
use serde_json::{Value, json};

use super::fault::{custom, custom_field, not_found};
use super::refs::no_commit;
use super::wire::{node, with};
use super::{Answer, Cx};
use crate::fake::forge::{Repo, Status, now};
use crate::fake::http::{Reply, time};

fn word(state: StatusState) -> &'static str {
    match state {
        StatusState::Success => "success",
        StatusState::Pending => "pending",
        StatusState::Failure => "failure",
        StatusState::Error => "error",
    }
}

fn simple(cx: &Cx<'_>, repo: &Repo, status: &Status) -> Value {
    let creator = cx.forge().user_or_ghost(&status.creator);
    json!({
        "url": format!("{}/statuses/{}", cx.repo_url(repo), status.commit),
        "avatar_url": format!("{}/avatars/u/{}?v=4", cx.web(), creator.id), "id": status.id,
        "node_id": node("SC", status.id), "state": word(status.state), "description": status.description,
        "target_url": status.target_url, "context": status.context, "created_at": time(status.created_at),
        "updated_at": time(status.created_at),
    })
}

fn whole(cx: &Cx<'_>, repo: &Repo, status: &Status) -> Value {
    with(simple(cx, repo, status), json!({ "creator": cx.login(&status.creator) }))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, sha: &str) -> Answer {
    let me = cx.writer(repo)?;
    let state = match cx.text("state") {
        Some("success") => StatusState::Success,
        Some("pending") => StatusState::Pending,
        Some("failure") => StatusState::Failure,
        Some("error") => StatusState::Error,
        _ => return Err(custom_field("Status", "state", "state is not included in the list")),
    };
    let known = super::refs::is_sha(sha);
    let commit = if known { cx.forge().git(repo.id).commit_of(sha).await } else { None };
    let commit = commit.ok_or_else(|| no_commit(sha))?;
    let line = |name: &str| cx.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let description = line("description");
    if description.as_ref().is_some_and(|text| text.chars().count() > 140) {
        return Err(custom_field(
            "Status",
            "description",
            "description is too long (maximum is 140 characters)",
        ));
    }
    let target_url = line("target_url");
    if target_url.as_ref().is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://")) {
        return Err(custom("Status", "target_url must use http(s) scheme"));
    }
    let status = Status {
        id: cx.forge().fresh_id(),
        commit,
        context: line("context").unwrap_or_else(|| "default".to_owned()),
        state,
        description,
        target_url,
        creator: me.login.clone(),
        created_at: now(),
    };
    cx.forge().with(repo.id, |repo| repo.statuses.push(status.clone()));
    let shape = whole(cx, repo, &status);
    Ok(Reply::json(201, &shape).header("location", format!("{}/statuses/{sha}", cx.repo_url(repo))))
}

/// Everything that was said, newest first.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let commit = cx.forge().git(repo.id).commit_of(name).await.ok_or_else(not_found)?;
    let all: Vec<_> = repo.statuses.iter().rev().filter(|status| status.commit == commit).collect();
    Ok(cx.listed(&cx.page(all).map(|status| whole(cx, repo, status))))
}

/// The latest word of each check, and all together: `pending` also where there is none.
pub(super) async fn combined(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let commit = cx.forge().git(repo.id).commit_of(name).await.ok_or_else(not_found)?;
    let mut latest: Vec<&Status> = Vec::new();
    for status in repo.statuses.iter().filter(|status| status.commit == commit) {
        match latest.iter_mut().find(|other| other.context == status.context) {
            Some(other) => *other = status,
            None => latest.push(status),
        }
    }
    let any = |wanted: &[StatusState]| latest.iter().any(|status| wanted.contains(&status.state));
    let state = if any(&[StatusState::Failure, StatusState::Error]) {
        "failure"
    } else if latest.is_empty() || any(&[StatusState::Pending]) {
        "pending"
    } else {
        "success"
    };
    let cut = cx.page(latest).map(|status| simple(cx, repo, status));
    let url = format!("{}/commits/{commit}", cx.repo_url(repo));
    let shape = json!({
        "state": state, "statuses": cut.items, "sha": commit, "total_count": cut.total,
        "repository": cx.repository(repo), "commit_url": url, "url": format!("{url}/status"),
    });
    let link = cut.link(cx.ask, &format!("{url}/status"), "per_page");
    Ok(Reply::json(200, &shape).maybe_header("link", link))
}
