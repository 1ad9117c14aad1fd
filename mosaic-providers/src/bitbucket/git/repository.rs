//! Repositories.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::git::{
    CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository,
};
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::super::cloud::{Cloud, conflict, named, not_found, repo, unclear, unsupported};
use super::super::page::{self, Listing, MOST, NoPlace, Place};
use super::super::wire::{self, Link, moment, reference, text};
use super::branch;
use crate::forge::names::{self, BranchName};
use crate::http::{List, at};

/// Where the first commit goes.
pub(super) const FIRST_BRANCH: &str = "main";
/// Nobody is in so many workspaces that they fill more pages.
const PAGES_OF_WORKSPACES: usize = 20;

#[derive(Debug, Deserialize)]
pub(in super::super) struct Wire {
    full_name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    is_private: bool,
    /// None before the first commit.
    #[serde(default)]
    mainbranch: Option<MainBranch>,
    #[serde(default)]
    links: Links,
    #[serde(default, deserialize_with = "moment")]
    created_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_on: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct MainBranch {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    #[serde(default)]
    html: Option<Link>,
    #[serde(default, deserialize_with = "wire::list")]
    clone: Vec<Link>,
}

impl Wire {
    /// What it is called now.
    pub(super) fn reference(&self) -> RepoRef {
        reference(&self.full_name)
    }

