//! Files: read, and written as commits of one file each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{DeleteFile, GetFile, WriteFile};
use mosaic_core::types::git::{FileContent, FileDeleted, FileWritten};
use mosaic_core::types::{Blob, RepoRef};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::wire::Sha;
use super::{at_repo, commit};
use crate::forge::names::{self, BranchName, FilePath, Revision};
use crate::http::{Client, Path};

/// How often a write is begun anew where another one came between. Of those that meet, one gets through each time.
const ATTEMPTS: usize = 12;

#[derive(Deserialize)]
#[serde(untagged)]
enum Contents {
    One(Entry),
    /// What a directory holds.
    #[expect(dead_code, reason = "only that it is none of the other kind counts")]
    Many(Vec<IgnoredAny>),
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    sha: String,
    size: u64,
    encoding: Option<String>,
    content: Option<String>,
}

/// What a path stands for.
enum Place {
    File(Entry),
    Directory,
    Nothing,
}

/// The path of a file as one segment.
fn at_file(repo: &RepoRef, path: &FilePath) -> Path {
    at_repo(repo).part("contents").part(path)
}

/// Looks a path up, at a branch or commit, or at the default branch.
async fn look(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    path: &FilePath,
    at: Option<&str>,
) -> Result<Place> {
    let found = client.get(at_file(repo, path)).maybe("ref", at).find::<Contents>(cx).await?;
    Ok(match found {
        Some(Contents::One(entry)) if entry.kind == "file" => Place::File(entry),
        Some(_) => Place::Directory,
        None => Place::Nothing,
    })
}

/// The bytes of a file: in the answer, or, where it is large, by another request.
async fn bytes(client: &Client, cx: &CallContext, repo: &RepoRef, entry: &Entry) -> Result<Vec<u8>> {
    match (&entry.content, entry.encoding.as_deref()) {
        (Some(content), Some("base64")) => decode(content),
        _ if entry.size == 0 => Ok(Vec::new()),
        _ => {
            let path = at_repo(repo).part("git").part("blobs").part(&entry.sha);
            let blob = client.get(path).send::<Large>(cx).await?;
            match blob.encoding.as_str() {
                "base64" => decode(&blob.content),
                _ => Ok(blob.content.into_bytes()),
            }
        }
    }
}

#[derive(Deserialize)]
struct Large {
    content: String,
    encoding: String,
}

fn decode(text: &str) -> Result<Vec<u8>> {
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(text).map_err(|_| {
        Error::new(ErrorKind::Protocol, "GitHub gave content that is no Base64").delivery(Delivery::Answered)
    })
}

/// Fetches a file: first the commit, then the file as that has it.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetFile) -> Result<FileContent> {
    names::hosted(&op.repo)?;
    let path = FilePath::parse(&op.path)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let commit = commit::resolve(client, cx, &op.repo, at.as_ref()).await?;
    let Place::File(entry) = look(client, cx, &op.repo, &path, Some(&commit)).await? else {
        return Err(no_file(&op.repo, &path));
    };
    let content = bytes(client, cx, &op.repo, &entry).await?;
    Ok(FileContent::new(op.path, entry.sha, commit, Blob::guess(content)))
}

fn no_file(repo: &RepoRef, path: &FilePath) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no file {path} in {repo}"))
}

#[derive(Serialize)]
struct Change<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'a str>,
}

#[derive(Deserialize)]
struct Changed {
    content: Option<Sha>,
    commit: Sha,
}

