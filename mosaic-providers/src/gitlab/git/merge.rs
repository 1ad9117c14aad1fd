//! Merges, which all go through a merge request; a branch gets one for the purpose.
//!
//! How a project merges is one of its settings. Where that makes merge commits, `merge` is exact, and `squash` and `rebase` would
//! leave a merge commit above what they make; where that moves the target forward only, it is the other way round. What
//! would come out otherwise than asked for is `Unsupported`.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome, Result};
use mosaic_core::op::git::{MergeBranch, MergePullRequest};
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{MergeMethod, MergeResult};
use serde_json::json;

use super::super::client::{GitLab, PAGE, halfway, project, unsupported};
use super::super::wire::number;
use super::merge_request::{branches, path};
use super::wire::MergeRequest;
use super::{branch as branches_of, compare};
use crate::forge::names;

/// How often GitLab is asked whether it is ready, with pauses from a tenth of a second to two seconds: half a minute in all.
const LOOKS: u32 = 20;

/// What a merge is to be like.
struct Wish<'a> {
    method: MergeMethod,
    message: Option<&'a str>,
    head: Option<&'a str>,
}

pub(super) async fn request(lab: &GitLab, cx: &CallContext, op: MergePullRequest) -> Result<MergeResult> {
    names::text("message", op.message.as_deref().unwrap_or_default())?;
    path(&op.repo, op.number)?;
    let wish = Wish { method: op.method, message: op.message.as_deref(), head: op.expected_head.as_deref() };
    let now = look(lab, cx, &op.repo, op.number).await?;
    suits(lab, cx, &op.repo, op.method).await?;
    land(lab, cx, &op.repo, now, &wish).await
}

/// Finds the open merge request that joins the branches or opens one, merges it, and closes it again where that is refused and
/// it was opened here.
pub(super) async fn branch(lab: &GitLab, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
    let (source, target) = branches(&op.source, &op.target)?;
    names::text("message", op.message.as_deref().unwrap_or_default())?;
    let (_, into) = futures_util::try_join!(
        branches_of::fetch(lab, cx, &op.repo, &source),
        branches_of::fetch(lab, cx, &op.repo, &target)
    )?;
    let (source, target) = (source.as_str(), target.as_str());
    if compare::between(lab, cx, &op.repo, target, source).await?.commits.is_empty() {
        return Ok(MergeResult::new(into.commit.id, op.method).up_to_date(true));
    }
    suits(lab, cx, &op.repo, op.method).await?;
    let wish = Wish { method: op.method, message: op.message.as_deref(), head: None };
    let all = || Ok::<_, Error>(lab.get(project(&op.repo)?.part("merge_requests")).query("state", "opened"));
    let open = all()?.query("source_branch", source).query("target_branch", target);
    let open: Vec<MergeRequest> = open.query("per_page", PAGE).send(cx).await?;
    if let Some(open) = open.into_iter().find(|open| !open.is_foreign()) {
        return land(lab, cx, &op.repo, open, &wish).await;
    }
    let title = format!("Merge {source} into {target}");
    let body = json!({ "title": title, "source_branch": source, "target_branch": target });
    let made = lab.post(project(&op.repo)?.part("merge_requests")).json(&body).send::<MergeRequest>(cx).await;
    let made = lab.told(cx, &op.repo, made).await?;
    let opened = number(made.iid);
    let error = match land(lab, cx, &op.repo, made, &wish).await {
        Ok(done) => return Ok(done),
        Err(error) => error,
    };
    let stays = |error: &Error| {
        let text =
            format!("{}; merge request {opened}, which was opened for it, is still open", error.message());
        let told =
            Error::new(error.kind(), text).worst(error.delivered(), error.outcome() == Outcome::Unknown);
        error.status_code().map_or_else(|| told.clone(), |status| told.clone().status(status))
    };
    if error.outcome() == Outcome::Unknown {
        return Err(stays(&error));
    }
    let close = lab.put(path(&op.repo, opened)?).json(&json!({ "state_event": "close" }));
    match close.done(cx).await {
        Ok(_) => Err(error),
        Err(_) => Err(stays(&error)),
    }
}

/// A merge request with what GitLab tells of its branches only where it is asked.
async fn look(lab: &GitLab, cx: &CallContext, repo: &RepoRef, number: u64) -> Result<MergeRequest> {
    let request = lab.get(path(repo, number)?);
    request
        .query("include_diverged_commits_count", true)
        .query("include_rebase_in_progress", true)
        .send(cx)
        .await
}

/// Looks until it is as wished or enough time has gone by; the last look either way.
async fn wait(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    mut now: MergeRequest,
    ready: impl Fn(&MergeRequest) -> bool,
) -> Result<MergeRequest> {
    for turn in 0..LOOKS {
        if ready(&now) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100 << turn.min(5)).min(Duration::from_secs(2))).await;
        now = look(lab, cx, repo, number(now.iid)).await?;
    }
    Ok(now)
}

