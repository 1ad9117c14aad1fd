//! Pull requests: records beside the repository; what they say of branches is looked up when they are read.

mod comment;
mod merge;
mod record;
mod review;
mod update;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreatePullRequest, GetPullRequest, ListPullRequests};
use mosaic_core::types::git::{PullRequest, PullRequestState};
use mosaic_core::types::{Cursor, Page, Timestamp};

use super::fault;
use super::merge::pair;
use super::names::{self, BranchName};
use super::object::ObjectId;
use super::refs::no_branch;
use super::store::{Repo, Store};
use record::Record;

pub(super) use comment::{comment, list_comments};
pub(super) use merge::merge;
pub(super) use review::{list_reviews, review};
pub(super) use update::update;

/// Opens a pull request: one record that appears whole, under a number that no other process has.
pub(in crate::local::git) async fn create(
    store: &Store,
    cx: &CallContext,
    op: CreatePullRequest,
) -> Result<PullRequest> {
    names::title(&op.title)?;
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let (source, target) = pair(&op.source, &op.target)?;
    let repo = store.writable(&op.repo).await?;
    let tips = repo.tips().await?;
    let head = tips.get(source.as_str()).ok_or_else(|| no_branch(&op.repo, &source))?;
    tips.get(target.as_str()).ok_or_else(|| no_branch(&op.repo, &target))?;
    repo.refuse_twin(None, &op.source, &op.target, &tips).await?;
    let numbers = repo.pulls().await?;
    let now = Timestamp::now();
    let mut record = Record {
        number: numbers.first().map_or(1, |last| last + 1),
        title: op.title,
        source: op.source,
        target: op.target,
        state: PullRequestState::Open,
        body: op.body,
        author: cx.caller().name().to_owned(),
        head: head.to_string(),
        merge_commit: None,
        merging: None,
        created_at: now,
        updated_at: now,
        reviews: Vec::new(),
    };
    cx.mark_sent();
    while !repo.publish(&Record::file(record.number), &record).await? {
        record.number += 1;
    }
    Ok(record.show(&tips))
}

pub(in crate::local::git) async fn get(store: &Store, op: GetPullRequest) -> Result<PullRequest> {
    let repo = store.repo(&op.repo).await?;
    let tips = repo.tips().await?;
    Ok(repo.pull(op.number, &tips).await?.show(&tips))
}

/// Lists pull requests; the cursor is the last number, so that new ones do not shift the pages.
pub(in crate::local::git) async fn list(store: &Store, op: ListPullRequests) -> Result<Page<PullRequest>> {
    let before = op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<u64>()).transpose();
    let before = before.map_err(|_| fault::invalid("page.cursor: it was not made by this provider"))?;
    let repo = store.repo(&op.repo).await?;
    let (tips, limit, mut items) = (repo.tips().await?, op.page.limit(), Vec::new());
    for number in
        repo.pulls().await?.into_iter().filter(|number| before.is_none_or(|before| *number < before))
    {
        let pull = repo.pull(number, &tips).await?.show(&tips);
        if op.state.is_some_and(|state| state != pull.state) {
            continue;
        }
        if items.len() == limit {
            let last = items.last().map(|pull: &PullRequest| Cursor::new(pull.number.to_string()));
            return Ok(Page::new(items, last));
        }
        items.push(pull);
    }
    Ok(Page::last(items))
}

/// Closes the open pull requests from or into a branch that was just deleted at this commit.
pub(in crate::local::git) async fn close_those_of(
    repo: &Repo<'_>,
    branch: &BranchName,
    tip: &ObjectId,
) -> Result<()> {
    let tips = repo.tips().await?;
    for number in repo.pulls().await? {
        let mut record = repo.pull(number, &tips).await?;
        let from = record.source == branch.as_str();
        if record.state == PullRequestState::Open && (from || record.target == branch.as_str()) {
            record.state = PullRequestState::Closed;
            match tips.get(&record.source) {
                Some(head) => record.head = head.to_string(),
                None if from => record.head = tip.to_string(),
                None => {}
            }
            record.updated_at = Timestamp::now();
            repo.write(&Record::file(number), &record).await?;
        }
    }
    Ok(())
}
