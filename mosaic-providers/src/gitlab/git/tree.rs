//! Trees: what directories hold.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::ListTree;
use mosaic_core::types::Page;
use mosaic_core::types::git::{EntryKind, TreeEntry};
use serde::Deserialize;

use super::super::client::{GitLab, PAGE, project};
use crate::forge::names::{FilePath, Revision};
use crate::http::{List, Numbered};

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    path: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    mode: Option<String>,
}

impl From<Entry> for TreeEntry {
    fn from(wire: Entry) -> Self {
        let kind = match (wire.kind.as_str(), wire.mode.as_deref()) {
            ("tree", _) => EntryKind::Directory,
            ("commit", _) => EntryKind::Submodule,
            (_, Some("120000")) => EntryKind::Symlink,
            _ => EntryKind::File,
        };
        Self::new(wire.path, kind, wire.id)
    }
}

/// GitLab knows no empty directory but the root of an empty tree: a list without an entry is of no directory.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let path = op.path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(&op.path);
    if !path.is_empty() {
        FilePath::parse(path)?;
    }
    let list = List(("tree", &op.repo, &op.at, path, op.recursive));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&op.repo)?.part("repository").part("tree"));
    let request = request.query("page", page.number()).query("per_page", page.size).maybe("ref", at);
    let request = request.maybe("path", Some(path).filter(|path| !path.is_empty()));
    let request = if op.recursive { request.query("recursive", true) } else { request };
    let answer = request.full::<Vec<Entry>>(cx).await?;
    if answer.value.is_empty() && page.offset == 0 && !path.is_empty() {
        let text = format!("there is no directory {path} in {}", op.repo);
        return Err(Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered));
    }
    let items = answer.value.into_iter().map(TreeEntry::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
