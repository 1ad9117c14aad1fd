//! Merges: of a pull request, and of a branch by way of a pull request.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::op::git::{CreatePullRequest, MergeBranch, MergePullRequest};
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{MergeMethod, MergeResult, PullRequestState};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use super::super::cloud::{Cloud, conflict, named, unclear};
use super::pull_request::{self, Wire, decline};
use super::{branch, commit, compare};
use crate::forge::names;

/// How long to wait before a merge is asked after again.
const STEP: Duration = Duration::from_millis(500);

/// What is to be merged, and how.
struct Merge<'a> {
    of: &'a RepoRef,
    number: u64,
    method: MergeMethod,
    message: Option<&'a str>,
    /// The commit that the source must be at.
    head: Option<&'a str>,
}

/// Where a merge stands that goes on by itself.
#[derive(Debug, Deserialize)]
struct Task {
    #[serde(default)]
    task_status: String,
    merge_result: Option<Wire>,
}

/// The state and the head are looked at before, as Bitbucket takes no commit that a merge depends on.
pub(super) async fn pull_request(
    cloud: &Cloud,
    cx: &CallContext,
    op: MergePullRequest,
) -> Result<MergeResult> {
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let now = pull_request::fetch(cloud, cx, &op.repo, op.number).await?;
    if now.state() != PullRequestState::Open {
        return Err(conflict(format!("pull request {} of {} is not open", op.number, op.repo)));
    }
    let merge = Merge {
        of: &op.repo,
        number: op.number,
        method: op.method,
        message: op.message.as_deref(),
        head: op.expected_head.as_deref(),
    };
    if let Some(expected) = merge.head.filter(|expected| !stands_for(now.head(), expected)) {
        let head = now.head().unwrap_or("no commit");
        return Err(conflict(format!("pull request {} is not at {expected}: it is at {head}", op.number)));
    }
    run(cloud, cx, &merge).await
}

/// Whether an id that may be shortened is that of this commit.
fn stands_for(short: Option<&str>, whole: &str) -> bool {
    short.is_some_and(|short| short.len() >= 7 && (whole.starts_with(short) || short.starts_with(whole)))
}

/// No call merges branches, so a pull request does: one that is open between them, or else a new one, which is declined where it
/// cannot be merged.
pub(super) async fn branch(cloud: &Cloud, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
    pull_request::branches(&op.source, &op.target)?;
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let target = branch::fetch(cloud, cx, &op.repo, &op.target).await?;
    let source = branch::fetch(cloud, cx, &op.repo, &op.source).await?;
    if !compare::is_ahead(cloud, cx, &op.repo, &target.commit, &source.commit).await? {
        return Ok(MergeResult::new(target.commit, op.method).up_to_date(true));
    }
    let (pull, made) = opened(cloud, cx, &op).await?;
    let merge = Merge {
        of: &op.repo,
        number: pull.number(),
        method: op.method,
        message: op.message.as_deref(),
        head: Some(&source.commit),
    };
    let number = merge.number;
    match run(cloud, cx, &merge).await {
        Ok(merged) => Ok(merged),
        // The merge was refused for certain: what was opened for it is taken back.
        Err(error) if made && error.outcome() == Outcome::NotMade => {
            match decline(cloud, cx, &op.repo, number).await {
                Ok(_) => Err(error),
                Err(_) => {
                    let text = format!("{}; pull request {number} stays open", error.message());
                    Err(Error::after_a_step(Error::new(error.kind(), text).delivery(Delivery::Answered)))
                }
            }
        }
        Err(error) if made => Err(Error::after_a_step(error)),
        Err(error) => Err(error),
    }
}

