//! Commit statuses: one of a name goes on until it has ended, then there is a new one.

use mosaic_core::types::git::StatusState;
use serde_json::{Value, json};

use super::wire::time;
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{Repo, Status, now};
use crate::fake::http::Reply;

fn shape(cx: &Cx<'_>, status: &Status) -> Value {
    let word = match status.state {
        StatusState::Success => "success",
        StatusState::Pending => "pending",
        StatusState::Failure => "failed",
        StatusState::Error => "canceled",
    };
    let ended = (status.state != StatusState::Pending).then(|| time(status.created_at));
    json!({
        "id": status.id, "sha": status.commit, "ref": "main", "status": word, "name": status.context,
        "target_url": status.target_url, "description": status.description, "created_at": time(status.created_at),
        "started_at": null, "finished_at": ended, "allow_failure": false, "coverage": null,
        "author": cx.person(&status.creator),
    })
}

/// The last of each name.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let id = super::commits::resolve(cx, repo, name).await.ok_or_else(|| missing("Commit"))?;
    let mut all: Vec<Status> = Vec::new();
    for status in repo.statuses.iter().rev().filter(|status| status.commit == id) {
        if all.iter().all(|known| known.context != status.context) {
            all.push(status.clone());
        }
    }
    if cx.ask.query("sort") != Some("desc") {
        all.reverse();
    }
    cx.list(all.iter().map(|status| shape(cx, status)).collect())
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, commit: &str) -> Answer {
    let me = cx.writer(repo)?;
    if cx.forge().git(repo.id).commit(commit).await.is_none() {
        return Err(missing("Commit"));
    }
    let state = match cx.need("state")? {
        "pending" | "running" => StatusState::Pending,
        "success" => StatusState::Success,
        "failed" => StatusState::Failure,
        "canceled" => StatusState::Error,
        _ => return Err(Reply::json(400, &json!({ "error": "state does not have a valid value" }))),
    };
    let name = cx.text("name").or_else(|| cx.text("context")).unwrap_or("default");
    let texts = (cx.text("description").map(str::to_owned), cx.text("target_url").map(str::to_owned));
    let id = cx.forge().fresh_id();
    let made = cx.forge().with(repo.id, |repo| {
        let same = |status: &&mut Status| status.commit == commit && status.context == name;
        let running =
            repo.statuses.iter_mut().rev().find(same).filter(|last| last.state == StatusState::Pending);
        if let Some(last) = running {
            if state == StatusState::Pending {
                return None;
            }
            last.state = state;
            last.description = texts.0.or(last.description.take());
            last.target_url = texts.1.or(last.target_url.take());
            return Some(last.clone());
        }
        let status = Status {
            id,
            commit: commit.to_owned(),
            context: name.to_owned(),
            state,
            description: texts.0,
            target_url: texts.1,
            creator: me.login.clone(),
            created_at: now(),
        };
        repo.statuses.push(status.clone());
        Some(status)
    });
    match made.flatten() {
        Some(status) => Ok(Reply::json(201, &shape(cx, &status))),
        None => Err(message(
            400,
            r#"Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")"#,
        )),
    }
}
