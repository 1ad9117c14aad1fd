//! What checks say of commits: one word of each key.

use mosaic_core::types::git::StatusState;
use serde_json::{Value, json};

use super::commits::found;
use super::fault::error;
use super::wire::moment;
use super::{Answer, Cx};
use crate::fake::forge::{Repo, Status, now};
use crate::fake::http::Reply;

/// Key and name are kept as one text.
fn split(context: &str) -> (&str, &str) {
    context.split_once('\0').unwrap_or((context, context))
}

fn shape(cx: &Cx<'_>, repo: &Repo, status: &Status) -> Value {
    let (key, name) = split(&status.context);
    let state = match status.state {
        StatusState::Success => "SUCCESSFUL",
        StatusState::Failure => "FAILED",
        StatusState::Pending => "INPROGRESS",
        StatusState::Error => "STOPPED",
    };
    json!({
        "type": "build", "key": key, "name": name, "state": state,
        "description": status.description.as_deref().unwrap_or_default(),
        "url": status.target_url.as_deref().unwrap_or_default(), "created_on": moment(status.created_at),
        "updated_on": moment(status.created_at), "repository": cx.repo_in_short(repo),
        "commit": cx.commit_in_short(repo, &status.commit),
    })
}

pub(super) async fn set(cx: &Cx<'_>, repo: &Repo, hash: &str) -> Answer {
    let me = cx.writer(repo)?;
    let commit = found(&cx.forge().git(repo.id), hash).await?;
    let key = cx.text("/key").ok_or_else(|| error(400, "key: required key not provided"))?;
    if key.len() > 40 {
        return Err(error(400, "key: longer than maximum length 40"));
    }
    let state = match cx.text("/state") {
        Some("SUCCESSFUL") => StatusState::Success,
        Some("FAILED") => StatusState::Failure,
        Some("INPROGRESS") => StatusState::Pending,
        Some("STOPPED") => StatusState::Error,
        _ => return Err(error(400, "state: not a valid choice")),
    };
    let text = |pointer: &str| cx.text(pointer).map(str::to_owned);
    let status = Status {
        id: cx.forge().fresh_id(),
        commit: commit.clone(),
        context: format!("{key}\0{}", cx.text("/name").unwrap_or(key)),
        state,
        description: text("/description"),
        target_url: text("/url"),
        creator: me.login.clone(),
        created_at: now(),
    };
    cx.forge().with(repo.id, |repo| {
        repo.statuses.retain(|other| other.commit != commit || split(&other.context).0 != key);
        repo.statuses.push(status.clone());
    });
    Ok(Reply::json(201, &shape(cx, repo, &status)))
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, hash: &str) -> Answer {
    let commit = found(&cx.forge().git(repo.id), hash).await?;
    let all: Vec<_> = repo.statuses.iter().filter(|status| status.commit == commit).cloned().collect();
    Ok(cx.listed(&cx.page(all, 100).map(|status| shape(cx, repo, &status))))
}
