//! Files: read, written and deleted one at a time; directories, trees and blobs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fault::{empty, error, not_found, not_supplied};
use super::wire::{node, with};
use super::{Answer, Cx};
use crate::fake::forge::{Entry, Put, Reason, Refusal, Repo, Who, Written, now};
use crate::fake::http::{Reply, encode_path};

/// Larger files come without their content.
const INLINE_MAX: usize = 1 << 20;

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(error(404, "This repository is empty."));
    }
    let name = cx.ask.query("ref").unwrap_or(&repo.default_branch);
    let missing = || error(404, &format!("No commit found for the ref {name}"));
    let at = git.commit_of(name).await.ok_or_else(missing)?;
    let path = path.trim_matches('/');
    if let Some(mut entries) = git.tree(&at, path, false).await {
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let shapes: Vec<_> = entries.iter().take(1_000).map(|entry| shape(cx, repo, name, entry)).collect();
        return Ok(Reply::json(200, &Value::Array(shapes)));
    }
    let (above, _) = path.rsplit_once('/').unwrap_or(("", path));
    let around = git.tree(&at, above, false).await.ok_or_else(not_found)?;
    let entry = around.into_iter().find(|entry| entry.path == path).ok_or_else(not_found)?;
    let Some(content) = git.blob(&entry.sha).await else {
        return Ok(Reply::json(200, &shape(cx, repo, name, &entry)));
    };
    let accept = cx.ask.header("accept").unwrap_or_default();
    if accept.contains("raw") {
        return Ok(Reply::bytes(200, "application/vnd.github.raw+json; charset=utf-8", content));
    }
    let (text, encoding) =
        if content.len() > INLINE_MAX { (String::new(), "none") } else { (lines(&content), "base64") };
    let more = json!({ "content": text, "encoding": encoding });
    Ok(Reply::json(200, &with(shape(cx, repo, name, &entry), more)))
}

/// Base64 in lines, as GitHub sends it.
fn lines(content: &[u8]) -> String {
    let text = STANDARD.encode(content);
    text.as_bytes().chunks(60).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect()
}

fn shape(cx: &Cx<'_>, repo: &Repo, at: &str, entry: &Entry) -> Value {
    let (api, page) = (cx.repo_url(repo), cx.repo_page(repo));
    let path = encode_path(&entry.path);
    let kind = match (entry.kind.as_str(), entry.mode.as_str()) {
        ("tree", _) => "dir",
        ("commit", _) => "submodule",
        (_, "120000") => "symlink",
        _ => "file",
    };
    let url = format!("{api}/contents/{path}?ref={}", encode_path(at));
    let object = if kind == "dir" { "trees" } else { "blobs" };
    let git = format!("{api}/git/{object}/{}", entry.sha);
    let view = if kind == "dir" { "tree" } else { "blob" };
    let html = format!("{page}/{view}/{}/{path}", encode_path(at));
    let download = (kind == "file").then(|| format!("{page}/raw/{}/{path}", encode_path(at)));
    json!({
        "name": entry.path.rsplit('/').next(), "path": entry.path, "sha": entry.sha, "size": entry.size.unwrap_or(0),
        "url": url, "html_url": html, "git_url": git, "download_url": download, "type": kind,
        "_links": { "self": url, "git": git, "html": html },
    })
}

/// A person of the body, or whoever asks.
fn who(cx: &Cx<'_>, field: &str, or: &Who) -> Who {
    let person = cx.body.get(field);
    let of =
        |field: &str| person.and_then(|person| person.get(field)).and_then(Value::as_str).map(str::to_owned);
    Who {
        name: of("name").unwrap_or_else(|| or.name.clone()),
        email: of("email").unwrap_or_else(|| or.email.clone()),
        at: of("date").and_then(|date| date.parse().ok()).unwrap_or_else(now),
    }
}

fn said(cx: &Cx<'_>, name: &str) -> Option<String> {
    cx.text(name).or_else(|| cx.ask.query(name)).map(str::to_owned)
}

pub(super) async fn put(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    cx.writer(repo)?;
    let content = cx.text("content").ok_or_else(|| not_supplied("content"))?;
    let content: String = content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let content = STANDARD.decode(content).map_err(|_| error(422, "content is not valid Base64"))?;
    let branch = said(cx, "branch").unwrap_or_else(|| repo.default_branch.clone());
    let write = Put::new(&branch, path, content);
    change(cx, repo, write).await
}

