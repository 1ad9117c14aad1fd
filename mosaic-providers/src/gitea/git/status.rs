//! What checks say of commits.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{GetCommitStatus, SetCommitStatus};
use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{CombinedStatus, CommitStatus, StatusState};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, invalid, named, repo, revision};
use super::super::wire::{self, moment, text};
use super::commit;
use crate::forge::names;

#[derive(Debug, Deserialize)]
struct Wire {
    #[serde(default)]
    context: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    target_url: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
struct Combined {
    #[serde(default, deserialize_with = "wire::list")]
    statuses: Vec<Wire>,
}

impl From<Wire> for CommitStatus {
    fn from(wire: Wire) -> Self {
        let state = match wire.status.as_str() {
            "success" | "skipped" => StatusState::Success,
            // Branch protection takes a warning for a failure.
            "failure" | "warning" => StatusState::Failure,
            "error" => StatusState::Error,
            _ => StatusState::Pending,
        };
        let mut status = CommitStatus::new(wire.context, state);
        (status.description, status.target_url) = (text(wire.description), text(wire.target_url));
        status.updated_at = wire.updated_at;
        status
    }
}

/// A commit that is not there is a failure of its own to the server, so it is looked up first.
pub(super) async fn set(server: &Server, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
    if !(7..=64).contains(&op.commit.len()) || !op.commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let text = format!("commit: {} is no id of a commit", names::shown(&op.commit));
        return Err(invalid(text));
    }
    if op.context.trim().is_empty() {
        return Err(invalid("context: a check has a name"));
    }
    names::line("context", &op.context)?;
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    if let Some(address) = &op.target_url {
        names::line("target_url", address)?;
    }
    let state = match op.state {
        StatusState::Success => "success",
        StatusState::Pending => "pending",
        StatusState::Failure => "failure",
        StatusState::Error => "error",
    };
    let commit = commit::resolve(server, cx, &op.repo, Some(&op.commit)).await?.sha;
    let body = named(json!({
        "context": op.context,
        "state": state,
        "description": op.description,
        "target_url": op.target_url,
    }));
    let request = server.client.post(repo(&op.repo)?.part("statuses").part(&commit));
    Ok(request.json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
    let name = revision("commit", &op.commit)?;
    let commit = commit::resolve(server, cx, &op.repo, Some(name)).await?.sha;
    let mut statuses: Vec<CommitStatus> = Vec::new();
    for number in 1.. {
        let request = server.client.get(repo(&op.repo)?.part("commits").part(&commit).part("status"));
        let body = request.query("page", number).query("limit", server.most).raw(cx).await?.value;
        // Of a commit without checks some versions answer nothing at all.
        let combined = if body.trim_ascii().is_empty() {
            Combined::default()
        } else {
            serde_json::from_slice(&body).map_err(|error| {
                let text = format!("the checks of a commit cannot be read: {error}");
                Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
            })?
        };
        let received = combined.statuses.len();
        statuses.extend(combined.statuses.into_iter().map(CommitStatus::from));
        if received < server.most {
            break;
        }
    }
    statuses.sort_by(|a, b| a.context.cmp(&b.context));
    let mut combined = CombinedStatus::new(commit);
    combined.state = StatusState::combined(statuses.iter().map(|status| status.state));
    Ok(combined.statuses(statuses))
}
