//! Merges of pull requests: the record and the branch agree although they cannot be changed in one step.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::MergePullRequest;
use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{MergeMethod, MergeResult, PullRequestState};

use super::super::commit::said;
use super::super::fault;
use super::super::merge::{Wanted, prepare};
use super::super::names::{self, BranchName};
use super::super::refs::{ROUNDS, Swap, contended};
use super::super::store::Store;
use super::record::{Merging, Record};

/// Merges a pull request. First the record says which commit is about to become the target's, then the target moves, then the
/// record says that it is merged. A kill before the move leaves an open pull request, a kill after it a merged one.
pub(in crate::local::git) async fn merge(
    store: &Store,
    cx: &CallContext,
    op: MergePullRequest,
) -> Result<MergeResult> {
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let repo = store.writable(&op.repo).await?;
    let mut record = repo.pull(op.number, &repo.tips().await?).await?;
    let (source, target) =
        (BranchName::parse("source", &record.source)?, BranchName::parse("target", &record.target)?);
    for _ in 0..ROUNDS {
        let tips = repo.tips().await?;
        record.settle(&repo, &tips).await?;
        let state = record.state(&tips);
        let (Some(theirs), Some(ours), PullRequestState::Open) =
            (tips.get(&record.source), tips.get(&record.target), state)
        else {
            let word = if state == PullRequestState::Merged { "merged" } else { "closed" };
            return Err(fault::conflict(format!(
                "pull request {} of {} is {word} already",
                op.number, op.repo
            )));
        };
        if let Some(expected) =
            op.expected_head.as_deref().filter(|id| !id.eq_ignore_ascii_case(theirs.as_str()))
        {
            return Err(fault::conflict(format!(
                "{source} moved on: it is not at the commit that was expected"
            ))
            .context("expected_head", expected)
            .context("head", theirs));
        }
        let plain = match op.method {
            MergeMethod::Squash => format!("{} (#{})", record.title, record.number),
            _ => format!("Merge pull request #{} from {source}\n\n{}", record.number, record.title),
        };
        let message = said(op.message.as_deref(), &plain);
        let wanted = Wanted { ours, theirs, method: op.method, message };
        let prepared = prepare(&repo, cx, &wanted).await?;
        let up_to_date = prepared.is_none();
        let commit = prepared.unwrap_or_else(|| ours.clone());
        let merging = Merging { commit: commit.to_string(), head: theirs.to_string(), at: Timestamp::now() };
        if !up_to_date {
            record.merging = Some(merging.clone());
            repo.write(&Record::file(op.number), &record).await?;
            if repo.swap(cx, &target, Some(ours), Some(&commit)).await? == Swap::Moved {
                continue;
            }
        }
        record.merged(&merging);
        cx.mark_sent();
        repo.write(&Record::file(op.number), &record).await?;
        return Ok(MergeResult::new(commit.as_str(), op.method).up_to_date(up_to_date));
    }
    Err(contended(&op.repo, &target))
}
