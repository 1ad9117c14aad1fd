//! Commits: one of them, and the history from one backwards.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::git::{GetCommit, ListCommits};
use mosaic_core::types::git::{Commit, Signature};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;

use super::super::cloud::{Cloud, not_found, repo, revision};
use super::super::page::{self, MOST, NoPlace, Place};
use super::super::wire::{self, moment};
use super::{branch, repository};
use crate::forge::names::{FilePath, is_object_id};
use crate::http::List;

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    pub(super) hash: String,
    #[serde(default)]
    message: String,
    author: Option<Author>,
    #[serde(default, deserialize_with = "moment")]
    date: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::list")]
    parents: Vec<Parent>,
}

#[derive(Debug, Deserialize)]
struct Author {
    /// `Name <address>`, as git has it.
    #[serde(default)]
    raw: String,
}

#[derive(Debug, Deserialize)]
struct Parent {
    #[serde(default)]
    hash: String,
}

impl From<Wire> for Commit {
    fn from(wire: Wire) -> Self {
        let raw = wire.author.map(|author| author.raw).unwrap_or_default();
        let (name, email) = raw.rsplit_once('<').unwrap_or((&raw, ""));
        let mut author = Signature::new(name.trim(), email.trim().trim_end_matches('>'));
        author.at = wire.date;
        // Git ends a message with a line feed, which says nothing.
        Commit::new(wire.hash, wire.message.trim_end_matches('\n'), author)
            .parents(wire.parents.into_iter().map(|parent| parent.hash).collect::<Vec<_>>())
    }
}

/// The commit that a branch, tag or id stands for. The list of commits takes every kind of name, where a slash needs no care.
///
/// # Errors
/// `NotFound`.
async fn named(cloud: &Cloud, cx: &CallContext, of: &RepoRef, name: &str) -> Result<Wire> {
    let place = Place { skip: 0, query: page::first(&[("include", name)], 1) };
    let (found, _) = page::read::<Wire>(cloud, cx, repo(of)?.part("commits"), place, 1).await?;
    found.into_iter().next().ok_or_else(|| not_found(format!("there is no {name} in {of}")))
}

/// The id of the commit that a branch, tag or id stands for; that of the main branch where none is named.
///
/// # Errors
/// `NotFound`, also in a repository without a commit.
pub(in super::super) async fn resolve(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    name: Option<&str>,
) -> Result<String> {
    match name {
        Some(name) => Ok(named(cloud, cx, of, name).await?.hash),
        None => {
            let main = repository::main_branch(cloud, cx, of).await?;
            Ok(branch::fetch(cloud, cx, of, &main).await?.commit)
        }
    }
}

/// The whole id that a shortened one stands for, as pull requests have them; none where the commit is gone.
pub(super) async fn whole(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    hash: &str,
) -> Result<Option<String>> {
    if is_object_id(hash) {
        return Ok(Some(hash.to_owned()));
    }
    let found: Option<Wire> = cloud.client.get(repo(of)?.part("commit").part(hash)).find(cx).await?;
    Ok(found.map(|wire| wire.hash))
}

pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetCommit) -> Result<Commit> {
    let name = revision("commit", &op.commit)?;
    Ok(named(cloud, cx, &op.repo, name).await?.into())
}

/// Where a page of commits begins: in the history of the commit that the first page began at.
#[derive(Debug)]
struct Spot {
    anchor: String,
    place: Place,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.anchor, self.place)
    }
}

impl FromStr for Spot {
    type Err = NoPlace;

    fn from_str(text: &str) -> std::result::Result<Self, NoPlace> {
        let (anchor, place) = text.split_once('~').ok_or(NoPlace)?;
        Ok(Self { anchor: anchor.to_owned(), place: place.parse()? })
    }
}

/// The pages of one list all belong to the history of the commit that the first one began at, so a branch that moves on moves
/// nothing.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let path = op.path.as_deref().map(FilePath::parse).transpose()?;
    let list = List(("commits", &op.repo, &op.at, &op.path));
    let limit = op.page.limit().min(MOST);
    let Spot { anchor, place } = match list.after::<Spot>(&op.page)? {
        Some(spot) => spot,
        None => {
            let anchor = resolve(cloud, cx, &op.repo, at).await?;
            let mut filters = vec![("include", anchor.as_str())];
            filters.extend(path.as_ref().map(|path| ("path", path.as_str())));
            let query = page::first(&filters, limit);
            Spot { anchor, place: Place { skip: 0, query } }
        }
    };
    let found = page::read::<Wire>(cloud, cx, repo(&op.repo)?.part("commits"), place, limit).await;
    let (items, next) = match found {
        // A path that no commit touched may be as missing as a commit is.
        Err(error) if path.is_some() && error.kind() == ErrorKind::NotFound => return Ok(Page::last(vec![])),
        found => found?,
    };
    let next = next.map(|place| list.cursor(Spot { anchor, place }));
    Ok(Page::new(items.into_iter().map(Commit::from).collect(), next))
}
