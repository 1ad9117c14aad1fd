//! Projects: GitLab's projects, addressed as `owner/name`.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::ListRepositories;
use mosaic_core::op::project::{GetProject, ListProjects};
use mosaic_core::types::Page;
use mosaic_core::types::git::Repository;
use mosaic_core::types::project::Project;

use super::super::client::GitLab;
use super::super::git::repository;
use super::issue;
use crate::forge::tracker;

fn project(repository: Repository) -> Project {
    let mut project = Project::new(tracker::key(&repository.repo), repository.repo.name);
    project.description = repository.description;
    (project.created_at, project.updated_at) = (repository.created_at, repository.updated_at);
    project
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetProject) -> Result<Project> {
    let repo = issue::repository(&op.project)?;
    Ok(project(lab.project(cx, &repo).await?.into()))
}

/// Those that the token is a member of.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListProjects) -> Result<Page<Project>> {
    let page = repository::list(lab, cx, ListRepositories::new().page(op.page)).await?;
    Ok(Page::new(page.items.into_iter().map(project).collect(), page.next))
}
