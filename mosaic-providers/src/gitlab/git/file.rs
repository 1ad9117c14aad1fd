//! Files: read one by one, written and deleted by commits of one action each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{DeleteFile, GetFile, WriteFile};
use mosaic_core::types::git::{FileContent, FileDeleted, FileWritten};
use mosaic_core::types::{Blob, RepoRef};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::client::{GitLab, halfway, project};
use super::wire::{WireCommit, WireFile};
use crate::forge::names::{self, BranchName, FilePath, Revision};
use crate::http::Path;

/// What GitLab tells of a file without its content.
struct Head {
    blob: String,
    /// The commit it was looked up at.
    commit: String,
    /// The last one that changed it, by which a write is refused where another one came first.
    last_commit: String,
    digest: String,
}

fn path(repo: &RepoRef, file: &str) -> Result<Path> {
    Ok(project(repo)?.part("repository").part("files").part(file))
}

/// A file at a branch, tag or commit; none where it, the branch or the project is not there.
async fn look(lab: &GitLab, cx: &CallContext, repo: &RepoRef, file: &str, at: &str) -> Result<Option<Head>> {
    let answer = match lab.head(path(repo, file)?).query("ref", at).done(cx).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let header = |name: &str| {
        answer.header(name).map(str::to_owned).ok_or_else(|| {
            let text = format!("the answer of GitLab about a file has no header {name}");
            Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
        })
    };
    Ok(Some(Head {
        blob: header("x-gitlab-blob-id")?,
        commit: header("x-gitlab-commit-id")?,
        last_commit: header("x-gitlab-last-commit-id")?,
        digest: header("x-gitlab-content-sha256")?,
    }))
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetFile) -> Result<FileContent> {
    let file = FilePath::parse(&op.path)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let at = at.map_or_else(|| "HEAD".to_owned(), |at| at.to_string());
    let wire: WireFile = lab.get(path(&op.repo, file.as_str())?).query("ref", at).send(cx).await?;
    let bytes = match wire.encoding.as_deref() {
        Some("base64") | None => STANDARD.decode(wire.content.replace('\n', "")).map_err(|_| {
            let text = "the content of a file in the answer of GitLab is no base64";
            Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
        })?,
        Some(_) => wire.content.into_bytes(),
    };
    Ok(FileContent::new(wire.file_path, wire.blob_id, wire.commit_id, Blob::from(bytes)))
}

/// A look at the file, the commit, and a look at what it made.
pub(super) async fn write(lab: &GitLab, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
    let file = FilePath::parse(&op.path)?;
    let branch = branch(lab, cx, &op.repo, op.branch.as_deref()).await?;
    let message = message(op.message, || format!("Write {file}"))?;
    let before = look(lab, cx, &op.repo, file.as_str(), &branch).await?;
    expect(file.as_str(), op.expected.as_deref(), before.as_ref())?;
    let digest = hex(&Sha256::digest(&op.content.bytes));
    if let Some(same) = before.as_ref().filter(|before| before.digest.eq_ignore_ascii_case(&digest)) {
        return Ok(FileWritten::new(op.path, same.blob.as_str(), same.commit.as_str()).unchanged(true));
    }
    let content = STANDARD.encode(&op.content.bytes);
    let mut action = json!({
        "action": if before.is_some() { "update" } else { "create" },
        "file_path": file.as_str(), "encoding": "base64", "content": content,
    });
    if let Some(before) = &before {
        action["last_commit_id"] = before.last_commit.as_str().into();
    }
    let commit = match commit(lab, cx, &op.repo, &branch, &message, action).await {
        Ok(commit) => commit,
        // It was there a moment ago.
        Err(error) if before.is_some() && says_gone(&error) => return Err(moved(file.as_str())),
        Err(error)
            if error.kind() == ErrorKind::Invalid
                && stands_in_the_way(lab, cx, &op.repo, file.as_str(), &branch).await =>
        {
            let text = format!(
                "path: on {branch} a directory is where {file} would be, or a file where a directory of it would be"
            );
            return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
        }
        Err(error) => return Err(error),
    };
    let after = look(lab, cx, &op.repo, file.as_str(), &commit).await;
    let after =
        after.map_err(|error| halfway(&error, format_args!("{file} was written as commit {commit}")))?;
    let after = after.ok_or_else(|| {
        let text = format!("{file} was written as commit {commit}, which GitLab does not show yet");
        Error::new(ErrorKind::Protocol, text).worst(Delivery::Unknown, true)
    })?;
    Ok(FileWritten::new(op.path, after.blob, commit))
}

