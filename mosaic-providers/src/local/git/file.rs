//! Files: read at a commit, and written as one.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::{GetFile, WriteFile};
use mosaic_core::types::git::{FileContent, FileWritten};
use mosaic_core::types::{Blob, RepoRef};

use super::commit::caller;
use super::exec::OUTPUT_LIMIT;
use super::fault;
use super::names::{self, BranchName, FilePath, Revision};
use super::object::{DIRECTORY, EXECUTABLE, FILE, NewCommit, ObjectId, Reader, TreeEntry, parse_tree};
use super::refs::{ROUNDS, Swap, contended, no_branch};
use super::store::{Repo, Store};

pub(super) async fn get(store: &Store, op: GetFile) -> Result<FileContent> {
    let path = FilePath::parse(&op.path)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let repo = store.repo(&op.repo).await?;
    let named = at.is_some();
    let at = match at {
        Some(at) => at,
        None => Revision::parse("at", &repo.default_branch().await?)?,
    };
    let mut reader = Reader::start(&repo)?;
    let commit = reader.commit(&op.repo, &at).await.map_err(|error| {
        // Nobody asked for the default branch by name; what is missing is the file.
        if named || error.kind() != mosaic_core::ErrorKind::NotFound {
            error
        } else {
            no_file(&op.repo, &path)
        }
    })?;
    let name = format!("{commit}:{path}");
    match reader.info(&name).await? {
        None => Err(no_file(&op.repo, &path)),
        Some(header) if header.kind != "blob" => {
            Err(fault::not_found(format!("{path} in {} is a directory", op.repo)))
        }
        Some(_) => match reader.contents(&name).await? {
            Some((header, content)) => {
                Ok(FileContent::new(path.as_str(), header.id.as_str(), commit.as_str(), Blob::guess(content)))
            }
            None => Err(no_file(&op.repo, &path)),
        },
    }
}

fn no_file(repo: &RepoRef, path: &FilePath) -> Error {
    fault::not_found(format!("there is no file {path} in {repo}"))
}

/// Writes a file. Blob, trees and commit are stored first, where nobody sees them; moving the branch is the one step that
/// counts. Where the branch moved meanwhile, the trees are made anew on top of what is there now.
pub(super) async fn write(store: &Store, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
    let path = FilePath::parse(&op.path)?;
    let branch = op.branch.as_deref().map(|branch| BranchName::parse("branch", branch)).transpose()?;
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    if op.content.bytes.len() > OUTPUT_LIMIT {
        return Err(fault::invalid(format!("content: at most {OUTPUT_LIMIT} bytes can be written")));
    }
    let repo = store.writable(&op.repo).await?;
    let default = repo.default_branch().await?;
    let branch = match branch {
        Some(branch) => branch,
        None => BranchName::parse("branch", &default)?,
    };
    let blob = repo.write_blob(op.content.bytes.clone()).await?;
    for _ in 0..ROUNDS {
        let mut reader = Reader::start(&repo)?;
        let tip = reader.branch(&branch).await?;
        if tip.is_none() && (branch.as_str() != default || !repo.tips().await?.is_empty()) {
            return Err(no_branch(&op.repo, &branch));
        }
        let place = Place::find(&mut reader, tip.as_ref(), &path).await?;
        check_expected(op.expected.as_deref(), place.entry.as_ref(), &path, &branch)?;
        if let (Some(tip), Some(entry)) = (&tip, &place.entry)
            && entry.id == blob
        {
            return Ok(FileWritten::new(path.as_str(), blob.as_str(), tip.as_str()).unchanged(true));
        }
        let verb = if place.entry.is_some() { "Update" } else { "Create" };
        let tree = place.with(&repo, &path, &blob).await?;
        let plain = format!("{verb} {path}");
        let message = op.message.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&plain);
        let (me, parents) = (caller(cx), tip.iter().collect::<Vec<_>>());
        let commit = NewCommit { tree: &tree, parents: &parents, message, author: &me, committer: &me };
        let commit = repo.write_commit(commit).await?;
        if repo.swap(cx, &branch, tip.as_ref(), Some(&commit)).await? == Swap::Done {
            return Ok(FileWritten::new(path.as_str(), blob.as_str(), commit.as_str()));
        }
    }
    Err(contended(&op.repo, &branch))
}

fn check_expected(
    expected: Option<&str>,
    entry: Option<&TreeEntry>,
    path: &FilePath,
    branch: &BranchName,
) -> Result<()> {
    let current = entry.map(|entry| entry.id.as_str());
    let Some(expected) = expected else { return Ok(()) };
    match current {
        None if expected.is_empty() => Ok(()),
        Some(current) if current.eq_ignore_ascii_case(expected) => Ok(()),
        None => {
            Err(fault::conflict(format!("{path} is not on {branch}, although another version was expected")))
        }
        Some(_) if expected.is_empty() => Err(fault::conflict(format!("{path} is on {branch} already"))),
        Some(current) => {
            Err(fault::conflict(format!("{path} on {branch} has another version than expected"))
                .context("current", current))
        }
    }
}

/// Where a file is in the trees of a commit, or would be.
struct Place {
    /// The rows of each directory from the root down to the file's own.
    levels: Vec<Vec<TreeEntry>>,
    entry: Option<TreeEntry>,
}

impl Place {
    async fn find(reader: &mut Reader, tip: Option<&ObjectId>, path: &FilePath) -> Result<Self> {
        let parts = path.components();
        let mut levels = Vec::with_capacity(parts.len());
        let mut next = tip.map(|tip| format!("{tip}^{{tree}}"));
        let mut entry = None;
        for (depth, part) in parts.iter().enumerate() {
            let rows = match next.take() {
                None => Vec::new(),
                Some(name) => match reader.contents(&name).await? {
                    Some((header, raw)) => parse_tree(&raw, &header.id)?,
                    None => return Err(fault::unreadable("a tree of the branch is missing")),
                },
            };
            let found = rows.iter().find(|row| row.name == part.as_bytes()).cloned();
            levels.push(rows);
            let last = depth + 1 == parts.len();
            match found {
                Some(row) if last && matches!(row.mode.as_str(), FILE | EXECUTABLE | "100664") => {
                    entry = Some(row)
                }
                // Writing through a link would change another file than the one that was named.
                Some(_) if last => {
                    return Err(fault::conflict(format!("{path} is a directory, a link or a submodule")));
                }
                Some(row) if row.mode == DIRECTORY => next = Some(row.id.to_string()),
                Some(_) => {
                    let above = parts[..=depth].join("/");
                    return Err(fault::conflict(format!("{path} cannot be written: {above} is a file")));
                }
                None => {}
            }
        }
        Ok(Self { levels, entry })
    }

    /// The root tree with the file in it: one new tree for each directory on the way, the deepest first.
    async fn with(mut self, repo: &Repo<'_>, path: &FilePath, blob: &ObjectId) -> Result<ObjectId> {
        let mode = self.entry.as_ref().map_or(FILE, |entry| entry.mode.as_str()).to_owned();
        let (mut mode, mut id) = (mode, blob.clone());
        for part in path.components().into_iter().rev() {
            let mut rows = self.levels.pop().unwrap_or_default();
            rows.retain(|row| row.name != part.as_bytes());
            rows.push(TreeEntry { mode, id, name: part.as_bytes().to_vec() });
            id = repo.write_tree(&rows).await?;
            mode = DIRECTORY.to_owned();
        }
        Ok(id)
    }
}
