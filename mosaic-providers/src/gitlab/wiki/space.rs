//! Spaces: projects, addressed as `owner/name`.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::document::{GetSpace, ListSpaces};
use mosaic_core::op::git::ListRepositories;
use mosaic_core::types::document::Space;
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Page, ProjectKey, RepoRef};

use super::super::client::GitLab;
use super::super::git::repository;
use super::super::issues::repository as tracked;

/// The repository that a key stands for: in the same form as for projects.
///
/// # Errors
/// `Invalid` where the key is not `owner/name`.
pub(super) fn repository_of(key: &str) -> Result<RepoRef> {
    tracked(&ProjectKey::new(key))
}

fn space(repository: Repository) -> Space {
    let mut space = Space::new(repository.full_name(), repository.repo.name);
    (space.description, space.created_at) = (repository.description, repository.created_at);
    space.web_url = repository.web_url.map(|url| format!("{url}/-/wikis"));
    space
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetSpace) -> Result<Space> {
    let repo = repository_of(&op.space)?;
    Ok(space(lab.project(cx, &repo).await?.into()))
}

/// Those that the token is a member of.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListSpaces) -> Result<Page<Space>> {
    let page = repository::list(lab, cx, ListRepositories::new().page(op.page)).await?;
    Ok(Page::new(page.items.into_iter().map(space).collect(), page.next))
}
