//! Merges: of a pull request, and of a branch by way of a pull request.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::op::git::{MergeBranch, MergePullRequest};
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{MergeMethod, MergeResult, PullRequestState};
use serde_json::json;
use tokio::time::{Duration, sleep};

use super::super::server::{Server, conflict, named, repo};
use super::pull_request::{self, Wire};
use super::{branch, compare};
use crate::forge::names;

/// How long to wait before the server is asked again whether a pull request can be merged.
const STEP: Duration = Duration::from_millis(250);

/// What is to be merged, and how.
struct Merge<'a> {
    of: &'a RepoRef,
    number: u64,
    method: MergeMethod,
    message: Option<&'a str>,
    /// The commit that the source must be at.
    head: Option<&'a str>,
}

/// A closed pull request is not there for the server, and the answer to a merge is empty: the pull request is read before and
/// after.
pub(super) async fn pull_request(
    server: &Server,
    cx: &CallContext,
    op: MergePullRequest,
) -> Result<MergeResult> {
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let now = pull_request::fetch(server, cx, &op.repo, op.number).await?;
    if now.state() != PullRequestState::Open {
        return Err(conflict(format!("pull request {} of {} is not open", op.number, op.repo)));
    }
    if let Some(expected) = op.expected_head.as_deref().filter(|expected| now.head() != Some(expected)) {
        let head = now.head().unwrap_or("no commit");
        return Err(conflict(format!("pull request {} is not at {expected}: it is at {head}", op.number)));
    }
    let merge = Merge {
        of: &op.repo,
        number: op.number,
        method: op.method,
        message: op.message.as_deref(),
        head: op.expected_head.as_deref(),
    };
    run(server, cx, &merge).await
}

/// No call merges branches, so a pull request does: one that is open between them, or else a new one, which is closed again where
/// it cannot be merged.
pub(super) async fn branch(server: &Server, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
    pull_request::branches(&op.source, &op.target)?;
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let target = branch::fetch(server, cx, &op.repo, &op.target).await?;
    let source = branch::fetch(server, cx, &op.repo, &op.source).await?;
    if compare::ahead(server, cx, &op.repo, &op.target, &op.source).await? == 0 {
        return Ok(MergeResult::new(target.commit, op.method).up_to_date(true));
    }
    let (pull, made) = opened(server, cx, &op).await?;
    let merge = Merge {
        of: &op.repo,
        number: pull.number(),
        method: op.method,
        message: op.message.as_deref(),
        head: Some(&source.commit),
    };
    match run(server, cx, &merge).await {
        Ok(merged) => Ok(merged),
        // The merge was refused for certain: what was opened for it is taken back.
        Err(error) if made && error.outcome() == Outcome::NotMade => {
            let place = repo(&op.repo)?.part("pulls").part(merge.number);
            let closed = server.client.patch(place).json(&json!({ "state": "closed" })).done(cx).await;
            match closed {
                Ok(_) => Err(error),
                Err(_) => {
                    let text = format!("{}; pull request {} stays open", error.message(), merge.number);
                    let left = Error::new(error.kind(), text).delivery(Delivery::Answered);
                    Err(left.after_a_step())
                }
            }
        }
        Err(error) if made => Err(error.after_a_step()),
        Err(error) => Err(error),
    }
}

/// The pull request that a merge goes by, and whether it was made for that.
async fn opened(server: &Server, cx: &CallContext, op: &MergeBranch) -> Result<(Wire, bool)> {
    let title = match op.message.as_deref().and_then(|message| message.lines().next()) {
        Some(line) if !line.trim().is_empty() => line.chars().take(200).collect(),
        _ => format!("Merge {} into {}", op.source, op.target),
    };
    let body = json!({ "title": title, "head": op.source, "base": op.target });
    match pull_request::open(server, cx, &op.repo, &body).await {
        Ok(pull) => Ok((pull, true)),
        Err(error) if error.kind() == ErrorKind::Conflict => {
            let there = pull_request::open_between(server, cx, &op.repo, &op.target, &op.source).await?;
            there.map(|pull| (pull, false)).ok_or(error)
        }
        Err(error) => Err(error),
    }
}

/// Merges, and reads what came of it.
async fn run(server: &Server, cx: &CallContext, merge: &Merge<'_>) -> Result<MergeResult> {
    let mut looks = server.patience.as_millis() / STEP.as_millis();
    while let Err(error) = send(server, cx, merge).await {
        // Said where the merge is not possible, and also where the server does not know yet whether it is.
        let again = error.status_code() == Some(405) && error.message().contains("try again later");
        if !again || !becomes_mergeable(server, cx, merge, &mut looks).await? {
            return Err(error);
        }
    }
    let merged =
        pull_request::fetch(server, cx, merge.of, merge.number).await.map_err(Error::after_a_step)?;
    let commit = merged.merge_commit().ok_or_else(|| {
        let text = format!("pull request {} was merged, and its merge commit is not told", merge.number);
        Error::after_a_step(Error::new(ErrorKind::Protocol, text))
    })?;
    Ok(MergeResult::new(commit, merge.method))
}

/// Whether the server says, within so many looks, that the pull request can be merged.
async fn becomes_mergeable(
    server: &Server,
    cx: &CallContext,
    merge: &Merge<'_>,
    looks: &mut u128,
) -> Result<bool> {
    while *looks > 0 {
        *looks -= 1;
        sleep(STEP).await;
        if pull_request::fetch(server, cx, merge.of, merge.number).await?.mergeable {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn send(server: &Server, cx: &CallContext, merge: &Merge<'_>) -> Result<()> {
    let method = match merge.method {
        MergeMethod::Merge => "merge",
        MergeMethod::Squash => "squash",
        MergeMethod::Rebase => "rebase",
    };
    let message = merge.message.map(|message| message.split_once('\n').unwrap_or((message, "")));
    let title = message.map(|(title, _)| title.trim());
    let text = message.map(|(_, text)| text.trim()).filter(|text| !text.is_empty());
    // Both spellings: newer versions of Gitea write them small, all others large.
    let body = named(json!({
        "do": method,
        "Do": method,
        "merge_title_field": title,
        "MergeTitleField": title,
        "merge_message_field": text,
        "MergeMessageField": text,
        "head_commit_id": merge.head,
    }));
    let place = repo(merge.of)?.part("pulls").part(merge.number).part("merge");
    server.client.post(place).json(&body).done(cx).await.map(|_| ())
}
