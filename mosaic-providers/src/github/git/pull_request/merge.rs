//! Merges: of pull requests, and of branches, which are merged directly or by a pull request.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::op::git::{MergeBranch, MergePullRequest};
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{MergeMethod, MergeResult};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::wire::Sha;
use super::super::{at_repo, branch};
use super::wire::Pull;
use super::{at_pull, fetch};
use crate::forge::names::{self, BranchName, is_object_id};
use crate::http::Client;

/// How often GitHub is asked whether a new pull request can be merged, which it finds out in its own time.
const LOOKS: u32 = 6;

/// How long is waited before the second look; twice as long before each one after it.
const PATIENCE: Duration = Duration::from_millis(250);

#[derive(Serialize)]
struct Merge<'a> {
    merge_method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<&'a str>,
}

/// Merges a pull request.
pub(in super::super) async fn merge(
    client: &Client,
    cx: &CallContext,
    op: MergePullRequest,
) -> Result<MergeResult> {
    names::hosted(&op.repo)?;
    if op.expected_head.as_deref().is_some_and(|head| !is_object_id(head)) {
        let text = "expected_head: give the whole id of a commit";
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let head = op.expected_head.as_deref();
    let commit = put(client, cx, &op.repo, op.number, op.method, op.message.as_deref(), head).await?;
    Ok(MergeResult::new(commit, op.method))
}

async fn put(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    number: u64,
    method: MergeMethod,
    message: Option<&str>,
    head: Option<&str>,
) -> Result<String> {
    // GitHub puts an empty line between the two. A text of one line must not be followed by one of GitHub's own.
    let split = message
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.split_once("\n\n").unwrap_or((text, "")));
    let merge = Merge {
        merge_method: match method {
            MergeMethod::Merge => "merge",
            MergeMethod::Squash => "squash",
            MergeMethod::Rebase => "rebase",
        },
        commit_title: split.map(|(title, _)| title),
        commit_message: split.map(|(_, text)| text),
        sha: head,
    };
    Ok(client.put(at_pull(repo, number).part("merge")).json(&merge).send::<Sha>(cx).await?.sha)
}

/// Merges a branch into another. GitHub does it directly by a commit with two parents; the other ways exist for pull requests
/// only, so one is opened and merged.
pub(in super::super) async fn merge_branch(
    client: &Client,
    cx: &CallContext,
    op: MergeBranch,
) -> Result<MergeResult> {
    names::hosted(&op.repo)?;
    BranchName::parse("source", &op.source)?;
    BranchName::parse("target", &op.target)?;
    if op.source == op.target {
        return Err(super::same(&op.target));
    }
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    match op.method {
        MergeMethod::Merge => directly(client, cx, op).await,
        MergeMethod::Squash | MergeMethod::Rebase => by_pull_request(client, cx, op).await,
    }
}

#[derive(Serialize)]
struct Direct<'a> {
    base: &'a str,
    head: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_message: Option<&'a str>,
}

async fn directly(client: &Client, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
    let direct = Direct { base: &op.target, head: &op.source, commit_message: op.message.as_deref() };
    let answer = client.post(at_repo(&op.repo).part("merges")).json(&direct).raw(cx).await?;
    if answer.status == http::StatusCode::NO_CONTENT {
        return up_to_date(client, cx, &op).await;
    }
    let commit: Sha = serde_json::from_slice(&answer.value).map_err(|_| {
        let text = "GitHub merged the branch, and its answer cannot be read";
        Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
    })?;
    Ok(MergeResult::new(commit.sha, op.method))
}

/// What is said where the target has everything already.
async fn up_to_date(client: &Client, cx: &CallContext, op: &MergeBranch) -> Result<MergeResult> {
    let target = branch::fetch(client, cx, &op.repo, &op.target).await.map_err(Error::refused)?;
    Ok(MergeResult::new(target.commit.sha, op.method).up_to_date(true))
}

#[derive(Deserialize)]
struct Ahead {
    ahead_by: u64,
}

/// Opens a pull request and merges it. It stays as a merged one; where it cannot be merged it is closed again.
async fn by_pull_request(client: &Client, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
    for name in [&op.source, &op.target] {
        branch::fetch(client, cx, &op.repo, name).await.map_err(Error::refused)?;
    }
    let path = at_repo(&op.repo).part("compare").part(format_args!("{}...{}", op.target, op.source));
    let compared = client.get(path).query("per_page", 1).send::<Ahead>(cx).await.map_err(Error::refused)?;
    if compared.ahead_by == 0 {
        return up_to_date(client, cx, &op).await;
    }
    let message = op.message.as_deref().filter(|text| !text.trim().is_empty());
    let title = message.and_then(|text| text.lines().next()).map_or_else(
        || format!("Merge {} into {}", op.source, op.target),
        |line| line.chars().take(200).collect(),
    );
    let new = json!({ "title": title, "head": op.source, "base": op.target });
    let opened = client.post(at_repo(&op.repo).part("pulls")).json(&new).send::<Pull>(cx).await?;
    let number = opened.number;
    let merged = async {
        let head = settled(client, cx, &op.repo, opened).await?.head.sha;
        put(client, cx, &op.repo, number, op.method, message.or(Some(&title)), Some(&head)).await
    };
    match merged.await {
        Ok(commit) => Ok(MergeResult::new(commit, op.method)),
        Err(error) => {
            // Only where GitHub said no is it known that nothing was merged.
            if error.outcome() != Outcome::Unknown {
                let closed = client.patch(at_pull(&op.repo, number)).json(&json!({ "state": "closed" }));
                if closed.done(cx).await.is_ok() {
                    return Err(error);
                }
            }
            let text = format!("{}; pull request {number} of {} was opened for it", error.message(), op.repo);
            Err(Error::new(error.kind(), text).delivery(Delivery::Unknown))
        }
    }
}

/// The pull request once GitHub knows whether it can be merged, or after the last look.
async fn settled(client: &Client, cx: &CallContext, repo: &RepoRef, opened: Pull) -> Result<Pull> {
    let mut pull = opened;
    for look in 0..LOOKS {
        if pull.mergeable.is_some() {
            break;
        }
        if look > 0 {
            tokio::time::sleep(PATIENCE * 2u32.pow(look - 1)).await;
        }
        pull = fetch(client, cx, repo, pull.number).await.map_err(Error::refused)?;
    }
    Ok(pull)
}