/// Writes a file. GitHub takes a write over a version only: the present one is read first, and read again where another write
/// came between. What is there already is not written.
pub(super) async fn write(client: &Client, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
    names::hosted(&op.repo)?;
    let path = FilePath::parse(&op.path)?;
    check(op.branch.as_deref(), op.message.as_deref())?;
    let plain = format!("Write {path}");
    let message = op.message.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&plain);
    let branch = op.branch.as_deref();
    let encoded = STANDARD.encode(&op.content.bytes);
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let before = match look(client, cx, &op.repo, &path, branch).await? {
            Place::File(entry) => Some(entry),
            Place::Nothing => None,
            Place::Directory => return Err(conflict(format!("{path} is no file in {}", op.repo))),
        };
        expect(op.expected.as_deref(), before.as_ref(), &path)?;
        if let Some(entry) = &before
            && entry.size == op.content.bytes.len() as u64
            && bytes(client, cx, &op.repo, entry).await? == op.content.bytes
        {
            let at = branch.map(|branch| Revision::parse("branch", branch)).transpose()?;
            let commit = commit::resolve(client, cx, &op.repo, at.as_ref()).await?;
            return Ok(FileWritten::new(op.path, entry.sha.as_str(), commit).unchanged(true));
        }
        let sha = before.as_ref().map(|entry| entry.sha.as_str());
        let change = Change { message, content: Some(&encoded), sha, branch };
        let error = match client.put(at_file(&op.repo, &path)).json(&change).send::<Changed>(cx).await {
            Ok(Changed { content: Some(blob), commit }) => {
                return Ok(FileWritten::new(op.path, blob.sha, commit.sha));
            }
            Ok(Changed { content: None, .. }) => return Err(unread()),
            Err(error) => error,
        };
        if before.is_none()
            && matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Invalid)
            && let Some(above) = file_above(client, cx, &op.repo, &path, branch).await?
        {
            return Err(conflict(format!("{path} cannot be written: {above} is a file in {}", op.repo)));
        }
        if !came_between(&error) {
            return Err(error);
        }
        last = Some(error);
    }
    Err(last.unwrap_or_else(unread))
}

/// Deletes a file; like a write.
pub(super) async fn delete(client: &Client, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
    names::hosted(&op.repo)?;
    let path = FilePath::parse(&op.path)?;
    check(op.branch.as_deref(), op.message.as_deref())?;
    let plain = format!("Delete {path}");
    let message = op.message.as_deref().filter(|text| !text.trim().is_empty()).unwrap_or(&plain);
    let branch = op.branch.as_deref();
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let Place::File(entry) = look(client, cx, &op.repo, &path, branch).await? else {
            return Err(no_file(&op.repo, &path));
        };
        expect(op.expected.as_deref(), Some(&entry), &path)?;
        let change = Change { message, content: None, sha: Some(&entry.sha), branch };
        match client.delete(at_file(&op.repo, &path)).json(&change).send::<Changed>(cx).await {
            Ok(changed) => return Ok(FileDeleted::new(op.path, changed.commit.sha)),
            Err(error) if came_between(&error) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(unread))
}

fn check(branch: Option<&str>, message: Option<&str>) -> Result<()> {
    if let Some(branch) = branch {
        BranchName::parse("branch", branch)?;
    }
    message.map(|message| names::text("message", message)).transpose().map(|_| ())
}

/// Compares what is there with the version that is expected; an empty one means no file.
fn expect(expected: Option<&str>, found: Option<&Entry>, path: &FilePath) -> Result<()> {
    match (expected, found) {
        (None, _) | (Some(""), None) => Ok(()),
        (Some(expected), Some(entry)) if entry.sha == expected => Ok(()),
        (Some(""), Some(_)) => Err(conflict(format!("{path} is there already"))),
        (Some(expected), Some(entry)) => {
            Err(conflict(format!("{path} has the blob {} and not {expected}", entry.sha)))
        }
        (Some(expected), None) => Err(conflict(format!("{path} is not there and has no blob {expected}"))),
    }
}

/// Whether the branch moved, or the file came or changed, between the look and the write: nothing was written then.
fn came_between(error: &Error) -> bool {
    error.status_code() == Some(409)
        || (error.status_code() == Some(422) && error.message().contains("\"sha\" wasn't supplied"))
}

/// The file that is where a directory above the path would have to be.
async fn file_above(
    client: &Client,
    cx: &CallContext,
    repo: &RepoRef,
    path: &FilePath,
    at: Option<&str>,
) -> Result<Option<FilePath>> {
    let mut above = path.as_str();
    while let Some((parent, _)) = above.rsplit_once('/') {
        let parent_path = FilePath::parse(parent)?;
        match look(client, cx, repo, &parent_path, at).await? {
            Place::File(_) => return Ok(Some(parent_path)),
            Place::Directory => return Ok(None),
            Place::Nothing => above = parent,
        }
    }
    Ok(None)
}

fn conflict(text: String) -> Error {
    Error::new(ErrorKind::Conflict, text)
}

fn unread() -> Error {
    Error::new(ErrorKind::Protocol, "GitHub wrote a file and did not say which").delivery(Delivery::Answered)
}
