//! Repositories as projects, with the people and the labels of each.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::ListRepositories;
use mosaic_core::op::project::{GetProject, ListLabels, ListProjects, ListUsers, UpdateProject};
use mosaic_core::types::git::Repository;
use mosaic_core::types::project::{Label, Project, User};
use mosaic_core::types::{Page, ProjectKey, RepoRef};
use serde_json::json;

use super::super::git::{Account, Repo, fetch_repository, list_repositories};
use super::wire::LabelRow;
use super::{MOST, at_repo, paged};
use crate::forge::tracker;
use crate::http::{Client, List, Numbered};

/// A repository under the key that it was asked for by, or under its own.
fn project(repository: Repository, asked: Option<&ProjectKey>) -> Project {
    let own = tracker::key(&repository.repo);
    let same = |key: &&ProjectKey| own.as_str().eq_ignore_ascii_case(key.as_str());
    let key = asked.filter(same).cloned().unwrap_or(own);
    let mut project = Project::new(key, repository.repo.name);
    project.description = repository.description.filter(|text| !text.is_empty());
    (project.created_at, project.updated_at) = (repository.created_at, repository.updated_at);
    project
}

/// Fetches a project.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetProject) -> Result<Project> {
    let repo = tracker::repository(&op.project)?;
    Ok(project(fetch_repository(client, cx, &repo).await?.into(), Some(&op.project)))
}

/// Lists projects by key.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListProjects) -> Result<Page<Project>> {
    let page = list_repositories(client, cx, ListRepositories::new().page(op.page)).await?;
    let items = page.items.into_iter().map(|repository| project(repository, None)).collect();
    Ok(Page::new(items, page.next))
}

/// Changes what a project is for. Its name is that of the repository, which its key has too, so it stays.
pub(super) async fn update(client: &Client, cx: &CallContext, op: UpdateProject) -> Result<Project> {
    let repo = tracker::repository(&op.project)?;
    let now: Repo = fetch_repository(client, cx, &repo).await.map_err(Error::refused)?;
    if op.name.as_ref().is_some_and(|name| *name != now.name) {
        let text = "name: a project of GitHub has the name of its repository, which is renamed there";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let Some(description) = &op.description else { return Ok(project(now.into(), Some(&op.project))) };
    let request = client.patch(at_repo(&repo)).json(&json!({ "description": description }));
    Ok(project(request.send::<Repo>(cx).await?.into(), Some(&op.project)))
}

/// Lists labels by name.
pub(super) async fn labels(client: &Client, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
    let repo = tracker::repository(&op.project)?;
    let list = List(("labels", &op.project));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let answer = paged(part, client.get(at_repo(&repo).part("labels"))).full::<Vec<LabelRow>>(cx).await?;
    let items = answer.value.into_iter().map(Label::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}

/// Lists the people who can be assigned.
pub(super) async fn users(client: &Client, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
    let repo: RepoRef = tracker::repository(&op.project)?;
    let list = List(("users", &op.project));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let answer = paged(part, client.get(at_repo(&repo).part("assignees"))).full::<Vec<Account>>(cx).await?;
    let items = answer.value.into_iter().map(|account| User::new(account.login)).collect();
    Ok(part.linked(&list, items, &answer.headers))
}
