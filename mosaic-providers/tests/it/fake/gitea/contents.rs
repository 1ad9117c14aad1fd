//! Files: read, written and deleted one at a time; directories and trees.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fault::{error, missing, not_found};
use super::wire::{signature, with};
use super::{Answer, Cx};
use crate::fake::forge::{Entry, Git, Put, Reason, Refusal, Repo, now};
use crate::fake::http::{Paging, Reply, encode_path, time};

/// Larger files come without their content.
const INLINE_MAX: usize = 256 << 10;

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
    let html = format!("{page}/src/branch/{}/{path}", encode_path(at));
    let download = (kind == "file").then(|| format!("{page}/raw/branch/{}/{path}", encode_path(at)));
    json!({
        "name": entry.path.rsplit('/').next(), "path": entry.path, "sha": entry.sha,
        "last_commit_sha": entry.sha, "type": kind, "size": entry.size.unwrap_or(0), "encoding": null,
        "content": null, "target": null, "url": url, "html_url": html, "git_url": git, "download_url": download,
        "submodule_git_url": null, "_links": { "self": url, "git": git, "html": html },
    })
}

async fn entry_at(git: &Git<'_>, at: &str, path: &str) -> Option<Entry> {
    let (above, _) = path.rsplit_once('/').unwrap_or(("", path));
    git.tree(at, above, false).await?.into_iter().find(|entry| entry.path == path)
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let name = cx.ask.query("ref").unwrap_or(&repo.default_branch);
    let at = git.commit_of(name).await.ok_or_else(|| missing("object does not exist [id: , rel_path: ]"))?;
    let path = path.trim_matches('/');
    if let Some(entries) = git.tree(&at, path, false).await {
        let shapes: Vec<_> = entries.iter().map(|entry| shape(cx, repo, name, entry)).collect();
        return Ok(Reply::json(200, &Value::Array(shapes)));
    }
    let entry = entry_at(&git, &at, path).await.ok_or_else(|| not_found(cx))?;
    let content = git.blob(&entry.sha).await.unwrap_or_default();
    let shape = shape(cx, repo, name, &entry);
    let more = match entry.mode.as_str() {
        "120000" => json!({ "target": String::from_utf8_lossy(&content) }),
        _ if content.len() > INLINE_MAX => json!({}),
        _ => json!({ "content": STANDARD.encode(content), "encoding": "base64" }),
    };
    Ok(Reply::json(200, &with(shape, more)))
}

pub(super) async fn raw(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let at = git.commit_of(cx.ask.query("ref").unwrap_or(&repo.default_branch)).await;
    let at = at.ok_or_else(|| not_found(cx))?;
    let entry = entry_at(&git, &at, path).await.ok_or_else(|| not_found(cx))?;
    let content = git.blob(&entry.sha).await.ok_or_else(|| not_found(cx))?;
    Ok(Reply::bytes(200, "application/octet-stream", content))
}

