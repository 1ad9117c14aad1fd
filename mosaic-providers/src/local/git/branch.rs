//! Branches: listed, made and deleted as references.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateBranch, DeleteBranch, GetBranch, ListBranches};
use mosaic_core::types::git::Branch;
use mosaic_core::types::{Cursor, Page};

use super::fault;
use super::names::{self, BranchName, Revision};
use super::object::Reader;
use super::pull_request;
use super::refs::{ROUNDS, Swap, contended, no_branch};
use super::store::Store;

pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
    let branch = BranchName::parse("branch", &op.branch)?;
    let from = op.from.as_deref().map(|from| Revision::parse("from", from)).transpose()?;
    let repo = store.writable(&op.repo).await?;
    let from = repo.or_default(from).await?;
    let mut reader = Reader::start(&repo)?;
    let exists = || fault::conflict(format!("there is a branch {branch} in {} already", op.repo));
    if reader.branch(&branch).await?.is_some() {
        return Err(exists());
    }
    let commit = reader.commit(&op.repo, &from).await?;
    match repo.swap(cx, &branch, None, Some(&commit)).await? {
        Swap::Done => Ok(Branch::new(branch.as_str(), commit.as_str())),
        Swap::Moved => Err(exists()),
    }
}

pub(super) async fn get(store: &Store, op: GetBranch) -> Result<Branch> {
    let branch = BranchName::parse("branch", &op.branch)?;
    let repo = store.repo(&op.repo).await?;
    let tip = repo.tip(&branch).await?.ok_or_else(|| no_branch(&op.repo, &branch))?;
    Ok(Branch::new(branch.as_str(), tip.as_str()))
}

pub(super) async fn list(store: &Store, op: ListBranches) -> Result<Page<Branch>> {
    let after = op.page.cursor.as_ref().map(|cursor| names::cursor(cursor.as_str())).transpose()?;
    let tips = store.repo(&op.repo).await?.tips().await?;
    let mut rest = tips.iter().filter(|(name, _)| after.is_none_or(|after| name.as_str() > after));
    let items: Vec<_> =
        rest.by_ref().take(op.page.limit()).map(|(name, id)| Branch::new(name, id.as_str())).collect();
    let more = rest.next().is_some();
    let next = items.last().filter(|_| more).map(|last| Cursor::new(&last.name));
    Ok(Page::new(items, next))
}

pub(super) async fn delete(store: &Store, cx: &CallContext, op: DeleteBranch) -> Result<()> {
    let branch = BranchName::parse("branch", &op.branch)?;
    let repo = store.writable(&op.repo).await?;
    for _ in 0..ROUNDS {
        let Some(tip) = repo.tip(&branch).await? else { return Err(no_branch(&op.repo, &branch)) };
        if repo.default_branch().await? == branch.as_str() {
            return Err(fault::conflict(format!("{branch} is the default branch of {} and stays", op.repo)));
        }
        if repo.swap(cx, &branch, Some(&tip), None).await? == Swap::Done {
            // Without this an open pull request would look closed all the same, but come back with a branch of that name.
            return pull_request::close_those_of(&repo, &branch, &tip).await;
        }
    }
    Err(contended(&op.repo, &branch))
}