/// A look at the file, and the commit.
pub(super) async fn delete(lab: &GitLab, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
    let file = FilePath::parse(&op.path)?;
    let branch = branch(lab, cx, &op.repo, op.branch.as_deref()).await?;
    let message = message(op.message, || format!("Delete {file}"))?;
    let Some(before) = look(lab, cx, &op.repo, file.as_str(), &branch).await? else {
        let text = format!("there is no {file} on {branch} of {}", op.repo);
        return Err(Error::new(ErrorKind::NotFound, text).delivery(Delivery::Answered));
    };
    if op.expected.as_deref().is_some_and(|expected| expected != before.blob) {
        return Err(moved(file.as_str()));
    }
    let action = json!({
        "action": "delete", "file_path": file.as_str(), "last_commit_id": before.last_commit,
    });
    match commit(lab, cx, &op.repo, &branch, &message, action).await {
        Ok(commit) => Ok(FileDeleted::new(op.path, commit)),
        Err(error) if says_gone(&error) => Err(moved(file.as_str())),
        Err(error) => Err(error),
    }
}

async fn branch(lab: &GitLab, cx: &CallContext, repo: &RepoRef, named: Option<&str>) -> Result<String> {
    match named {
        Some(name) => Ok(BranchName::parse("branch", name)?.to_string()),
        None => lab.default_branch(cx, repo).await,
    }
}

fn message(given: Option<String>, plain: impl FnOnce() -> String) -> Result<String> {
    let message = given.filter(|text| !text.trim().is_empty()).unwrap_or_else(plain);
    names::text("message", &message)?;
    Ok(message)
}

async fn commit(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    branch: &str,
    message: &str,
    action: Value,
) -> Result<String> {
    let body = json!({ "branch": branch, "commit_message": message, "actions": [action] });
    let path = project(repo)?.part("repository").part("commits");
    let made = lab.post(path).json(&body).send::<WireCommit>(cx).await;
    Ok(lab.told(cx, repo, made).await?.id)
}

fn expect(file: &str, expected: Option<&str>, before: Option<&Head>) -> Result<()> {
    match (expected, before) {
        (None, _) | (Some(""), None) => Ok(()),
        (Some(expected), Some(before)) if expected == before.blob => Ok(()),
        _ => Err(moved(file)),
    }
}

fn moved(file: &str) -> Error {
    let text = format!("{file} is not at the version that was expected: read it again");
    Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered)
}

fn says_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        && error.status_code() == Some(400)
        && !error.message().contains("on a branch")
}

/// Whether a path is a directory on the branch, or lies below a file: what GitLab refuses with words that vary.
async fn stands_in_the_way(lab: &GitLab, cx: &CallContext, repo: &RepoRef, file: &str, branch: &str) -> bool {
    let tree = project(repo).map(|path| path.part("repository").part("tree"));
    if let Ok(tree) = tree {
        let inside = lab.get(tree).query("path", file).query("ref", branch).query("per_page", 1);
        if inside.send::<Vec<Value>>(cx).await.is_ok_and(|entries| !entries.is_empty()) {
            return true;
        }
    }
    for (at, _) in file.match_indices('/') {
        if matches!(look(lab, cx, repo, &file[..at], branch).await, Ok(Some(_))) {
            return true;
        }
    }
    false
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
