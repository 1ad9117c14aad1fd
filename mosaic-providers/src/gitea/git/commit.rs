//! Commits: one of them, and the history from one backwards.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::git::{GetCommit, ListCommits};
use mosaic_core::types::git::{Commit, Signature};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;

use super::super::server::{Server, not_found, page, repo, revision};
use super::super::wire::{self, Many, perhaps};
use crate::forge::names::FilePath;
use crate::http::{List, Numbered, Request, limit_of};

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    pub(super) sha: String,
    pub(super) commit: Option<Inner>,
    #[serde(default, deserialize_with = "wire::list")]
    pub(super) parents: Vec<Named>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Inner {
    #[serde(default)]
    message: String,
    author: Option<Author>,
    pub(super) tree: Option<Named>,
}

/// An object by its id.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    #[serde(default)]
    pub(super) sha: String,
}

#[derive(Debug, Deserialize)]
struct Author {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    /// Git takes any text for a time.
    #[serde(default, deserialize_with = "perhaps")]
    date: Option<Timestamp>,
}

impl From<Wire> for Commit {
    fn from(wire: Wire) -> Self {
        let (message, author) = wire.commit.map(|inner| (inner.message, inner.author)).unwrap_or_default();
        let author = author.map_or_else(
            || Signature::new("", ""),
            |author| {
                let mut signature = Signature::new(author.name, author.email);
                signature.at = author.date;
                signature
            },
        );
        // Git ends a message with a line feed, which says nothing.
        Commit::new(wire.sha, message.trim_end_matches('\n'), author)
            .parents(wire.parents.into_iter().map(|parent| parent.sha).collect::<Vec<_>>())
    }
}

/// Asks for commits without what costs the server most.
fn plain<'a>(server: &'a Server, of: &RepoRef) -> Result<Request<'a>> {
    let request = server.client.get(repo(of)?.part("commits"));
    Ok(request.query("stat", false).query("verification", false).query("files", false))
}

/// The commit that a branch, tag or id stands for; that of the default branch where none is named.
///
/// The list takes every kind of name, and takes it where a slash needs no care.
///
/// # Errors
/// `NotFound`, also in a repository without a commit.
pub(super) async fn resolve(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    name: Option<&str>,
) -> Result<Wire> {
    let request = plain(server, of)?.maybe("sha", name).query("page", 1).query("limit", 1);
    let found = request.send::<Many<Wire>>(cx).await?.0.into_iter().next();
    found.ok_or_else(|| match name {
        Some(name) => not_found(format!("there is no {name} in {of}")),
        None => not_found(format!("there is no commit in {of} yet")),
    })
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetCommit) -> Result<Commit> {
    let name = revision("commit", &op.commit)?;
    Ok(resolve(server, cx, &op.repo, Some(name)).await?.into())
}

/// Where a page of commits begins: how many come after the commit that the first page began at.
#[derive(Debug)]
struct Place {
    anchor: String,
    offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.anchor, self.offset)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (anchor, offset) = text.rsplit_once('~').ok_or(())?;
        Ok(Self { anchor: anchor.to_owned(), offset: offset.parse().map_err(|_| ())? })
    }
}

/// The pages of one list all count from the commit that the first one began at, so a branch that moves on moves nothing.
pub(super) async fn list(server: &Server, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let path = op.path.as_deref().map(FilePath::parse).transpose()?;
    let list = List(("commits", &op.repo, &op.at, &op.path));
    let place = list.after::<Place>(&op.page)?;
    let offset = place.as_ref().map_or(0, |place| place.offset);
    let part = Numbered::at(offset, limit_of(&op.page, server.most))?;
    let mut anchor = place.map(|place| place.anchor);
    if anchor.is_none() && path.is_some() {
        anchor = Some(resolve(server, cx, &op.repo, at).await?.sha);
    }
    let request = plain(server, &op.repo)?
        .maybe("sha", anchor.as_deref().or(at))
        .maybe("path", path.as_ref())
        .query("page", part.number())
        .query("limit", part.size);
    let answer = match request.full::<Many<Wire>>(cx).await {
        // A path that no commit touched is as missing as a commit is.
        Err(error) if path.is_some() && error.kind() == ErrorKind::NotFound => return Ok(Page::last(vec![])),
        answer => answer?,
    };
    let found = answer.value.0;
    let anchor = anchor.or_else(|| Some(found.first()?.sha.clone()));
    let received = found.len();
    let items = found.into_iter().map(Commit::from).collect();
    let mut page = page(&list, part, items, received, &answer.headers);
    page.next =
        page.next.and(anchor).map(|anchor| list.cursor(Place { anchor, offset: part.offset + part.size }));
    Ok(page)
}
