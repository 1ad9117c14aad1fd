//! Trees: what a directory holds, page by page.

use std::fmt;
use std::str::FromStr;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::ListTree;
use mosaic_core::types::git::{EntryKind, TreeEntry};
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;

use super::super::server::{Server, not_found, repo, revision};
use super::super::wire;
use super::commit;
use super::file::{Contents, contents};
use crate::forge::names::FilePath;
use crate::http::{List, Numbered};

/// How many entries the server gives at once.
const WHOLE: u64 = 1000;

#[derive(Debug, Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "wire::list")]
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    total_count: i64,
}

#[derive(Debug, Deserialize)]
struct Entry {
    path: String,
    #[serde(default)]
    mode: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    sha: String,
    #[serde(default)]
    size: i64,
}

impl Entry {
    fn below(self, directory: &str) -> TreeEntry {
        let kind = match (self.kind.as_str(), self.mode.as_str()) {
            ("tree", _) => EntryKind::Directory,
            ("commit", _) => EntryKind::Submodule,
            (_, "120000") => EntryKind::Symlink,
            _ => EntryKind::File,
        };
        let path = match directory {
            "" => self.path,
            directory => format!("{directory}/{}", self.path),
        };
        let mut entry = TreeEntry::new(path, kind, self.sha);
        entry.size = (kind == EntryKind::File).then(|| wire::number(self.size));
        entry
    }
}

/// Where a page begins: the tree, which never changes, and how many of its entries come before.
#[derive(Debug)]
struct Place {
    tree: String,
    offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.tree, self.offset)
    }
}

impl FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (tree, offset) = text.rsplit_once('~').ok_or(())?;
        Ok(Self { tree: tree.to_owned(), offset: offset.parse().map_err(|_| ())? })
    }
}

/// A tree of up to a thousand entries is read whole and put in the order of its paths; a larger one comes in the order of the
/// server, where a directory stands behind the files that its name begins like.
pub(super) async fn list(server: &Server, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let directory = op.path.strip_suffix('/').unwrap_or(&op.path);
    if !op.path.is_empty() {
        FilePath::parse(directory)?;
    }
    let list = List(("tree", &op.repo, &op.at, directory, op.recursive));
    let place = match list.after::<Place>(&op.page)? {
        Some(place) => place,
        None => Place { tree: tree_of(server, cx, &op.repo, at, directory).await?, offset: 0 },
    };
    let ask = async |number: u64, size: u64| {
        let request = server.client.get(repo(&op.repo)?.part("git").part("trees").part(&place.tree));
        let request = request.query("recursive", op.recursive).query("page", number).query("per_page", size);
        request.send::<Wire>(cx).await
    };
    let limit = op.page.limit();
    let whole = ask(1, WHOLE).await?;
    let total = wire::number(whole.total_count).max(whole.tree.len() as u64);
    let (items, end) = if !whole.truncated {
        let mut all: Vec<_> = whole.tree.into_iter().map(|entry| entry.below(directory)).collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        let begin = usize::try_from(place.offset).unwrap_or(usize::MAX).min(all.len());
        let end = begin.saturating_add(limit).min(all.len());
        (all.drain(begin..end).collect::<Vec<_>>(), end as u64)
    } else {
        let part = Numbered::at(place.offset, limit)?;
        let entries = ask(part.number(), part.size).await?.tree;
        (entries.into_iter().map(|entry| entry.below(directory)).collect(), part.offset + part.size)
    };
    let next = (end < total).then(|| list.cursor(Place { tree: place.tree.clone(), offset: end }));
    Ok(Page::new(items, next))
}

/// The id of the tree of a directory.
async fn tree_of(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    at: Option<&str>,
    directory: &str,
) -> Result<String> {
    let commit = commit::resolve(server, cx, of, at).await?;
    if directory.is_empty() {
        let tree = commit.commit.and_then(|inner| inner.tree).map(|tree| tree.sha);
        return Ok(tree.filter(|tree| !tree.is_empty()).unwrap_or(commit.sha));
    }
    let (parent, name) = directory.rsplit_once('/').unwrap_or(("", directory));
    let found = contents(server, cx, of, parent, Some(&commit.sha)).await?;
    let entries = match found {
        Some(Contents::Directory(entries)) => entries,
        _ => Vec::new(),
    };
    let directory_of =
        |entry: super::file::Entry| (entry.name == name && entry.kind == "dir").then_some(entry.sha);
    entries
        .into_iter()
        .find_map(directory_of)
        .ok_or_else(|| not_found(format!("there is no directory {directory} in {of} at {}", commit.sha)))
}
