//! Branches.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateBranch, DeleteBranch, GetBranch, ListBranches};
use mosaic_core::types::git::Branch;
use mosaic_core::types::{Page, RepoRef};
use serde_json::json;

use super::wire::{BranchHead, Reference};
use super::{MOST, at_repo, commit, paged, repository};
use crate::forge::names::{self, BranchName, Revision};
use crate::http::{Client, List, Numbered};

/// Makes a branch. GitHub wants a commit, so what it begins at is looked up first.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
    names::hosted(&op.repo)?;
    let name = BranchName::parse("branch", &op.branch)?;
    let from = op.from.as_deref().map(|from| Revision::parse("from", from)).transpose()?;
    let sha = commit::resolve(client, cx, &op.repo, from.as_ref()).await?;
    let body = json!({ "ref": name.reference(), "sha": sha });
    let made =
        client.post(at_repo(&op.repo).part("git").part("refs")).json(&body).send::<Reference>(cx).await;
    match made {
        Ok(made) => Ok(Branch::new(op.branch, made.object.sha)),
        // The name is a good one and the commit is there: another branch is in the way.
        Err(error) if error.kind() == ErrorKind::Invalid => {
            Err(Error::new(ErrorKind::Conflict, error.message().to_owned()).delivery(error.delivered()))
        }
        Err(error) => Err(error),
    }
}

/// Fetches a branch.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetBranch) -> Result<Branch> {
    names::hosted(&op.repo)?;
    BranchName::parse("branch", &op.branch)?;
    Ok(fetch(client, cx, &op.repo, &op.branch).await?.into())
}

/// A branch by exactly this name: GitHub redirects from the old name of a renamed one.
pub(super) async fn fetch(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    name: &str,
) -> Result<BranchHead> {
    let found: BranchHead = client.get(at_repo(repo).part("branches").part(name)).send(cx).await?;
    if found.name != name {
        let text = format!("the branch {name} of {repo} is {} now", found.name);
        return Err(Error::new(ErrorKind::NotFound, text));
    }
    Ok(found)
}

/// Lists branches by name.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
    names::hosted(&op.repo)?;
    let list = List(("branches", &op.repo));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let request = paged(part, client.get(at_repo(&op.repo).part("branches")));
    let answer = request.full::<Vec<BranchHead>>(cx).await?;
    let items = answer.value.into_iter().map(Branch::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}

/// Deletes a branch.
pub(super) async fn delete(client: &Client, cx: &CallContext, op: DeleteBranch) -> Result<()> {
    names::hosted(&op.repo)?;
    BranchName::parse("branch", &op.branch)?;
    // As one segment: the name of a branch may have slashes.
    let path = at_repo(&op.repo).part("git").part("refs").part(format_args!("heads/{}", op.branch));
    let Err(error) = client.delete(path).done(cx).await else { return Ok(()) };
    if error.kind() == ErrorKind::Invalid {
        let found = repository::fetch(client, cx, &op.repo).await?;
        if found.default_branch == op.branch {
            let text = format!("{} is the default branch of {}: it cannot be deleted", op.branch, op.repo);
            return Err(Error::new(ErrorKind::Conflict, text));
        }
    }
    Err(error)
}
