//! What checks say of commits: GitLab's commit statuses, among which the jobs of its own pipelines are too.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{GetCommitStatus, SetCommitStatus};
use mosaic_core::types::git::{CombinedStatus, CommitStatus, StatusState};
use mosaic_core::types::{RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::super::client::{GitLab, PAGE, project};
use super::super::wire::{filled, time};
use super::commit;
use crate::forge::names::{self, Revision};
use crate::http::at;

/// More pages of checks than any commit has.
const PAGES: u64 = 20;

#[derive(Debug, Clone, Deserialize)]
struct WireStatus {
    #[serde(default)]
    name: Option<String>,
    status: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    target_url: Option<String>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    finished_at: Option<Timestamp>,
}

impl From<WireStatus> for CommitStatus {
    fn from(wire: WireStatus) -> Self {
        let state = match wire.status.as_str() {
            "success" | "skipped" => StatusState::Success,
            "failed" => StatusState::Failure,
            "canceled" => StatusState::Error,
            _ => StatusState::Pending,
        };
        let mut status = Self::new(wire.name.unwrap_or_default(), state);
        status.description = filled(wire.description);
        status.target_url = filled(wire.target_url);
        status.updated_at = wire.finished_at.or(wire.started_at).or(wire.created_at);
        status
    }
}

/// GitLab has one word, `failed`, for a check that failed and for one that could not do its work.
fn word(state: StatusState) -> &'static str {
    match state {
        StatusState::Success => "success",
        StatusState::Pending => "pending",
        StatusState::Failure | StatusState::Error => "failed",
    }
}

pub(super) async fn set(lab: &GitLab, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
    project(&op.repo)?;
    if !names::is_object_id(&op.commit) {
        let text = "commit: give the whole id of a commit, as hexadecimal digits";
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    if op.context.trim().is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "context: a check needs a name"));
    }
    names::line("context", &op.context)?;
    names::line("description", op.description.as_deref().unwrap_or_default())?;
    let mut body = json!({ "state": word(op.state), "name": op.context });
    if let Some(description) = &op.description {
        body["description"] = description.as_str().into();
    }
    if let Some(url) = &op.target_url {
        body["target_url"] = url.as_str().into();
    }
    let path = at!["projects", &op.repo, "statuses", &op.commit];
    let made = lab.post(path).json(&body).send::<WireStatus>(cx).await;
    match lab.told(cx, &op.repo, made).await {
        Ok(wire) => Ok(wire.into()),
        Err(error) if error.message().contains("Cannot transition status") => {
            unmoved(lab, cx, &op, error).await
        }
        Err(error) => Err(error),
    }
}

/// GitLab refuses to say the same again of a check that has not ended. Where it says all of it already nothing is missing.
async fn unmoved(lab: &GitLab, cx: &CallContext, op: &SetCommitStatus, error: Error) -> Result<CommitStatus> {
    let all = fetch(lab, cx, &op.repo, &op.commit).await?;
    let now = all.into_iter().find(|status| status.context == op.context);
    let says = |now: &CommitStatus| {
        now.state == op.state && now.description == op.description && now.target_url == op.target_url
    };
    now.filter(says).ok_or_else(|| {
        let text =
            format!("{}: a check that has not ended cannot be turned to this state or text", error.message());
        Error::new(ErrorKind::Conflict, text).status(400).delivery(Delivery::Answered)
    })
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
    let at = Revision::parse("commit", &op.commit)?;
    let commit = commit::fetch(lab, cx, &op.repo, &at).await?.id;
    let mut statuses = fetch(lab, cx, &op.repo, &commit).await?;
    statuses.sort_by(|a, b| a.context.cmp(&b.context));
    let mut combined = CombinedStatus::new(commit);
    combined.state = StatusState::combined(statuses.iter().map(|status| status.state));
    combined.statuses = statuses;
    Ok(combined)
}

/// The latest word of every check, whatever pipeline it belongs to: the newest of each name.
async fn fetch(lab: &GitLab, cx: &CallContext, repo: &RepoRef, commit: &str) -> Result<Vec<CommitStatus>> {
    let mut all: Vec<CommitStatus> = Vec::new();
    for page in 1..=PAGES {
        let request = lab.get(at!["projects", repo, "repository", "commits", commit, "statuses"]);
        let request = request.query("order_by", "id").query("sort", "desc");
        let request = request.query("page", page).query("per_page", PAGE);
        let wires: Vec<WireStatus> = request.send(cx).await?;
        let last = wires.len() < PAGE;
        for status in wires.into_iter().map(CommitStatus::from) {
            if all.iter().all(|known| known.context != status.context) {
                all.push(status);
            }
        }
        if last {
            break;
        }
    }
    Ok(all)
}
