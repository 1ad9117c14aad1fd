//! Files: read at a commit, written and deleted as commits.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{DeleteFile, GetFile, WriteFile};
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{FileContent, FileDeleted, FileWritten};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, conflict, named, not_found, repo, revision};
use super::commit;
use crate::forge::names::{self, BranchName, FilePath};

/// How often a write looks again at a file that others write at the same time.
const ROUNDS: usize = 5;

/// What lies at a path: one thing, or what a directory holds.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Contents {
    Directory(Vec<Entry>),
    One(Box<Entry>),
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) sha: String,
    #[serde(default)]
    size: i64,
    /// In base64; not there where the file is large.
    #[serde(default)]
    content: Option<String>,
    /// Where a link leads.
    #[serde(default)]
    target: Option<String>,
}

impl Entry {
    /// The content, where the answer has it.
    fn bytes(&self) -> Result<Option<Vec<u8>>> {
        if self.kind == "symlink" {
            return Ok(self.target.clone().map(String::into_bytes));
        }
        let text: String =
            self.content.iter().flat_map(|text| text.chars()).filter(|c| !c.is_whitespace()).collect();
        if text.is_empty() && self.size != 0 {
            return Ok(None);
        }
        STANDARD.decode(text).map(Some).map_err(|_| {
            Error::new(ErrorKind::Protocol, "the content of a file is no base64").delivery(Delivery::Answered)
        })
    }

    fn holds(&self, content: &[u8]) -> Result<bool> {
        Ok(self.kind == "file" && self.bytes()?.is_some_and(|bytes| bytes == content))
    }
}

/// What lies at a path of a branch, tag or commit; the root where the path is empty.
pub(super) async fn contents(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    path: &str,
    at: Option<&str>,
) -> Result<Option<Contents>> {
    let place = repo(of)?.part("contents");
    let place = if path.is_empty() { place } else { place.part(path) };
    server.client.get(place).maybe("ref", at).find(cx).await
}

/// The commit is looked up first, so that file and commit belong together whatever happens to the branch meanwhile.
pub(super) async fn get(server: &Server, cx: &CallContext, op: GetFile) -> Result<FileContent> {
    let path = FilePath::parse(&op.path)?;
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let commit = commit::resolve(server, cx, &op.repo, at).await?.sha;
    let entry = match contents(server, cx, &op.repo, path.as_str(), Some(&commit)).await? {
        Some(Contents::One(entry)) if entry.kind != "submodule" => entry,
        _ => return Err(not_found(format!("there is no file {path} in {} at {commit}", op.repo))),
    };
    let bytes = match entry.bytes()? {
        Some(bytes) => bytes,
        // Too large for an answer in JSON.
        None => {
            let place = repo(&op.repo)?.part("raw").part(path.as_str());
            server.client.get(place).query("ref", &commit).accept("*/*").raw(cx).await?.value.into()
        }
    };
    Ok(FileContent::new(op.path, entry.sha, commit, mosaic_core::types::Blob::from(bytes)))
}

