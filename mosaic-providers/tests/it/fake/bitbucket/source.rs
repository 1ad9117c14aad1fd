//! Files and directories at a commit, and commits made of files.

use serde_json::{Value, json};

use super::commits::found;
use super::fault::{error, not_found};
use super::{Answer, Cx, form};
use crate::fake::forge::{Entry, Git, Put, Reason, Repo, now};
use crate::fake::http::Reply;

fn shape(cx: &Cx<'_>, repo: &Repo, at: &str, entry: &Entry) -> Value {
    let commit = cx.commit_in_short(repo, at);
    if entry.kind == "tree" {
        return json!({ "type": "commit_directory", "path": entry.path, "commit": commit });
    }
    let attributes: &[&str] = match (entry.kind.as_str(), entry.mode.as_str()) {
        ("commit", _) => &["subrepository"],
        (_, "120000") => &["link"],
        (_, "100755") => &["executable"],
        _ => &[],
    };
    json!({
        "type": "commit_file", "path": entry.path, "escaped_path": entry.path, "commit": commit,
        "attributes": attributes, "size": entry.size.unwrap_or(0), "mimetype": null,
    })
}

async fn entry_at(git: &Git<'_>, at: &str, path: &str) -> Option<Entry> {
    let (above, _) = path.rsplit_once('/').unwrap_or(("", path));
    git.tree(at, above, false).await?.into_iter().find(|entry| entry.path == path)
}

/// A directory as a list, deeper first where that is asked for; a file as it is, or what is known of it.
pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, at: &str, path: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let at = found(&git, at).await?;
    let missing = || not_found(&format!("No such file or directory: {path}"));
    let entry = match path {
        "" => None,
        path => Some(entry_at(&git, &at, path).await.ok_or_else(missing)?),
    };
    if cx.ask.query("format") == Some("meta")
        && let Some(entry) = &entry
    {
        return Ok(Reply::json(200, &shape(cx, repo, &at, entry)));
    }
    if let Some(entry) = entry.filter(|entry| entry.kind != "tree") {
        let content = git.blob(&entry.sha).await.ok_or_else(missing)?;
        return Ok(Reply::bytes(200, "application/octet-stream", content));
    }
    let depth = cx.ask.query("max_depth").and_then(|depth| depth.parse::<usize>().ok()).unwrap_or(1);
    let above = if path.is_empty() { 0 } else { path.split('/').count() };
    let mut entries = git.tree(&at, path, depth > 1).await.ok_or_else(missing)?;
    entries.retain(|entry| entry.path.split('/').count() <= above + depth);
    // Level by level, directories before files.
    entries.sort_by_key(|entry| (entry.path.split('/').count(), entry.kind != "tree", entry.path.clone()));
    Ok(cx.listed(&cx.page(entries, 100).map(|entry| shape(cx, repo, &at, &entry))))
}

/// Makes a commit of one file that is written or deleted: all that this server does at once.
pub(super) async fn commit(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let parts = form::parts(cx.ask).ok_or_else(|| error(400, "No form"))?;
    let field =
        |name: &str| parts.iter().find(|part| part.name == name && !part.is_file).map(form::Part::text);
    let _held = cx.bucket.writing.lock().await;
    let git = cx.forge().git(repo.id);
    let empty = git.is_empty().await;
    let branch = field("branch").unwrap_or_else(|| repo.default_branch.clone());
    let tip = git.tip(&branch).await;
    let parent = field("parents");
    if let (Some(tip), Some(parent)) = (&tip, &parent)
        && tip != parent
    {
        return Err(error(409, "The branch is not at the given parent."));
    }
    let from = match (&tip, &parent) {
        (Some(_), _) => None,
        (None, Some(parent)) => Some(found(&git, parent).await?),
        // A new branch begins at the main one.
        (None, None) => git.tip(&repo.default_branch).await,
    };
    let files: Vec<_> = parts.iter().filter(|part| part.name.starts_with('/')).collect();
    let gone: Vec<_> = parts.iter().filter(|part| part.name == "files").map(form::Part::text).collect();
    let mut put = match (files.as_slice(), gone.as_slice()) {
        ([file], []) => Put::new(&branch, &file.name[1..], file.value.clone()),
        ([], [path]) => Put::deletion(&branch, path.trim_start_matches('/')),
        _ => return Err(error(400, "One file at a time")),
    }
    .by(me);
    put.from = from;
    put.message = field("message").unwrap_or_else(|| format!("{} edited online with Bitbucket", put.path));
    let done = git.put_file(&put, |_| Ok(())).await.map_err(|refusal| match refusal.reason {
        Reason::Missing => not_found(&refusal.message),
        _ => error(400, &refusal.message),
    })?;
    cx.forge().with(repo.id, |repo| repo.pushed_at = now());
    if empty && branch != repo.default_branch {
        let set = cx.forge().set_default_branch(repo.id, &branch).await;
        set.map_err(|refusal| error(400, &refusal.message))?;
    }
    Ok(Reply::empty(201).header("location", format!("{}/commit/{}", cx.repo_url(repo), done.commit)))
}
