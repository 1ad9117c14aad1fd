//! Repositories: of the user who asks, of organisations and of others.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{
    CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository,
};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Page, RepoRef};
use serde::{Deserialize, Serialize};

use super::wire::{Account, Repo};
use super::{MOST, at_repo, paged};
use crate::at;
use crate::forge::names;
use crate::http::{Answer, Client, List, Numbered, Request};

#[derive(Serialize)]
struct New<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    private: bool,
}

/// Makes a repository of the user who asks, or of an organisation.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
    names::hosted(&op.repo)?;
    if op.default_branch.is_some() {
        let text =
            "GitHub chooses the default branch of a new repository itself: the one that its owner set up";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let RepoRef { owner, name } = &op.repo;
    let own = me(client, cx).await?.is_some_and(|login| login.eq_ignore_ascii_case(owner));
    let path = if own { at!["user", "repos"] } else { at!["orgs", owner, "repos"] };
    let new = New { name, description: op.description.as_deref(), private: op.private };
    let made = client.post(path).json(&new).send::<Repo>(cx).await;
    made.map(Repository::from).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            let text = format!("{owner} is no organisation in which this credential may make repositories");
            Error::new(ErrorKind::NotFound, text).delivery(error.delivered())
        }
        _ => error,
    })
}

/// The login of the user who asks; none where it is an app.
async fn me(client: &Client, cx: &CallContext) -> Result<Option<String>> {
    match client.get(at!["user"]).send::<Account>(cx).await {
        Ok(account) => Ok(Some(account.login)),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fetches a repository.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetRepository) -> Result<Repository> {
    Ok(fetch(client, cx, &op.repo).await?.into())
}

/// The repository; that under its new name where it was renamed.
pub(in crate::github) async fn fetch(client: &Client, cx: &CallContext, repo: &RepoRef) -> Result<Repo> {
    names::hosted(repo)?;
    client.get(at_repo(repo)).send(cx).await
}

#[derive(Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archived: Option<bool>,
}

/// Changes the settings of a repository.
pub(super) async fn update(client: &Client, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
    names::hosted(&op.repo)?;
    if let Some(branch) = &op.default_branch {
        names::BranchName::parse("default_branch", branch)?;
        // GitHub takes a branch that is not there for a bad value.
        super::branch::fetch(client, cx, &op.repo, branch).await?;
    }
    let change = Change {
        description: op.description.as_deref(),
        default_branch: op.default_branch.as_deref(),
        private: op.private,
        archived: op.archived,
    };
    Ok(client.patch(at_repo(&op.repo)).json(&change).send::<Repo>(cx).await?.into())
}

/// Deletes a repository. One that was renamed is not deleted under its old name, to which GitHub would redirect.
pub(super) async fn delete(client: &Client, cx: &CallContext, op: DeleteRepository) -> Result<()> {
    let found = fetch(client, cx, &op.repo).await?;
    let now = RepoRef::new(found.owner.login, found.name);
    if !now.to_string().eq_ignore_ascii_case(&op.repo.to_string()) {
        let text = format!("{} is {now} now: delete it by that name", op.repo);
        return Err(Error::new(ErrorKind::NotFound, text));
    }
    client.delete(at_repo(&op.repo)).done(cx).await.map(|_| ())
}

#[derive(Deserialize)]
struct Installed {
    repositories: Vec<Repo>,
}

/// Lists repositories by name: of an owner, or all that the credential sees.
pub(in crate::github) async fn list(
    client: &Client,
    cx: &CallContext,
    op: ListRepositories,
) -> Result<Page<Repository>> {
    if let Some(owner) = &op.owner {
        names::owner(owner)?;
    }
    let list = List(("repositories", &op.owner));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let own = match &op.owner {
        Some(owner) => me(client, cx).await?.is_some_and(|login| login.eq_ignore_ascii_case(owner)),
        None => false,
    };
    let by_name = async |request: Request<'_>| {
        paged(part, request).query("sort", "full_name").query("direction", "asc").full::<Vec<Repo>>(cx).await
    };
    let answer = match &op.owner {
        None => match by_name(client.get(at!["user", "repos"])).await {
            // An app is no user; what it was installed for is what it sees.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let request = paged(part, client.get(at!["installation", "repositories"]));
                let Answer { value, headers, status } = request.full::<Installed>(cx).await?;
                Answer { value: value.repositories, headers, status }
            }
            other => other?,
        },
        Some(_) if own => by_name(client.get(at!["user", "repos"]).query("affiliation", "owner")).await?,
        Some(owner) => match by_name(client.get(at!["orgs", owner, "repos"])).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                by_name(client.get(at!["users", owner, "repos"])).await?
            }
            other => other?,
        },
    };
    let items = answer.value.into_iter().map(Repository::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}