/// The pull request that a merge goes by, and whether it was made for that.
async fn opened(cloud: &Cloud, cx: &CallContext, op: &MergeBranch) -> Result<(Wire, bool)> {
    if let Some(there) = pull_request::open_between(cloud, cx, &op.repo, &op.target, &op.source).await? {
        return Ok((there, false));
    }
    let title = match op.message.as_deref().and_then(|message| message.lines().next()) {
        Some(line) if !line.trim().is_empty() => line.chars().take(200).collect(),
        _ => format!("Merge {} into {}", op.source, op.target),
    };
    let open = CreatePullRequest::of(&op.repo, title, op.source.as_str(), op.target.as_str());
    Ok((pull_request::open(cloud, cx, &open).await?, true))
}

/// Merges, and reads what came of it.
async fn run(cloud: &Cloud, cx: &CallContext, merge: &Merge<'_>) -> Result<MergeResult> {
    let merged = match send(cloud, cx, merge).await {
        // That both sides changed the same lines is told as a bad request, in words only.
        Err(error) if error.kind() == ErrorKind::Invalid => {
            let text = format!("pull request {} cannot be merged: {}", merge.number, error.message());
            return Err(Error::new(ErrorKind::Conflict, text).status(400).delivery(Delivery::Answered));
        }
        answer => answer?,
    };
    if let Some(expected) = merge.head.filter(|expected| !stands_for(merged.head(), expected)) {
        let head = merged.head().unwrap_or("no commit");
        let text = format!("pull request {} was merged at {head}, as {expected} moved on", merge.number);
        return Err(Error::after_a_step(conflict(text)));
    }
    let told = merged.merge_commit().map(|hash| commit::whole(cloud, cx, merge.of, hash));
    let whole = match told {
        Some(whole) => whole.await.map_err(Error::after_a_step)?,
        None => None,
    };
    let commit = whole.ok_or_else(|| {
        let text = format!("pull request {} was merged, and its merge commit is not told", merge.number);
        Error::after_a_step(unclear(text))
    })?;
    Ok(MergeResult::new(commit, merge.method))
}

/// The merged pull request; a merge that takes long goes on by itself and is asked after.
async fn send(cloud: &Cloud, cx: &CallContext, merge: &Merge<'_>) -> Result<Wire> {
    let strategy = match merge.method {
        MergeMethod::Merge => "merge_commit",
        MergeMethod::Squash => "squash",
        MergeMethod::Rebase => "rebase_fast_forward",
    };
    let body = named(json!({
        "type": "pullrequest_merge_parameters",
        "merge_strategy": strategy,
        "message": merge.message,
        "close_source_branch": false,
    }));
    let place = pull_request::place(merge.of, merge.number)?.part("merge");
    let answer = cloud.client.post(place.clone()).json(&body).raw(cx).await?;
    if answer.status.as_u16() != 202 {
        return serde_json::from_slice(&answer.value).map_err(|error| {
            Error::after_a_step(unclear(format!(
                "the answer of Bitbucket to a merge cannot be read: {error}"
            )))
        });
    }
    let task = answer.header("location").and_then(|place| place.trim_end_matches('/').rsplit('/').next());
    let task = task.filter(|task| !task.is_empty()).map(str::to_owned);
    let task =
        task.ok_or_else(|| Error::after_a_step(unclear("the merge goes on, and its task is not told")))?;
    let end = Instant::now() + cloud.patience;
    loop {
        let path = place.clone().part("task-status").part(&task);
        let now: Task = match cloud.client.get(path).send(cx).await {
            // What a task says that failed is the answer to the merge; anything else says nothing of it.
            Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) => {
                return Err(error);
            }
            answer => answer.map_err(Error::after_a_step)?,
        };
        match now.merge_result {
            Some(merged) if now.task_status == "SUCCESS" => return Ok(merged),
            None if now.task_status == "SUCCESS" => {
                return pull_request::fetch(cloud, cx, merge.of, merge.number)
                    .await
                    .map_err(Error::after_a_step);
            }
            _ if Instant::now() + STEP > end => {
                let text = format!("the merge of pull request {} still goes on", merge.number);
                return Err(Error::after_a_step(
                    Error::new(ErrorKind::Timeout, text).delivery(Delivery::Answered),
                ));
            }
            _ => sleep(STEP).await,
        }
    }
}