    /// The main branch; none before the first commit.
    pub(in super::super) fn main_branch(&self) -> Option<&str> {
        self.mainbranch.as_ref().map(|branch| branch.name.as_str()).filter(|name| !name.is_empty())
    }
}

impl From<Wire> for Repository {
    fn from(wire: Wire) -> Self {
        let main = wire.main_branch().unwrap_or(FIRST_BRANCH);
        let mut repository = Repository::of(wire.reference(), main).private(wire.is_private);
        repository.description = text(wire.description);
        repository.web_url = text(wire.links.html.map(|link| link.href));
        let clone = wire.links.clone.into_iter().find(|link| link.name == "https");
        repository.clone_url = text(clone.map(|link| link.href));
        (repository.created_at, repository.updated_at) = (wire.created_on, wire.updated_on);
        repository
    }
}

/// A repository as Bitbucket sends it.
pub(in super::super) async fn fetch(cloud: &Cloud, cx: &CallContext, of: &RepoRef) -> Result<Wire> {
    cloud.client.get(repo(of)?).send(cx).await
}

/// The main branch by its name.
///
/// # Errors
/// `NotFound` before the first commit.
pub(in super::super) async fn main_branch(cloud: &Cloud, cx: &CallContext, of: &RepoRef) -> Result<String> {
    let wire = fetch(cloud, cx, of).await?;
    let main = wire.main_branch().map(str::to_owned);
    main.ok_or_else(|| not_found(format!("there is no commit in {of} yet")))
}

/// The branch of the first commit is the default one, so no other can be asked for before.
pub(super) async fn create(cloud: &Cloud, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
    let place = repo(&op.repo)?;
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    if let Some(branch) = &op.default_branch {
        BranchName::parse("default_branch", branch)?;
        if branch != FIRST_BRANCH {
            return Err(unsupported(format!(
                "Bitbucket makes the branch of the first commit the default one: leave default_branch out, write to \
                 {branch} first"
            )));
        }
    }
    let body = named(json!({
        "scm": "git",
        "is_private": op.private,
        "description": op.description,
        "project": cloud.project.as_ref().map(|key| json!({ "key": key })),
    }));
    match cloud.client.post(place.clone()).json(&body).send::<Wire>(cx).await {
        Ok(wire) => Ok(wire.into()),
        // What is wrong is told in words only.
        Err(error) if error.kind() == ErrorKind::Invalid => {
            match cloud.client.get(place).find::<Wire>(cx).await {
                Ok(Some(_)) => Err(conflict(format!("there is a repository {} already", op.repo))),
                _ => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetRepository) -> Result<Repository> {
    Ok(fetch(cloud, cx, &op.repo).await?.into())
}

/// A change of what is not there would make it, so it is read first; under a new name where it was renamed.
pub(super) async fn update(cloud: &Cloud, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
    if let Some(description) = &op.description {
        names::line("description", description)?;
    }
    if let Some(name) = &op.default_branch {
        BranchName::parse("default_branch", name)?;
    }
    if op.archived == Some(true) {
        names::hosted(&op.repo)?;
        return Err(unsupported("Bitbucket has no archived repositories"));
    }
    let now = fetch(cloud, cx, &op.repo).await?;
    let of = now.reference();
    if let Some(name) = &op.default_branch {
        branch::fetch(cloud, cx, &of, name).await?;
    }
    let body = named(json!({
        "description": op.description,
        "is_private": op.private,
        "mainbranch": op.default_branch.as_ref().map(|name| json!({ "type": "branch", "name": name })),
    }));
    if body.as_object().is_none_or(|fields| fields.is_empty()) {
        return Ok(now.into());
    }
    Ok(cloud.client.put(repo(&of)?).json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn delete(cloud: &Cloud, cx: &CallContext, op: DeleteRepository) -> Result<()> {
    cloud.client.delete(repo(&op.repo)?).done(cx).await.map(|_| ())
}

pub(in super::super) async fn list(
    cloud: &Cloud,
    cx: &CallContext,
    op: ListRepositories,
) -> Result<Page<Repository>> {
    let Some(owner) = &op.owner else { return of_all(cloud, cx, op).await };
    names::owner(owner)?;
    let listing = Listing {
        list: List(("repositories", owner)),
        path: at!["repositories", owner],
        filters: &[("sort", "name")],
        most: MOST,
    };
    listing.page(cloud, cx, &op.page, |wire: Wire| Some(Repository::from(wire))).await
}

/// Where a page of everybody's repositories begins: in a workspace.
#[derive(Debug)]
struct Spot {
    owner: String,
    place: Place,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.owner, self.place)
    }
}

impl FromStr for Spot {
    type Err = NoPlace;

    fn from_str(text: &str) -> std::result::Result<Self, NoPlace> {
        let (owner, place) = text.split_once('~').ok_or(NoPlace)?;
        Ok(Self { owner: owner.to_owned(), place: place.parse()? })
    }
}

#[derive(Debug, Deserialize)]
struct Access {
    workspace: Option<Workspace>,
}

#[derive(Debug, Deserialize)]
struct Workspace {
    #[serde(default)]
    slug: String,
}

/// There is no list across workspaces any more: those of whoever asks are gone through, one after the other.
async fn of_all(cloud: &Cloud, cx: &CallContext, op: ListRepositories) -> Result<Page<Repository>> {
    let list = List("repositories of all");
    let spot = list.after::<Spot>(&op.page)?;
    let path = at!["user", "workspaces"];
    let found = page::all::<Access>(cloud, cx, &path, &[], PAGES_OF_WORKSPACES).await?;
    let found = found.ok_or_else(|| unclear("the list of workspaces does not end"))?;
    let slugs = found.into_iter().filter_map(|access| text(access.workspace?.slug));
    let mut owners: Vec<String> = slugs.collect();
    owners.sort_unstable();
    let begin = spot.as_ref().map_or("", |spot| spot.owner.as_str()).to_owned();
    let mut owners = owners.into_iter().filter(|owner| *owner >= begin).peekable();
    let mut given = spot.filter(|spot| owners.peek() == Some(&spot.owner)).map(|spot| spot.place);
    let limit = op.page.limit().min(MOST);
    while let Some(owner) = owners.next() {
        let place = match given.take() {
            Some(place) => place,
            None => Place { skip: 0, query: page::first(&[("sort", "name")], limit) },
        };
        let (items, next) = page::read::<Wire>(cloud, cx, at!["repositories", &owner], place, limit).await?;
        let fresh = || Place { skip: 0, query: page::first(&[("sort", "name")], limit) };
        let next = match (next, owners.peek()) {
            (Some(place), _) => Some(Spot { owner, place }),
            (None, Some(after)) => Some(Spot { owner: after.clone(), place: fresh() }),
            (None, None) => None,
        };
        if !items.is_empty() || next.is_none() {
            let items = items.into_iter().map(Repository::from).collect();
            return Ok(Page::new(items, next.map(|spot| list.cursor(spot))));
        }
    }
    Ok(Page::last(Vec::new()))
}