/// Refuses what the project's way of merging would make otherwise than asked for.
async fn suits(lab: &GitLab, cx: &CallContext, repo: &RepoRef, method: MergeMethod) -> Result<()> {
    let forward = lab.project(cx, repo).await?.merge_method.as_deref() == Some("ff");
    match (method, forward) {
        (MergeMethod::Merge, true) => Err(unsupported(
            "method: this project moves its branches forward only and makes no merge commits; ask for squash or rebase",
        )),
        (MergeMethod::Squash | MergeMethod::Rebase, false) => Err(unsupported(
            "method: this project makes a merge commit of every merge; ask for merge, or set its merge method to fast-forward",
        )),
        _ => Ok(()),
    }
}

/// Merges one that is open, as soon as GitLab knows whether it can be.
async fn land(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    mut now: MergeRequest,
    wish: &Wish<'_>,
) -> Result<MergeResult> {
    let conflict = |text: String| Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered);
    if !now.is_open() {
        return Err(conflict(format!("the pull request is {}, not open", now.state)));
    }
    let expected = |now: &MergeRequest| match wish.head {
        Some(head) if now.sha.as_deref() != Some(head) => {
            Err(conflict("the source is not at the commit that was expected".to_owned()))
        }
        _ => Ok(()),
    };
    expected(&now)?;
    now = wait(lab, cx, repo, now, is_checked).await?;
    let (iid, mut done) = (number(now.iid), None);
    // How far the branches went apart is told only where it is asked for. A rebase takes whatever is there, so it is looked at
    // right before; what is pushed in between is rebased with the rest.
    if wish.method != MergeMethod::Merge {
        now = look(lab, cx, repo, iid).await?;
        expected(&now)?;
    }
    if wish.method != MergeMethod::Merge && now.diverged_commits_count.unwrap_or_default() > 0 {
        lab.told(
            cx,
            repo,
            lab.put(path(repo, iid)?.part("rebase")).json(&json!({ "skip_ci": false })).done(cx).await,
        )
        .await?;
        done = Some("the source was put on top of the target");
        let late = |error: Error| halfway(&error, "the source is being put on top of the target");
        now = look(lab, cx, repo, iid).await.map_err(late)?;
        now = wait(lab, cx, repo, now, |now| now.rebase_in_progress != Some(true)).await.map_err(late)?;
        if let Some(why) = now.merge_error.as_deref().filter(|why| !why.is_empty()) {
            return Err(conflict(format!("the source cannot be put on top of the target: {why}")));
        }
        now = wait(lab, cx, repo, now, is_checked).await.map_err(late)?;
    }
    let status = now.detailed_merge_status.clone().or_else(|| now.merge_status.clone()).unwrap_or_default();
    if status == "conflict" || now.has_conflicts == Some(true) {
        return Err(conflict("both branches changed the same lines".to_owned()));
    }
    let mut body =
        json!({ "should_remove_source_branch": false, "squash": wish.method == MergeMethod::Squash });
    if let Some(sha) = wish.head.filter(|_| done.is_none()).or(now.sha.as_deref()) {
        body["sha"] = sha.into();
    }
    if let Some(message) = wish.message {
        let field =
            if wish.method == MergeMethod::Squash { "squash_commit_message" } else { "merge_commit_message" };
        body[field] = message.into();
    }
    let merged = lab.put(path(repo, iid)?.part("merge")).json(&body).send::<MergeRequest>(cx).await;
    let merged = lab.told(cx, repo, merged).await.map_err(|error| match (done, error.kind()) {
        (Some(done), _) => halfway(&error, done),
        (None, ErrorKind::Conflict) => conflict(format!("{} (merge status: {status})", error.message())),
        (None, _) => error,
    })?;
    let merged = wait(lab, cx, repo, merged, MergeRequest::is_merged).await;
    let merged = merged.map_err(|error| halfway(&error, "the merge was asked for"))?;
    let commit = merged.landed().ok_or_else(|| {
        let text =
            format!("merge request {iid} was to be merged and is {} still; look at it later", merged.state);
        Error::new(ErrorKind::Provider, text).worst(Delivery::Unknown, true)
    })?;
    Ok(MergeResult::new(commit, wish.method))
}

/// Whether GitLab has found out whether it can be merged.
fn is_checked(now: &MergeRequest) -> bool {
    let status = now.detailed_merge_status.as_deref().or(now.merge_status.as_deref()).unwrap_or_default();
    !matches!(
        status,
        "preparing" | "unchecked" | "checking" | "cannot_be_merged_recheck" | "approvals_syncing"
    )
}
