//! Files, trees, and commits of one action.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::commits::resolve;
use super::{Answer, Cx, absent, message, missing};
use crate::fake::forge::{Git, Put, Refusal, Repo};
use crate::fake::http::Reply;

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    let name = cx.ask.query("ref").ok_or_else(|| absent("ref"))?;
    let commit = resolve(cx, repo, name).await.ok_or_else(|| missing("Commit"))?;
    let git = cx.forge().git(repo.id);
    let found = git.object(&format!("{commit}:{path}")).await.filter(|(kind, _)| kind == "blob");
    let (_, blob) = found.ok_or_else(|| missing("File"))?;
    let bytes = git.blob(&blob).await.unwrap_or_default();
    let last = last_commit(&git, &commit, path).await.unwrap_or_default();
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = path.rsplit('/').next().unwrap_or(path);
    let reply = if cx.ask.method == Method::HEAD {
        Reply::empty(200)
    } else {
        Reply::json(
            200,
            &json!({
                "file_name": file, "file_path": path, "size": bytes.len(), "encoding": "base64",
                "content": STANDARD.encode(&bytes), "content_sha256": digest, "ref": name, "blob_id": blob,
                "commit_id": commit, "last_commit_id": last, "execute_filemode": false,
            }),
        )
    };
    Ok(reply
        .header("x-gitlab-blob-id", blob)
        .header("x-gitlab-commit-id", commit)
        .header("x-gitlab-content-sha256", digest)
        .header("x-gitlab-encoding", "base64")
        .header("x-gitlab-last-commit-id", last)
        .header("x-gitlab-size", bytes.len().to_string()))
}

async fn last_commit(git: &Git<'_>, commit: &str, path: &str) -> Option<String> {
    git.log(commit, Some(path), 0, 1).await.pop().map(|commit| commit.id)
}

/// Directories come before files.
pub(super) async fn tree(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let name = cx.ask.query("ref").unwrap_or(&repo.default_branch);
    let commit = resolve(cx, repo, name).await.ok_or_else(|| missing("Tree"))?;
    let path = cx.ask.query("path").unwrap_or_default();
    let recursive = cx.ask.query("recursive") == Some("true");
    let entries = cx.forge().git(repo.id).tree(&commit, path, recursive).await;
    let mut entries = entries.ok_or_else(|| message(404, "404 invalid revision or path Not Found"))?;
    entries.sort_by_key(|entry| ["tree", "blob", "commit"].iter().position(|kind| *kind == entry.kind));
    let shape = |entry: &crate::fake::forge::Entry| {
        let name = entry.path.rsplit('/').next();
        json!({ "id": entry.sha, "name": name, "type": entry.kind, "path": entry.path, "mode": entry.mode })
    };
    cx.list(entries.iter().map(shape).collect())
}

pub(super) async fn commit(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let (branch, text) = (cx.need("branch")?, cx.need("commit_message")?);
    let actions = cx.body.get("actions").and_then(Value::as_array).ok_or_else(|| absent("actions"))?;
    let [action] = &actions[..] else { return Err(message(400, "this fake takes one action")) };
    let field = |name: &str| action.get(name).and_then(Value::as_str);
    let path = field("file_path").ok_or_else(|| absent("actions[0][file_path]"))?;
    let kind = field("action").ok_or_else(|| absent("actions[0][action]"))?;
    let git = cx.forge().git(repo.id);
    if git.tip(branch).await.is_none() && !git.is_empty().await {
        return Err(message(400, "You can only create or edit files when you are on a branch"));
    }
    let content = match (field("encoding"), field("content")) {
        (Some("base64"), Some(content)) => {
            STANDARD.decode(content).map_err(|_| message(400, "invalid base64"))?
        }
        (_, content) => content.unwrap_or_default().as_bytes().to_vec(),
    };
    let put = match kind {
        "create" | "update" => Put::new(branch, path, content),
        "delete" => Put::deletion(branch, path),
        _ => {
            return Err(Reply::json(
                400,
                &json!({ "error": "actions[0][action] does not have a valid value" }),
            ));
        }
    };
    let last = match git.tip(branch).await {
        Some(tip) => last_commit(&git, &tip, path).await,
        None => None,
    };
    let stale = field("last_commit_id").is_some_and(|known| last.as_deref() != Some(known));
    let check = |before: Option<&str>| match (kind, before) {
        ("create", Some(_)) => Err(Refusal::invalid("A file with this name already exists")),
        ("update" | "delete", None) => Err(Refusal::invalid("A file with this name doesn't exist")),
        _ if stale => Err(Refusal::invalid(format!(
            "You are attempting to {kind} a file {path} that has changed since you started editing it."
        ))),
        _ => Ok(()),
    };
    let written = git.put_file(&put.by(me).message(text), check).await.map_err(|refusal| {
        let text = match refusal.reason {
            crate::fake::forge::Reason::Missing => "A file with this name doesn't exist".to_owned(),
            _ => refusal.message,
        };
        message(400, &text)
    })?;
    Ok(Reply::json(201, &cx.commit_at(repo, &written.commit).await))
}
