//! Commits.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{GetCommit, ListCommits};
use mosaic_core::types::git::Commit;
use mosaic_core::types::{Page, RepoRef};

use super::super::client::{GitLab, PAGE, project};
use super::wire::WireCommit;
use crate::forge::names::{FilePath, Revision};
use crate::http::{List, Numbered};

/// The commit that a branch, a tag or an id stands for.
pub(super) async fn fetch(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    at: &Revision,
) -> Result<WireCommit> {
    lab.get(project(repo)?.part("repository").part("commits").part(at)).send(cx).await
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetCommit) -> Result<Commit> {
    let at = Revision::parse("commit", &op.commit)?;
    Ok(fetch(lab, cx, &op.repo, &at).await?.into())
}

/// Where nothing comes a look at the commit tells an empty list from a branch that is not there.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    if let Some(path) = &op.path {
        FilePath::parse(path)?;
    }
    let list = List(("commits", &op.repo, &op.at, &op.path));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&op.repo)?.part("repository").part("commits"));
    let request = request.query("page", page.number()).query("per_page", page.size);
    let request = request.maybe("ref_name", at.as_ref()).maybe("path", op.path.as_ref());
    let answer = request.full::<Vec<WireCommit>>(cx).await?;
    if let (Some(at), true) = (&at, answer.value.is_empty()) {
        fetch(lab, cx, &op.repo, at).await?;
    }
    let items = answer.value.into_iter().map(Commit::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
