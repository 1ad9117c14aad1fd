//! Repositories: GitLab's projects.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{
    CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository,
};
use mosaic_core::types::Page;
use mosaic_core::types::git::Repository;
use serde_json::{Map, Value, json};

use super::super::client::{GitLab, PAGE, archived, halfway, owner, project, unsupported};
use super::super::wire::{Namespace, Project};
use crate::forge::names;
use crate::http::{List, Numbered, at};

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
    project(&op.repo)?;
    names::line("description", op.description.as_deref().unwrap_or_default())?;
    if op.default_branch.is_some() {
        return Err(unsupported(
            "default_branch: a new project of GitLab takes the branch that its first commit goes to; leave it out and write there",
        ));
    }
    let made =
        make(lab, cx, &op.repo.owner, &op.repo.name, &op.repo.name, op.description, op.private).await?;
    Ok(made.into())
}

/// Makes a project below an owner, which is looked up first.
pub(in crate::gitlab) async fn make(
    lab: &GitLab,
    cx: &CallContext,
    owner: &str,
    path: &str,
    name: &str,
    description: Option<String>,
    private: bool,
) -> Result<Project> {
    let space: Namespace = lab.get(at!["namespaces", owner]).send(cx).await?;
    let mut body = json!({
        "path": path, "name": name, "namespace_id": space.id,
        "visibility": if private { "private" } else { "public" },
    });
    if let Some(description) = description {
        body["description"] = description.into();
    }
    lab.post(at!["projects"]).json(&body).send(cx).await
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetRepository) -> Result<Repository> {
    Ok(lab.project(cx, &op.repo).await?.into())
}

/// The settings are one request, the archive is another: into it last, out of it first.
pub(super) async fn update(lab: &GitLab, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
    let path = project(&op.repo)?;
    let mut body = Map::new();
    if let Some(description) = op.description {
        names::line("description", &description)?;
        body.insert("description".into(), description.into());
    }
    if let Some(branch) = op.default_branch {
        names::BranchName::parse("default_branch", &branch)?;
        body.insert("default_branch".into(), branch.into());
    }
    if let Some(private) = op.private {
        body.insert("visibility".into(), if private { "private" } else { "public" }.into());
    }
    let mut now = lab.project(cx, &op.repo).await?;
    // GitLab itself would change the settings of what it keeps from being changed.
    if now.archived && op.archived != Some(false) && !body.is_empty() {
        return Err(archived(&op.repo));
    }
    let mut done = None;
    if now.archived && op.archived == Some(false) {
        now = lab.post(path.clone().part("unarchive")).send(cx).await?;
        done = Some("the repository was taken out of the archive");
    }
    if !body.is_empty() {
        let changed = lab.put(path.clone()).json(&Value::Object(body)).send(cx).await;
        now = changed.map_err(|error| done.map_or_else(|| error.clone(), |done| halfway(&error, done)))?;
        done = Some("the settings were changed");
    }
    if !now.archived && op.archived == Some(true) {
        let changed = lab.post(path.part("archive")).send(cx).await;
        now = changed.map_err(|error| done.map_or_else(|| error.clone(), |done| halfway(&error, done)))?;
    }
    Ok(now.into())
}

pub(super) async fn delete(lab: &GitLab, cx: &CallContext, op: DeleteRepository) -> Result<()> {
    lab.delete(project(&op.repo)?).done(cx).await.map(drop)
}

pub(in crate::gitlab) async fn list(
    lab: &GitLab,
    cx: &CallContext,
    op: ListRepositories,
) -> Result<Page<Repository>> {
    let list = List(("repositories", &op.owner));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let path = match &op.owner {
        None => at!["projects"],
        Some(name) => {
            owner(name)?;
            let space: Namespace = lab.get(at!["namespaces", name]).send(cx).await?;
            match space.kind.as_str() {
                "group" => at!["groups", name, "projects"],
                "user" => at!["users", name, "projects"],
                other => {
                    let text =
                        format!("owner: {name} is a namespace of the kind {other:?}, not a user or group");
                    return Err(Error::new(ErrorKind::Protocol, text));
                }
            }
        }
    };
    let request = lab.get(path).query("page", page.number()).query("per_page", page.size);
    let request = request.query("order_by", "path").query("sort", "asc");
    let request = if op.owner.is_none() { request.query("membership", true) } else { request };
    let answer = request.full::<Vec<Project>>(cx).await?;
    let items = answer.value.into_iter().map(Repository::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