pub(super) async fn delete(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    cx.writer(repo)?;
    let branch = said(cx, "branch").unwrap_or_else(|| repo.default_branch.clone());
    change(cx, repo, Put::deletion(&branch, path)).await
}

async fn change(cx: &Cx<'_>, repo: &Repo, mut write: Put) -> Answer {
    let me = cx.writer(repo)?;
    let path = write.path.clone();
    let given = said(cx, "sha");
    write.message =
        said(cx, "message").filter(|text| !text.is_empty()).ok_or_else(|| not_supplied("message"))?;
    write.committer = who(cx, "committer", &me.who());
    write.author = if cx.has("author") { who(cx, "author", &me.who()) } else { write.committer.clone() };
    let git = cx.forge().git(repo.id);
    if git.is_empty().await && write.branch != repo.default_branch {
        return Err(error(404, &format!("Branch {} not found", write.branch)));
    }
    let check = |before: Option<&str>| match (before, &given) {
        (Some(_), None) => Err(Refusal::invalid("Invalid request.\n\n\"sha\" wasn't supplied.")),
        (Some(before), Some(given)) if before == given => Ok(()),
        (None, None) => Ok(()),
        (_, Some(given)) => Err(Refusal::stale(format!("{path} does not match {given}"))),
    };
    let done = git.put_file(&write, check).await.map_err(|refusal| {
        let status = match refusal.reason {
            Reason::Missing => 404,
            Reason::Stale | Reason::Conflict => 409,
            _ => 422,
        };
        error(status, &refusal.message)
    })?;
    cx.forge().with(repo.id, |repo| repo.pushed_at = now());
    let Written { commit, blob, before } = done;
    let commit = git.commit(&commit).await.ok_or_else(not_found)?;
    let content = match blob {
        None => Value::Null,
        Some(sha) => {
            let size = write.content.map(|content| content.len() as u64);
            let entry = Entry { path: write.path, mode: "100644".into(), kind: "blob".into(), sha, size };
            shape(cx, repo, &write.branch, &entry)
        }
    };
    let status = if before.is_none() { 201 } else { 200 };
    Ok(Reply::json(status, &json!({ "content": content, "commit": cx.git_commit(repo, &commit) })))
}

/// A tree by its id, or by whatever leads to a commit; with `recursive` set to anything, everything below.
pub(super) async fn tree(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    let at = match git.commit_of(name).await {
        Some(commit) => commit,
        None if super::refs::is_sha(name) => name.to_owned(),
        None => return Err(not_found()),
    };
    let (_, sha) = git.object(&format!("{at}^{{tree}}")).await.ok_or_else(not_found)?;
    let recursive = cx.ask.query("recursive").is_some();
    let entries = git.tree(&at, "", recursive).await.ok_or_else(not_found)?;
    let url = cx.repo_url(repo);
    let show = |entry: Entry| {
        let mut shape =
            json!({ "path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha });
        if let Some(size) = entry.size {
            shape["size"] = json!(size);
        }
        if entry.kind != "commit" {
            shape["url"] = json!(format!("{url}/git/{}s/{}", entry.kind, entry.sha));
        }
        shape
    };
    let entries: Vec<_> = entries.into_iter().map(show).collect();
    Ok(Reply::json(
        200,
        &json!({ "sha": sha, "url": format!("{url}/git/trees/{sha}"), "tree": entries, "truncated": false }),
    ))
}

pub(super) async fn blob(cx: &Cx<'_>, repo: &Repo, sha: &str) -> Answer {
    let content = cx.forge().git(repo.id).blob(sha).await.ok_or_else(not_found)?;
    let accept = cx.ask.header("accept").unwrap_or_default();
    if accept.contains("raw") {
        return Ok(Reply::bytes(200, "application/vnd.github.raw+json; charset=utf-8", content));
    }
    let shape = json!({
        "sha": sha, "node_id": node("B", sha), "size": content.len(), "encoding": "base64",
        "url": format!("{}/git/blobs/{sha}", cx.repo_url(repo)), "content": lines(&content),
    });
    Ok(Reply::json(200, &shape))
}