/// The file at a path of a branch, to be written over. A directory is in the way.
async fn look(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    path: &FilePath,
    at: Option<&str>,
) -> Result<Option<Box<Entry>>> {
    match contents(server, cx, of, path.as_str(), at).await {
        Ok(Some(Contents::One(entry))) => Ok(Some(entry)),
        Ok(Some(Contents::Directory(_))) => Err(conflict(format!("{path} is a directory in {of}"))),
        // A repository without a commit has no branch to look at.
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a refusal says that somebody else changed the file since it was looked at.
fn overtaken(error: &Error) -> bool {
    let text = error.message();
    error.kind() == ErrorKind::Conflict
        && (text.contains("does not match") || text.contains("file already exists"))
}

#[derive(Debug, Deserialize)]
struct Written {
    content: Option<Blob>,
    commit: commit::Named,
}

#[derive(Debug, Deserialize)]
struct Blob {
    #[serde(default)]
    sha: String,
}

/// The server wants to know the version that is written over, and makes a commit also where nothing changes: so the file is
/// looked at first. Where somebody else comes between, it is looked at again, unless a version was expected.
pub(super) async fn write(server: &Server, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
    let path = FilePath::parse(&op.path)?;
    let branch = check(op.branch.as_deref(), op.message.as_deref())?;
    let content = &op.content.bytes;
    let place = || Ok::<_, Error>(repo(&op.repo)?.part("contents").part(path.as_str()));
    let mut round = 1;
    loop {
        let now = look(server, cx, &op.repo, &path, branch).await?;
        expect(&op.repo, &path, op.expected.as_deref(), now.as_ref().map(|now| now.sha.as_str()))?;
        if let Some(now) = &now
            && now.holds(content)?
            && let Some(same) = unchanged(server, cx, &op.repo, &path, branch, &now.sha).await?
        {
            return Ok(same);
        }
        let body = named(json!({
            "branch": branch,
            "content": STANDARD.encode(content),
            "message": op.message,
            "sha": now.as_ref().map(|now| &now.sha),
        }));
        let request = match now {
            Some(_) => server.client.put(place()?),
            None => server.client.post(place()?),
        };
        match request.json(&body).send::<Written>(cx).await {
            Ok(written) => {
                let blob = written.content.map(|content| content.sha).unwrap_or_default();
                return Ok(FileWritten::new(op.path, blob, written.commit.sha));
            }
            Err(error) if op.expected.is_none() && round < ROUNDS && overtaken(&error) => round += 1,
            Err(error) => return Err(error),
        }
    }
}

pub(super) async fn delete(server: &Server, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
    let path = FilePath::parse(&op.path)?;
    let branch = check(op.branch.as_deref(), op.message.as_deref())?;
    let missing = || not_found(format!("there is no file {path} in {}", op.repo));
    let mut round = 1;
    loop {
        let now = match contents(server, cx, &op.repo, path.as_str(), branch).await? {
            Some(Contents::One(entry)) => entry,
            _ => return Err(missing()),
        };
        if let Some(expected) = op.expected.as_deref() {
            expect(&op.repo, &path, Some(expected), Some(&now.sha))?;
        }
        let body = named(json!({ "branch": branch, "message": op.message, "sha": now.sha }));
        let request = server.client.delete(repo(&op.repo)?.part("contents").part(path.as_str()));
        match request.json(&body).send::<Written>(cx).await {
            Ok(gone) => return Ok(FileDeleted::new(op.path, gone.commit.sha)),
            Err(error) if op.expected.is_none() && round < ROUNDS && overtaken(&error) => round += 1,
            Err(error) => return Err(error),
        }
    }
}

fn check<'a>(branch: Option<&'a str>, message: Option<&str>) -> Result<Option<&'a str>> {
    if let Some(branch) = branch {
        BranchName::parse("branch", branch)?;
    }
    if let Some(message) = message {
        names::text("message", message)?;
    }
    Ok(branch)
}

fn expect(of: &RepoRef, path: &FilePath, expected: Option<&str>, now: Option<&str>) -> Result<()> {
    match (expected, now) {
        (Some(""), Some(_)) => Err(conflict(format!("there is a file {path} in {of} already"))),
        (Some(expected), now) if expected != now.unwrap_or_default() => {
            let now = now.unwrap_or("no such file");
            Err(conflict(format!("{path} in {of} is not at the version {expected}: it is at {now}")))
        }
        _ => Ok(()),
    }
}

/// What a write answers that changes nothing: the head of the branch, where it still has this version of the file.
async fn unchanged(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    path: &FilePath,
    branch: Option<&str>,
    blob: &str,
) -> Result<Option<FileWritten>> {
    let tip = commit::resolve(server, cx, of, branch).await?.sha;
    let there = look(server, cx, of, path, Some(&tip)).await?;
    let same = there.filter(|entry| entry.sha == blob);
    Ok(same.map(|entry| FileWritten::new(path.as_str(), entry.sha, tip).unchanged(true)))
}
