//! Branches.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateBranch, DeleteBranch, GetBranch, ListBranches};
use mosaic_core::types::git::Branch;
use mosaic_core::types::{Page, RepoRef};
use serde_json::json;

use super::super::client::{GitLab, PAGE, project};
use super::wire::WireBranch;
use crate::forge::names::{BranchName, Revision};
use crate::http::{List, Numbered, Path};

/// The path of a branch, whose slashes are part of one segment.
pub(super) fn path(repo: &RepoRef, branch: &BranchName) -> Result<Path> {
    Ok(project(repo)?.part("repository").part("branches").part(branch))
}

/// A branch as GitLab tells it.
pub(super) async fn fetch(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    branch: &BranchName,
) -> Result<WireBranch> {
    lab.get(path(repo, branch)?).send(cx).await
}

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
    let branch = BranchName::parse("branch", &op.branch)?;
    let from = op.from.as_deref().map(|from| Revision::parse("from", from)).transpose()?;
    let path = project(&op.repo)?.part("repository").part("branches");
    let from = match from {
        Some(from) => from.to_string(),
        None => lab.default_branch(cx, &op.repo).await?,
    };
    let body = json!({ "branch": branch.as_str(), "ref": from });
    let made = lab.post(path).json(&body).send::<WireBranch>(cx).await;
    Ok(lab.told(cx, &op.repo, made).await?.into())
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetBranch) -> Result<Branch> {
    let branch = BranchName::parse("branch", &op.branch)?;
    Ok(fetch(lab, cx, &op.repo, &branch).await?.into())
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
    let list = List(("branches", &op.repo));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&op.repo)?.part("repository").part("branches"));
    let request = request.query("page", page.number()).query("per_page", page.size);
    let answer = request.full::<Vec<WireBranch>>(cx).await?;
    let items = answer.value.into_iter().map(Branch::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}

/// GitLab refuses to delete the default branch in several ways, all of which a look at the branch explains.
pub(super) async fn delete(lab: &GitLab, cx: &CallContext, op: DeleteBranch) -> Result<()> {
    let branch = BranchName::parse("branch", &op.branch)?;
    let Err(error) = lab.delete(path(&op.repo, &branch)?).done(cx).await else { return Ok(()) };
    if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Invalid)
        && fetch(lab, cx, &op.repo, &branch).await.is_ok_and(|branch| branch.default)
    {
        let text = format!("branch: {branch} is the default branch, which cannot be deleted");
        return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
    }
    lab.told(cx, &op.repo, Err(error)).await
}
