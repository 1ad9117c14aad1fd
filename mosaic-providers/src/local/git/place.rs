//! Where a file is in the trees of a commit, or would be.

use mosaic_core::error::Result;

use super::fault;
use super::names::FilePath;
use super::object::{DIRECTORY, EXECUTABLE, FILE, ObjectId, Reader, TreeEntry, parse_tree};
use super::store::Repo;

/// The trees on the way to a file.
pub(super) struct Place {
    /// The rows of each directory from the root down to the file's own.
    levels: Vec<Vec<TreeEntry>>,
    /// What is there, whatever it is.
    pub(super) entry: Option<TreeEntry>,
    /// How many parts of the path lead to something above it that is no directory.
    blocked: Option<usize>,
}

impl Place {
    /// Looks a path up in the tree of a commit; without a commit there is nothing yet.
    pub(super) async fn find(reader: &mut Reader, tip: Option<&ObjectId>, path: &FilePath) -> Result<Self> {
        let parts = path.components();
        let mut place = Self { levels: Vec::with_capacity(parts.len()), entry: None, blocked: None };
        let mut next = tip.map(|tip| format!("{tip}^{{tree}}"));
        for (depth, part) in parts.iter().enumerate() {
            let rows = match next.take() {
                None => Vec::new(),
                Some(name) => match reader.contents(&name).await? {
                    Some((header, raw)) => parse_tree(&raw, &header.id)?,
                    None => return Err(fault::unreadable("a tree of the branch is missing")),
                },
            };
            let found = rows.iter().find(|row| row.name == part.as_bytes()).cloned();
            place.levels.push(rows);
            match found {
                found if depth + 1 == parts.len() => place.entry = found,
                Some(row) if row.mode == DIRECTORY => next = Some(row.id.to_string()),
                Some(_) => {
                    place.blocked = Some(depth + 1);
                    break;
                }
                None => {}
            }
        }
        Ok(place)
    }

    /// Fails where a file cannot be written there.
    pub(super) fn check_writable(&self, path: &FilePath) -> Result<()> {
        if let Some(depth) = self.blocked {
            let above = path.components()[..depth].join("/");
            return Err(fault::conflict(format!("{path} cannot be written: {above} is a file")));
        }
        match &self.entry {
            Some(row) if !matches!(row.mode.as_str(), FILE | EXECUTABLE | "100664") => {
                // Writing through a link would change another file than the one that was named.
                Err(fault::conflict(format!("{path} is a directory, a link or a submodule")))
            }
            _ => Ok(()),
        }
    }

    /// The root tree with this mode and blob at the path, or with nothing there: one new tree for each directory on the way,
    /// the deepest first. A directory that loses its last row is no row of the one above.
    pub(super) async fn with(
        mut self,
        repo: &Repo<'_>,
        path: &FilePath,
        mut leaf: Option<(String, ObjectId)>,
    ) -> Result<ObjectId> {
        let mut parts = path.components();
        loop {
            let mut rows = self.levels.pop().unwrap_or_default();
            if let Some(part) = parts.pop() {
                rows.retain(|row| row.name != part.as_bytes());
                rows.extend(leaf.map(|(mode, id)| TreeEntry { mode, id, name: part.as_bytes().to_vec() }));
            }
            if parts.is_empty() {
                return repo.write_tree(&rows).await;
            }
            leaf = match rows.as_slice() {
                [] => None,
                rows => Some((DIRECTORY.to_owned(), repo.write_tree(rows).await?)),
            };
        }
    }
}
