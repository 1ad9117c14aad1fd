//! Repositories: made below a person or an organisation, found by search.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{
    CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository,
};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, conflict, named, page, repo};
use super::super::wire::{self, User, moment, text};
use super::branch;
use crate::forge::names::{self, BranchName};
use crate::http::{List, at};

#[derive(Debug, Deserialize)]
pub(in super::super) struct Wire {
    owner: Option<User>,
    name: String,
    #[serde(default)]
    default_branch: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    clone_url: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    empty: bool,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

impl Wire {
    pub(super) fn reference(&self) -> RepoRef {
        let owner = self.owner.as_ref().map(|owner| owner.login.as_str()).unwrap_or_default();
        RepoRef::new(owner, self.name.as_str())
    }
}

impl From<Wire> for Repository {
    fn from(wire: Wire) -> Self {
        let default = text(wire.default_branch.clone()).unwrap_or_else(|| "main".to_owned());
        let mut repository =
            Repository::of(wire.reference(), default).private(wire.private).archived(wire.archived);
        repository.description = text(wire.description);
        repository.clone_url = text(wire.clone_url);
        repository.web_url = text(wire.html_url);
        (repository.created_at, repository.updated_at) = (wire.created_at, wire.updated_at);
        repository
    }
}

/// The answer of a search.
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(default, deserialize_with = "wire::list")]
    data: Vec<Wire>,
}

/// Made for whoever asks, or for an organisation: the server has a place for each, so it is asked who asks.
pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
    names::hosted(&op.repo)?;
    let branch =
        op.default_branch.as_deref().map(|name| BranchName::parse("default_branch", name)).transpose()?;
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    let me: User = server.client.get(at!["user"]).send(cx).await?;
    let owner = &op.repo.owner;
    let path = match me.login.eq_ignore_ascii_case(owner) {
        true => at!["user", "repos"],
        false => at!["orgs", owner, "repos"],
    };
    let body = named(json!({
        "name": op.repo.name,
        "description": op.description,
        "private": op.private,
        "default_branch": branch.as_ref().map_or("main", BranchName::as_str),
        "auto_init": false,
    }));
    Ok(server.client.post(path).json(&body).send::<Wire>(cx).await?.into())
}

/// A repository as the server sends it.
pub(in super::super) async fn fetch(server: &Server, cx: &CallContext, reference: &RepoRef) -> Result<Wire> {
    server.client.get(repo(reference)?).send(cx).await
}

pub(in super::super) async fn get(
    server: &Server,
    cx: &CallContext,
    op: GetRepository,
) -> Result<Repository> {
    Ok(fetch(server, cx, &op.repo).await?.into())
}

/// An archived repository takes changes of its settings, and a default branch that is not there is passed over in silence: both
/// are looked for first.
pub(super) async fn update(server: &Server, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    if let Some(name) = &op.default_branch {
        BranchName::parse("default_branch", name)?;
    }
    let now = fetch(server, cx, &op.repo).await?;
    let changes = op.description.is_some() || op.default_branch.is_some() || op.private.is_some();
    if now.archived && changes && op.archived != Some(false) {
        return Err(conflict(format!("{} is archived: take it out of the archive first", op.repo)));
    }
    // Where it was renamed this is its name now; a change is not redirected by every version.
    let reference = now.reference();
    if let Some(name) = op.default_branch.as_deref().filter(|_| !now.empty) {
        branch::fetch(server, cx, &reference, name).await?;
    }
    let body = named(json!({
        "description": op.description,
        "default_branch": op.default_branch,
        "private": op.private,
        "archived": op.archived,
    }));
    Ok(server.client.patch(repo(&reference)?).json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn delete(server: &Server, cx: &CallContext, op: DeleteRepository) -> Result<()> {
    server.client.delete(repo(&op.repo)?).done(cx).await.map(|_| ())
}

/// The search is the one list that the server orders by name; it asks for an owner's number.
pub(in super::super) async fn list(
    server: &Server,
    cx: &CallContext,
    op: ListRepositories,
) -> Result<Page<Repository>> {
    let list = List(("repositories", &op.owner));
    let part = server.part(&list, &op.page)?;
    let mut request = server
        .client
        .get(at!["repos", "search"])
        .query("sort", "alpha")
        .query("order", "asc")
        .query("page", part.number())
        .query("limit", part.size);
    if let Some(owner) = &op.owner {
        names::owner(owner)?;
        let owner: User = server.client.get(at!["users", owner]).send(cx).await?;
        request = request.query("uid", owner.id).query("exclusive", true);
    }
    let answer = request.full::<Found>(cx).await?;
    let received = answer.value.data.len();
    let items = answer.value.data.into_iter().map(Repository::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}
