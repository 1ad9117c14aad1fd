//! Commits and what lies between them.

use mosaic_providers::gitea::Product;
use serde_json::{Value, json};

use super::fault::{empty, missing, not_found};
use super::{Answer, Cx};
use crate::fake::forge::Repo;
use crate::fake::http::Reply;

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    let name = cx.ask.query("sha").unwrap_or(&repo.default_branch);
    let at = git.commit_of(name).await;
    let at = at.ok_or_else(|| missing(&format!("object does not exist [id: {name}, rel_path: ]")))?;
    let path = cx.ask.query("path").map(|path| path.trim_matches('/'));
    let all = git.log(&at, path, 0, 10_000).await;
    if path.is_some() && all.is_empty() {
        return Err(not_found(cx));
    }
    let cut = cx.page(all).map(|commit| cx.commit(repo, &commit));
    let more = cut.next_page().is_some().to_string();
    Ok(cx.listed(&cut).header("x-hasmore", more).header("x-page", cut.paging.page.to_string()))
}

/// `base...head`: the commits that the head has more, newest first, all of them.
pub(super) async fn compare(cx: &Cx<'_>, repo: &Repo, both: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let (base, head) = both.split_once("...").ok_or_else(|| not_found(cx))?;
    let base = git.commit_of(base).await.ok_or_else(|| not_found(cx))?;
    let head = git.commit_of(head).await.ok_or_else(|| not_found(cx))?;
    let merge_base = git.merge_base(&base, &head).await;
    if cx.product() == Product::Gitea && cx.ask.query("output") == Some("diff") {
        let text = git.diff_text(merge_base.as_deref().unwrap_or(&base), &head).await;
        return Ok(Reply::text(200, text));
    }
    let commits = git.between(&base, &head).await;
    let shapes: Vec<_> = commits.iter().map(|commit| cx.commit(repo, commit)).collect();
    let mut shape = json!({ "total_commits": shapes.len(), "commits": shapes });
    if cx.product() == Product::Forgejo {
        let files = git.diff(merge_base.as_deref(), &head).await;
        let named = |path: &str, status: &str| json!({ "filename": path, "status": status });
        let files = files.iter().flat_map(|file| match (file.status, &file.previous) {
            ('A', _) => vec![named(&file.path, "added")],
            ('D', _) => vec![named(&file.path, "removed")],
            ('R', Some(previous)) => vec![named(previous, "removed"), named(&file.path, "added")],
            _ => vec![named(&file.path, "modified")],
        });
        shape["files"] = Value::Array(files.collect());
    }
    Ok(Reply::json(200, &shape))
}
