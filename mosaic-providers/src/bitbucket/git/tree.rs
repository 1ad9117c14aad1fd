//! Trees: what a directory holds, page by page.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::ListTree;
use mosaic_core::types::Page;
use mosaic_core::types::git::{EntryKind, TreeEntry};
use serde::Deserialize;

use super::super::cloud::{Cloud, not_found, repo, revision};
use super::super::page::{self, MOST, NoPlace, Place};
use super::super::wire;
use super::{commit, file};
use crate::forge::names::FilePath;
use crate::http::List;

/// How many pages of a tree are read to put them in order.
const PAGES: usize = 10;
/// Deeper than any directory.
const DEPTH: &str = "1000";

#[derive(Debug, Deserialize)]
struct Entry {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    size: Option<i64>,
    #[serde(default, deserialize_with = "wire::words")]
    attributes: Vec<String>,
}

impl Entry {
    fn at(self, commit: &str) -> TreeEntry {
        let has = |attribute: &str| self.attributes.iter().any(|other| other == attribute);
        let kind = match self.kind.as_str() {
            "commit_directory" => EntryKind::Directory,
            _ if has("subrepository") => EntryKind::Submodule,
            _ if has("link") => EntryKind::Symlink,
            _ => EntryKind::File,
        };
        let path = self.path.trim_end_matches('/');
        let mut entry = TreeEntry::new(path, kind, format!("{commit}:{path}"));
        entry.size = self.size.filter(|_| kind == EntryKind::File).map(wire::number);
        entry
    }
}

/// Where a page begins: in the tree of a commit, which never changes. A place without a query is one in the sorted whole.
#[derive(Debug)]
struct Spot {
    commit: String,
    place: Place,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.commit, self.place)
    }
}

impl FromStr for Spot {
    type Err = NoPlace;

    fn from_str(text: &str) -> std::result::Result<Self, NoPlace> {
        let (commit, place) = text.split_once('~').ok_or(NoPlace)?;
        Ok(Self { commit: commit.to_owned(), place: place.parse()? })
    }
}

/// A tree of up to a thousand entries is read whole and put in the order of its paths; a larger one comes in the order of
/// Bitbucket.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let directory = op.path.strip_suffix('/').unwrap_or(&op.path);
    if !op.path.is_empty() {
        FilePath::parse(directory)?;
    }
    let list = List(("tree", &op.repo, &op.at, directory, op.recursive));
    let spot = match list.after::<Spot>(&op.page)? {
        Some(spot) => spot,
        None => {
            let commit = commit::resolve(cloud, cx, &op.repo, at).await?;
            if !directory.is_empty() && !file::is_directory(cloud, cx, &op.repo, &commit, directory).await? {
                let text = format!("there is no directory {directory} in {} at {commit}", op.repo);
                return Err(not_found(text));
            }
            Spot { commit, place: Place { skip: 0, query: String::new() } }
        }
    };
    let Spot { commit, place } = spot;
    let path = match directory {
        "" => repo(&op.repo)?.part("src").part(&commit).directory(),
        directory => file::place(&op.repo, &commit, directory)?,
    };
    let filters: &[(&str, &str)] = if op.recursive { &[("max_depth", DEPTH)] } else { &[] };
    let limit = op.page.limit().min(MOST);
    if place.query.is_empty()
        && let Some(all) = page::all::<Entry>(cloud, cx, &path, filters, PAGES).await?
    {
        let mut all: Vec<_> = all.into_iter().map(|entry| entry.at(&commit)).collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        let begin = place.skip.min(all.len());
        let end = (begin + limit).min(all.len());
        let next = (end < all.len()).then_some(Place { skip: end, query: String::new() });
        let items = all.drain(begin..end).collect();
        return Ok(Page::new(items, next.map(|place| list.cursor(Spot { commit, place }))));
    }
    let place = match place.query.is_empty() {
        true => Place { skip: 0, query: page::first(filters, limit) },
        false => place,
    };
    let (items, next) = page::read::<Entry>(cloud, cx, path, place, limit).await?;
    let items = items.into_iter().map(|entry| entry.at(&commit)).collect();
    Ok(Page::new(items, next.map(|place| list.cursor(Spot { commit, place }))))
}
