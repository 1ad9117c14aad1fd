//! Trees: what a directory holds.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::ListTree;
use mosaic_core::types::git::{EntryKind, TreeEntry};
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;

use super::{at_repo, commit};
use crate::forge::names::{self, FilePath, Revision};
use crate::forge::pin::Pin;
use crate::http::{Client, List, limit_of};

#[derive(Deserialize)]
struct Tree {
    sha: String,
    tree: Vec<Row>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Row {
    path: String,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    sha: String,
    size: Option<u64>,
}

impl Row {
    /// The same as an entry below a directory.
    fn below(self, directory: &str) -> TreeEntry {
        let kind = match (self.kind.as_str(), self.mode.as_str()) {
            ("tree", _) => EntryKind::Directory,
            ("commit", _) => EntryKind::Submodule,
            (_, "120000") => EntryKind::Symlink,
            _ => EntryKind::File,
        };
        let path = if directory.is_empty() { self.path } else { format!("{directory}/{}", self.path) };
        let mut entry = TreeEntry::new(path, kind, self.sha);
        entry.size = self.size.filter(|_| kind == EntryKind::File);
        entry
    }
}

/// Lists a directory by path. GitHub gives a tree whole and in the order of git; the cursor names the tree, so that pages fit
/// together.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
    names::hosted(&op.repo)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    // A directory may end with a slash.
    let path = op.path.strip_suffix('/').unwrap_or(&op.path);
    if !op.path.is_empty() {
        FilePath::parse(path)?;
    }
    let list = List(("tree", &op.repo, &op.at, path, op.recursive));
    let (id, offset) = match list.after::<Pin>(&op.page)? {
        Some(pin) => (pin.id, pin.offset),
        None => match find(client, cx, &op.repo, at.as_ref(), path).await? {
            Some(id) => (id, 0),
            None => return Ok(Page::last(Vec::new())),
        },
    };
    let tree = read(client, cx, &op.repo, &id, op.recursive).await?;
    if tree.truncated {
        let text = format!(
            "the tree of {} is too large to be listed at once: list its directories one by one",
            op.repo
        );
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let mut entries: Vec<_> = tree.tree.into_iter().map(|row| row.below(path)).collect();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let limit = limit_of(&op.page, usize::MAX);
    let total = entries.len() as u64;
    let end = offset.saturating_add(limit as u64);
    let skip = usize::try_from(offset).unwrap_or(usize::MAX);
    let items = entries.into_iter().skip(skip).take(limit).collect();
    let next = (end < total).then(|| list.cursor(Pin { id: tree.sha, offset: end }));
    Ok(Page::new(items, next))
}

async fn read(client: &Client, cx: &CallContext, repo: &RepoRef, id: &str, recursive: bool) -> Result<Tree> {
    let path = at_repo(repo).part("git").part("trees").part(id);
    client.get(path).maybe("recursive", recursive.then_some(1)).send(cx).await
}

/// The tree of a directory, one directory after the other; none where nothing was committed yet.
async fn find(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    at: Option<&Revision>,
    path: &str,
) -> Result<Option<String>> {
    let mut id = match commit::resolve(client, cx, repo, at).await {
        Ok(id) => id,
        // An empty repository says so by this status.
        Err(error) if error.status_code() == Some(409) && at.is_none() && path.is_empty() => return Ok(None),
        Err(error) => return Err(error),
    };
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let rows = read(client, cx, repo, &id, false).await?.tree;
        let below = rows.into_iter().find(|row| row.path == name && row.kind == "tree");
        id = below.map(|row| row.sha).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no directory {path} in {repo}"))
        })?;
    }
    Ok(Some(id))
}
