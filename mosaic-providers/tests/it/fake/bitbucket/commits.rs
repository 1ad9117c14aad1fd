//! Commits, and what lies between two of them.

use serde_json::{Value, json};

use super::fault::{error, not_found};
use super::{Answer, Cx};
use crate::fake::forge::{FileDiff, Git, Repo};
use crate::fake::http::Reply;

pub(super) async fn found(git: &Git<'_>, name: &str) -> Result<String, Reply> {
    git.commit_of(name).await.ok_or_else(|| not_found(&format!("Commit not found: {name}")))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let hash = found(&git, name).await?;
    let commit = git.commit(&hash).await.ok_or_else(|| not_found("Commit not found"))?;
    Ok(Reply::json(200, &cx.commit(repo, &commit)))
}

/// Without a name to begin at those of every branch, which here is the main one.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let git = cx.forge().git(repo.id);
    let range = match (cx.ask.query("include"), cx.ask.query("exclude")) {
        (None, _) if git.is_empty().await => return Ok(cx.listed(&cx.page(Vec::new(), 100))),
        (None, _) => found(&git, &repo.default_branch).await?,
        (Some(include), None) => found(&git, include).await?,
        (Some(include), Some(exclude)) => {
            format!("{}..{}", found(&git, exclude).await?, found(&git, include).await?)
        }
    };
    let all = git.log(&range, cx.ask.query("path"), 0, 10_000).await;
    Ok(cx.listed(&cx.page(all, 100).map(|commit| cx.commit(repo, &commit))))
}

async fn both(git: &Git<'_>, spec: &str) -> Result<(String, String), Reply> {
    let (one, other) = spec.split_once("..").ok_or_else(|| error(400, "two commits are needed"))?;
    Ok((found(git, one).await?, found(git, other).await?))
}

pub(super) async fn merge_base(cx: &Cx<'_>, repo: &Repo, spec: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let (one, other) = both(&git, spec).await?;
    let base = git.merge_base(&one, &other).await.ok_or_else(|| not_found("No merge base found"))?;
    get(cx, repo, &base).await
}

/// What the first commit changes; by `topic` since it left the second one.
pub(super) async fn diffstat(cx: &Cx<'_>, repo: &Repo, spec: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let (head, base) = both(&git, spec).await?;
    let from = match cx.ask.query("topic") {
        Some("true") => {
            git.merge_base(&base, &head).await.ok_or_else(|| error(400, "No merge base found"))?
        }
        _ => base,
    };
    let files = git.diff(Some(&from), &head).await;
    Ok(cx.listed(&cx.page(files, 500).map(|file| stat(&file))))
}

fn stat(file: &FileDiff) -> Value {
    let side = |path: &str| json!({ "type": "commit_file", "path": path, "escaped_path": path });
    let status = match file.status {
        'A' => "added",
        'D' => "removed",
        'R' => "renamed",
        _ => "modified",
    };
    let (added, removed) = file.lines.unwrap_or_default();
    let mut stat =
        json!({ "type": "diffstat", "status": status, "lines_added": added, "lines_removed": removed });
    if file.status != 'A' {
        stat["old"] = side(file.previous.as_deref().unwrap_or(&file.path));
    }
    if file.status != 'D' {
        stat["new"] = side(&file.path);
    }
    stat
}
