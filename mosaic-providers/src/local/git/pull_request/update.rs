//! Changes of pull requests: what they say, where they go, and whether they are open.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::UpdatePullRequest;
use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{PullRequest, PullRequestState};

use super::super::fault;
use super::super::merge::pair;
use super::super::names;
use super::super::refs::{Tips, no_branch};
use super::super::store::{Repo, Store};
use super::record::Record;

/// Changes a pull request: the record is replaced whole. What stays as it is needs no write.
pub(in crate::local::git) async fn update(
    store: &Store,
    cx: &CallContext,
    op: UpdatePullRequest,
) -> Result<PullRequest> {
    if let Some(title) = &op.title {
        names::title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    if let Some(target) = &op.target {
        names::BranchName::parse("target", target)?;
    }
    let repo = store.writable(&op.repo).await?;
    let tips = repo.tips().await?;
    let mut record = repo.pull(op.number, &tips).await?;
    let mut changed = turn(&repo, &mut record, &op, &tips).await?;
    if let Some(title) = op.title.filter(|title| *title != record.title) {
        record.title = title;
        changed = true;
    }
    if op.body.is_some() && op.body != record.body {
        record.body = op.body;
        changed = true;
    }
    if changed {
        record.updated_at = Timestamp::now();
        cx.mark_sent();
        repo.write(&Record::file(op.number), &record).await?;
    }
    Ok(record.show(&tips))
}

/// Opens, closes or turns to another target; says whether anything changed.
async fn turn(repo: &Repo<'_>, record: &mut Record, op: &UpdatePullRequest, tips: &Tips) -> Result<bool> {
    let before = record.state(tips);
    let target = op.target.as_ref().filter(|target| **target != record.target);
    let refuse = |why: &str| Err(fault::conflict(format!("pull request {} of {} {why}", op.number, op.repo)));
    if before == PullRequestState::Merged {
        return match (op.open, target) {
            (None, None) => Ok(false),
            (Some(_), _) => refuse("is merged: it can be neither closed nor opened again"),
            (None, Some(_)) => refuse("is merged: it has no other target any more"),
        };
    }
    let open = op.open.unwrap_or(before == PullRequestState::Open);
    if let Some(target) = target {
        let (_, target) = pair(&record.source, target)?;
        if !open {
            return refuse("is closed: open it again to give it another target");
        }
        if !tips.contains_key(target.as_str()) {
            return Err(no_branch(&op.repo, &target));
        }
        record.target = target.as_str().to_owned();
        // The merge that was begun was one into the old target; it did not happen.
        record.merging = None;
    }
    if open && (before != PullRequestState::Open || target.is_some()) {
        for branch in [&record.source, &record.target] {
            if !tips.contains_key(branch) {
                return refuse(&format!("cannot be opened again: branch {branch} is gone"));
            }
        }
        repo.refuse_twin(Some(op.number), &record.source, &record.target, tips).await?;
    }
    let state = if open { PullRequestState::Open } else { PullRequestState::Closed };
    let changed = target.is_some() || state != record.state;
    if state == PullRequestState::Closed
        && before == PullRequestState::Open
        && let Some(head) = tips.get(&record.source)
    {
        record.head = head.to_string();
    }
    if state != record.state {
        record.state = state;
        record.merging = None;
    }
    Ok(changed)
}
