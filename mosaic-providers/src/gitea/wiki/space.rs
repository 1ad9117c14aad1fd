//! Spaces: repositories, addressed as `owner/name`.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::document::{GetSpace, ListSpaces};
use mosaic_core::op::git::{GetRepository, ListRepositories};
use mosaic_core::types::document::Space;
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Page, ProjectKey, RepoRef};

use super::super::git::repository;
use super::super::server::Server;
use crate::forge::tracker;

/// The repository that a key stands for: in the same form as for projects.
///
/// # Errors
/// `Invalid` where the key is not `owner/name`.
pub(super) fn repository_of(key: &str) -> Result<RepoRef> {
    tracker::repository(&ProjectKey::new(key))
}

fn space(repository: Repository) -> Space {
    let mut space = Space::new(repository.full_name(), repository.repo.name);
    (space.description, space.created_at) = (repository.description, repository.created_at);
    space.web_url = repository.web_url.map(|url| format!("{url}/wiki"));
    space
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetSpace) -> Result<Space> {
    let of = GetRepository::of(repository_of(&op.space)?);
    Ok(space(repository::get(server, cx, of).await?))
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListSpaces) -> Result<Page<Space>> {
    let page = repository::list(server, cx, ListRepositories::new().page(op.page)).await?;
    Ok(Page::new(page.items.into_iter().map(space).collect(), page.next))
}
