//! What checks say of commits.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{GetCommitStatus, SetCommitStatus};
use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{CombinedStatus, CommitStatus, StatusState};
use serde::Deserialize;
use serde_json::json;

use super::super::cloud::{Cloud, invalid, named, repo, revision, unclear};
use super::super::page;
use super::super::wire::{moment, text};
use super::commit;
use super::upload::blob_id;
use crate::forge::names;

/// The longest key of a check.
const KEY: usize = 40;
/// How many pages of checks are read.
const PAGES: usize = 50;

#[derive(Debug, Deserialize)]
struct Wire {
    key: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    updated_on: Option<Timestamp>,
}

/// What tells a check from others: its name, or a digest of it where that is too long for a key.
fn key(context: &str) -> String {
    if context.len() <= KEY { context.to_owned() } else { blob_id(context.as_bytes()) }
}

impl From<Wire> for CommitStatus {
    fn from(wire: Wire) -> Self {
        let state = match wire.state.as_str() {
            "SUCCESSFUL" => StatusState::Success,
            "FAILED" => StatusState::Failure,
            "STOPPED" => StatusState::Error,
            _ => StatusState::Pending,
        };
        // What others write there is for people only.
        let context = wire.name.filter(|name| key(name) == wire.key).unwrap_or(wire.key);
        let mut status = CommitStatus::new(context, state);
        (status.description, status.target_url) = (text(wire.description), text(wire.url));
        status.updated_at = wire.updated_on;
        status
    }
}

pub(super) async fn set(cloud: &Cloud, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
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
        StatusState::Success => "SUCCESSFUL",
        StatusState::Pending => "INPROGRESS",
        StatusState::Failure => "FAILED",
        StatusState::Error => "STOPPED",
    };
    let body = named(json!({
        "key": key(&op.context),
        "name": op.context,
        "state": state,
        "description": op.description,
        "url": op.target_url,
    }));
    let path = repo(&op.repo)?.part("commit").part(&op.commit).part("statuses").part("build");
    Ok(cloud.client.post(path).json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
    let name = revision("commit", &op.commit)?;
    let commit = commit::resolve(cloud, cx, &op.repo, Some(name)).await?;
    let path = repo(&op.repo)?.part("commit").part(&commit).part("statuses");
    let found = page::all::<Wire>(cloud, cx, &path, &[], PAGES).await?;
    let found = found.ok_or_else(|| unclear("the list of checks does not end"))?;
    let mut statuses: Vec<CommitStatus> = found.into_iter().map(CommitStatus::from).collect();
    statuses.sort_by(|a, b| a.context.cmp(&b.context));
    let mut combined = CombinedStatus::new(commit);
    combined.state = StatusState::combined(statuses.iter().map(|status| status.state));
    Ok(combined.statuses(statuses))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(key: &str, name: Option<&str>) -> String {
        let value = json!({ "key": key, "name": name, "state": "FAILED" });
        CommitStatus::from(serde_json::from_value::<Wire>(value).unwrap()).context
    }

    #[test]
    fn a_long_name_has_a_key_and_comes_back() {
        let long = "check ".repeat(10);
        assert_eq!(key(&long).len(), KEY);
        assert_eq!(context(&key(&long), Some(&long)), long);
        assert_eq!(context("12345", Some("Build #5")), "12345");
        assert_eq!(context("build", None), "build");
    }

    #[test]
    fn states_are_told_apart() {
        for (word, state) in [
            ("SUCCESSFUL", StatusState::Success),
            ("FAILED", StatusState::Failure),
            ("STOPPED", StatusState::Error),
            ("INPROGRESS", StatusState::Pending),
        ] {
            let wire: Wire = serde_json::from_value(json!({ "key": "k", "state": word })).unwrap();
            assert_eq!(CommitStatus::from(wire).state, state);
        }
    }
}
