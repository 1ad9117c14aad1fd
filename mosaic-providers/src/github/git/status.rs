//! What checks say of commits.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{GetCommitStatus, SetCommitStatus};
use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{CombinedStatus, CommitStatus, StatusState};
use serde::{Deserialize, Serialize};

use super::{MOST, at_repo};
use crate::forge::names::{self, Revision, is_object_id};
use crate::http::{Client, has_next};

/// GitHub keeps 1,000 words of one commit.
const PAGES: u64 = 10;

#[derive(Deserialize)]
struct Combined {
    sha: String,
    statuses: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
    updated_at: Option<Timestamp>,
}

impl From<Row> for CommitStatus {
    fn from(wire: Row) -> Self {
        let state = match wire.state.as_str() {
            "success" => StatusState::Success,
            "failure" => StatusState::Failure,
            "error" => StatusState::Error,
            _ => StatusState::Pending,
        };
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut status = Self::new(wire.context, state);
        (status.description, status.target_url) = (text(wire.description), text(wire.target_url));
        status.updated_at = wire.updated_at;
        status
    }
}

#[derive(Serialize)]
struct New<'a> {
    state: StatusState,
    context: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_url: Option<&'a str>,
}

/// Says how a check of a commit stands.
pub(super) async fn set(client: &Client, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
    names::hosted(&op.repo)?;
    let invalid = |text: &'static str| Err(Error::new(ErrorKind::Invalid, text));
    if !is_object_id(&op.commit) {
        return invalid("commit: give the whole id of a commit");
    }
    if op.context.trim().is_empty() {
        return invalid("context: the check needs a name");
    }
    names::line("context", &op.context)?;
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    let new = New {
        state: op.state,
        context: &op.context,
        description: op.description.as_deref(),
        target_url: op.target_url.as_deref(),
    };
    let path = at_repo(&op.repo).part("statuses").part(&op.commit);
    Ok(client.post(path).json(&new).send::<Row>(cx).await?.into())
}

/// Fetches what the checks of a commit say, by name.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
    names::hosted(&op.repo)?;
    let at = Revision::parse("commit", &op.commit)?;
    let mut at = at.to_string();
    let mut statuses: Vec<CommitStatus> = Vec::new();
    for page in 1..=PAGES {
        let request = client.get(at_repo(&op.repo).part("commits").part(&at).part("status"));
        let answer = request.query("per_page", MOST).query("page", page).full::<Combined>(cx).await?;
        // The commit may not change from page to page.
        at = answer.value.sha;
        statuses.extend(answer.value.statuses.into_iter().map(CommitStatus::from));
        if !has_next(&answer.headers) {
            break;
        }
    }
    statuses.sort_by(|a, b| a.context.cmp(&b.context));
    let mut combined = CombinedStatus::new(at);
    combined.state = StatusState::combined(statuses.iter().map(|status| status.state));
    Ok(combined.statuses(statuses))
}