/// `POST` makes a file, `PUT` writes over a version of it, `DELETE` deletes a version of it.
pub(super) async fn change(cx: &Cx<'_>, repo: &Repo, path: &str) -> Answer {
    let me = cx.writer(repo)?;
    let method = cx.ask.method.as_str();
    let given = cx.filled("sha");
    if method != "POST" && given.is_none() {
        return Err(error(422, "[SHA]: Required"));
    }
    let branch = cx.filled("branch").unwrap_or(&repo.default_branch);
    let mut write = match method {
        "DELETE" => Put::deletion(branch, path),
        _ => {
            let content = cx.text("content").ok_or_else(|| error(422, "[Content]: Required"))?;
            let content = STANDARD.decode(content).map_err(|_| error(422, "illegal base64 data"))?;
            Put::new(branch, path, content)
        }
    }
    .by(me);
    if let Some(message) = cx.filled("message") {
        write.message = message.to_owned();
    }
    let git = cx.forge().git(repo.id);
    in_the_way(&git, branch, path).await?;
    let check = |before: Option<&str>| match (before, method) {
        (Some(_), "POST") => Err(Refusal::exists(format!("repository file already exists [path: {path}]"))),
        (None, "PUT") => Err(Refusal::missing(format!("repository file does not exist [path: {path}]"))),
        (Some(before), "PUT" | "DELETE") if Some(before) != given => {
            let given = given.unwrap_or_default();
            Err(Refusal::stale(format!("sha does not match [given: {given}, expected: {before}]")))
        }
        _ => Ok(()),
    };
    let done = git.put_file(&write, check).await.map_err(|refusal| match refusal.reason {
        Reason::Missing => missing(&refusal.message),
        _ => error(422, &refusal.message),
    })?;
    cx.forge().with(repo.id, |repo| repo.pushed_at = now());
    let commit = git.commit(&done.commit).await.ok_or_else(|| not_found(cx))?;
    let content = match done.blob {
        None => Value::Null,
        Some(sha) => {
            let size = write.content.map(|content| content.len() as u64);
            let entry =
                Entry { path: path.to_owned(), mode: "100644".into(), kind: "blob".into(), sha, size };
            shape(cx, repo, branch, &entry)
        }
    };
    let url = format!("{}/git/commits/{}", cx.repo_url(repo), commit.id);
    let parents: Vec<_> = commit.parents.iter().map(|sha| cx.meta(repo, sha)).collect();
    let made = json!({
        "url": url, "sha": commit.id, "created": time(commit.committer.at), "parents": parents,
        "html_url": format!("{}/commit/{}", cx.repo_page(repo), commit.id), "author": signature(&commit.author),
        "committer": signature(&commit.committer), "message": commit.message, "tree": cx.meta(repo, &commit.tree),
    });
    let status = if method == "POST" { 201 } else { 200 };
    Ok(Reply::json(status, &json!({ "content": content, "commit": made, "verification": null })))
}

/// Says which part of a path is a file already, or that the whole is a directory.
async fn in_the_way(git: &Git<'_>, branch: &str, path: &str) -> Result<(), Reply> {
    let Some(at) = git.tip(branch).await else { return Ok(()) };
    for (end, _) in path.match_indices('/') {
        if let Some(entry) = entry_at(git, &at, &path[..end]).await.filter(|entry| entry.kind == "blob") {
            let text =
                format!("a file exists where you’re trying to create a subdirectory [path: {}]", entry.path);
            return Err(error(422, &text));
        }
    }
    if git.tree(&at, path, false).await.is_some() && !path.is_empty() {
        return Err(error(
            422,
            &format!("a directory exists where you’re trying to create a file [path: {path}]"),
        ));
    }
    Ok(())
}

/// A tree by its id, or by whatever leads to a commit, in pages of a thousand at most.
pub(super) async fn tree(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let at = git.commit_of(name).await.unwrap_or_else(|| name.to_owned());
    let missing = || error(400, &format!("sha not found: {name}"));
    let (_, sha) = git.object(&format!("{at}^{{tree}}")).await.ok_or_else(missing)?;
    let recursive = cx.ask.query("recursive").is_some_and(|word| matches!(word, "1" | "true"));
    let entries = git.tree(&at, "", recursive).await.ok_or_else(missing)?;
    let url = cx.repo_url(repo);
    let cut = Paging::read(cx.ask, "per_page", 1000, 1000).cut(entries).map(|entry| {
        json!({
            "path": entry.path, "mode": entry.mode, "type": entry.kind, "size": entry.size.unwrap_or(0),
            "sha": entry.sha, "url": format!("{url}/git/{}s/{}", entry.kind, entry.sha),
        })
    });
    let truncated = cut.offset() + cut.items.len() < cut.total;
    Ok(Reply::json(
        200,
        &json!({
            "sha": sha, "url": format!("{url}/git/trees/{sha}"), "tree": cut.items, "truncated": truncated,
            "page": cut.paging.page, "total_count": cut.total,
        }),
    ))
}
