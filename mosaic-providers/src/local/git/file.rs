//! Files: read at a commit, and written or deleted as one.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::{DeleteFile, GetFile, WriteFile};
use mosaic_core::types::git::{FileContent, FileDeleted, FileWritten};
use mosaic_core::types::{Blob, RepoRef};

use super::commit::{caller, said};
use super::exec::OUTPUT_LIMIT;
use super::fault;
use super::names::{self, BranchName, FilePath, Revision};
use super::object::{DIRECTORY, FILE, NewCommit, Reader, TreeEntry};
use super::place::Place;
use super::refs::{ROUNDS, Swap, contended, no_branch};
use super::store::Store;

pub(super) async fn get(store: &Store, op: GetFile) -> Result<FileContent> {
    let path = FilePath::parse(&op.path)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let repo = store.repo(&op.repo).await?;
    let named = at.is_some();
    let at = repo.or_default(at).await?;
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
        place.check_writable(&path)?;
        check_expected(op.expected.as_deref(), place.entry.as_ref(), &path, &branch)?;
        if let (Some(tip), Some(entry)) = (&tip, &place.entry)
            && entry.id == blob
        {
            return Ok(FileWritten::new(path.as_str(), blob.as_str(), tip.as_str()).unchanged(true));
        }
        let mode = place.entry.as_ref().map_or(FILE, |entry| entry.mode.as_str()).to_owned();
        let verb = if place.entry.is_some() { "Update" } else { "Create" };
        let tree = place.with(&repo, &path, Some((mode, blob.clone()))).await?;
        let plain = format!("{verb} {path}");
        let message = said(op.message.as_deref(), &plain);
        let (me, parents) = (caller(cx), tip.iter().collect::<Vec<_>>());
        let commit = NewCommit { tree: &tree, parents: &parents, message, author: &me, committer: &me };
        let commit = repo.write_commit(commit).await?;
        if repo.swap(cx, &branch, tip.as_ref(), Some(&commit)).await? == Swap::Done {
            return Ok(FileWritten::new(path.as_str(), blob.as_str(), commit.as_str()));
        }
    }
    Err(contended(&op.repo, &branch))
}

/// Deletes a file, as [`write`] writes one. Directories that have nothing else in them go with it, as git keeps none.
pub(super) async fn delete(store: &Store, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
    let path = FilePath::parse(&op.path)?;
    let branch = op.branch.as_deref().map(|branch| BranchName::parse("branch", branch)).transpose()?;
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let repo = store.writable(&op.repo).await?;
    let named = branch.is_some();
    let branch = match branch {
        Some(branch) => branch,
        None => BranchName::parse("branch", &repo.default_branch().await?)?,
    };
    for _ in 0..ROUNDS {
        let mut reader = Reader::start(&repo)?;
        let tip = reader.branch(&branch).await?.ok_or_else(|| {
            // Nobody asked for the default branch by name; what is missing is the file.
            if named { no_branch(&op.repo, &branch) } else { no_file(&op.repo, &path) }
        })?;
        let place = Place::find(&mut reader, Some(&tip), &path).await?;
        let entry = place.entry.as_ref().filter(|entry| entry.mode != DIRECTORY);
        let entry = entry.ok_or_else(|| no_file(&op.repo, &path))?;
        check_expected(op.expected.as_deref(), Some(entry), &path, &branch)?;
        let tree = place.with(&repo, &path, None).await?;
        let plain = format!("Delete {path}");
        let message = said(op.message.as_deref(), &plain);
        let me = caller(cx);
        let commit = NewCommit { tree: &tree, parents: &[&tip], message, author: &me, committer: &me };
        let commit = repo.write_commit(commit).await?;
        if repo.swap(cx, &branch, Some(&tip), Some(&commit)).await? == Swap::Done {
            return Ok(FileDeleted::new(path.as_str(), commit.as_str()));
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
