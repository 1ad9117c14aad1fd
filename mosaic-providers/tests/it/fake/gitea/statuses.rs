//! What checks say of commits.

use std::collections::BTreeMap;

use mosaic_core::types::git::StatusState;
use serde_json::{Value, json};

use super::fault::{error, internal};
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

fn shape(cx: &Cx<'_>, repo: &Repo, status: &Status) -> Value {
    json!({
        "id": status.id, "status": word(status.state),
        "target_url": status.target_url.as_deref().unwrap_or_default(),
        "description": status.description.as_deref().unwrap_or_default(),
        "url": format!("{}/statuses/{}", cx.repo_url(repo), status.commit), "context": status.context,
        "creator": cx.login(&status.creator), "created_at": time(status.created_at),
        "updated_at": time(status.created_at),
    })
}

/// A commit that is not there is a failure of the server's own.
pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, sha: &str) -> Answer {
    let me = cx.writer(repo)?;
    let commit = cx.forge().git(repo.id).commit(sha).await.ok_or_else(internal)?;
    let state = match cx.text("state") {
        Some("success") => StatusState::Success,
        Some("pending") => StatusState::Pending,
        Some("failure") => StatusState::Failure,
        Some("error") => StatusState::Error,
        _ => return Err(error(400, "invalid state")),
    };
    let status = Status {
        id: cx.forge().fresh_id(),
        commit: commit.id,
        context: cx.filled("context").unwrap_or("default").to_owned(),
        state,
        description: cx.filled("description").map(str::to_owned),
        target_url: cx.filled("target_url").map(str::to_owned),
        creator: me.login.clone(),
        created_at: now(),
    };
    cx.forge().with(repo.id, |repo| repo.statuses.push(status.clone()));
    Ok(Reply::json(201, &shape(cx, repo, &status)))
}

/// The latest word of each check, the latest first; nothing at all where there is none.
pub(super) async fn combined(cx: &Cx<'_>, repo: &Repo, sha: &str) -> Answer {
    let mut latest = BTreeMap::new();
    for status in repo.statuses.iter().filter(|status| status.commit == sha) {
        latest.insert(status.context.as_str(), status);
    }
    let mut latest: Vec<_> = latest.into_values().collect();
    latest.sort_by_key(|status| std::cmp::Reverse(status.id));
    if latest.is_empty() {
        return Ok(Reply::empty(200));
    }
    let state = StatusState::combined(latest.iter().map(|status| status.state)).map(word);
    let cut = cx.page(latest).map(|status| shape(cx, repo, status));
    let url = format!("{}/commits/{sha}", cx.repo_url(repo));
    let shape = json!({
        "state": state, "sha": sha, "total_count": cut.total, "statuses": cut.items,
        "repository": cx.repository(repo).await, "commit_url": url, "url": format!("{url}/status"),
    });
    Ok(Reply::json(200, &shape).header("x-total-count", cut.total.to_string()))
}
