//! Projects: repositories, addressed as `owner/name`.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{GetRepository, ListRepositories};
use mosaic_core::op::project::{GetProject, ListProjects};
use mosaic_core::types::Page;
use mosaic_core::types::git::Repository;
use mosaic_core::types::project::Project;

use super::super::git::repository;
use super::super::server::Server;
use crate::forge::tracker;

fn project(repository: Repository) -> Project {
    let mut project = Project::new(tracker::key(&repository.repo), repository.repo.name);
    project.description = repository.description;
    (project.created_at, project.updated_at) = (repository.created_at, repository.updated_at);
    project
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetProject) -> Result<Project> {
    let of = GetRepository::of(tracker::repository(&op.project)?);
    Ok(project(repository::get(server, cx, of).await?))
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListProjects) -> Result<Page<Project>> {
    let page = repository::list(server, cx, ListRepositories::new().page(op.page)).await?;
    Ok(Page::new(page.items.into_iter().map(project).collect(), page.next))
}
