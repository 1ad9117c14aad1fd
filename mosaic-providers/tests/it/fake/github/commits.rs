//! Commits, comparisons, and merges of branches.

use mosaic_core::types::git::MergeMethod;
use serde_json::{Value, json};

use super::fault::{custom, empty, error, not_found, not_supplied};
use super::refs::no_commit;
use super::wire::with;
use super::{Answer, Cx};
use crate::fake::forge::{Commit, FileDiff, Merge, Reason, Repo};
use crate::fake::http::{Paging, Reply, encode_path};

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    let at =
        git.commit_of(cx.ask.query("sha").unwrap_or(&repo.default_branch)).await.ok_or_else(not_found)?;
    let path = cx.ask.query("path").map(|path| path.trim_matches('/'));
    let all = git.log(&at, path, 0, 10_000).await;
    Ok(cx.listed(&cx.page(all).map(|commit| cx.commit(repo, &commit))))
}

/// One commit with what it changes.
pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    // What git calls the checked out branch is the default branch here.
    let wanted = if name == "HEAD" { &repo.default_branch } else { name };
    let id = git.commit_of(wanted).await.ok_or_else(|| no_commit(name))?;
    let commit = git.commit(&id).await.ok_or_else(|| no_commit(name))?;
    let files = git.diff(commit.parents.first().map(String::as_str), &id).await;
    let (more, less) =
        files.iter().filter_map(|file| file.lines).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let entries: Vec<_> = files.iter().map(|file| cx.diff_entry(repo, &id, file)).collect();
    let stats = json!({ "total": more + less, "additions": more, "deletions": less });
    Ok(Reply::json(200, &with(cx.commit(repo, &commit), json!({ "stats": stats, "files": entries }))))
}

pub(super) async fn git_commit(cx: &Cx<'_>, repo: &Repo, sha: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let known = super::refs::is_sha(sha);
    let commit = if known { git.commit(sha).await } else { None };
    Ok(Reply::json(200, &cx.git_commit(repo, &commit.ok_or_else(not_found)?)))
}

/// `base...head`: commits oldest first, in pages; files on the first page only, 300 at most.
pub(super) async fn compare(cx: &Cx<'_>, repo: &Repo, both: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let (base_name, head_name) = both.split_once("...").ok_or_else(not_found)?;
    let local = |name: &str| name.strip_prefix(&format!("{}:", repo.owner)).unwrap_or(name).to_owned();
    let base = git.commit_of(&local(base_name)).await.ok_or_else(not_found)?;
    let head = git.commit_of(&local(head_name)).await.ok_or_else(not_found)?;
    let Some(merge_base) = git.merge_base(&base, &head).await else {
        return Err(error(404, &format!("No common ancestor between {base_name} and {head_name}.")));
    };
    let (ahead, behind) = git.ahead_behind(&base, &head).await;
    let mut commits = git.between(&base, &head).await;
    commits.reverse();
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let paging = Paging::read(cx.ask, "per_page", 250, 250);
    let cut = paging.cut(commits).map(|commit| cx.commit(repo, &commit));
    let files: Vec<_> = if paging.page == 1 {
        let files: Vec<FileDiff> = git.diff(Some(&merge_base), &head).await;
        files.iter().take(300).map(|file| cx.diff_entry(repo, &head, file)).collect()
    } else {
        Vec::new()
    };
    let show = async |id: &str| match git.commit(id).await {
        Some(commit) => cx.commit(repo, &commit),
        None => Value::Null,
    };
    let name = format!("{}...{}", encode_path(base_name), encode_path(head_name));
    let (url, page) =
        (format!("{}/compare/{name}", cx.repo_url(repo)), format!("{}/compare/{name}", cx.repo_page(repo)));
    let shape = json!({
        "url": url, "html_url": page, "permalink_url": page, "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"), "base_commit": show(&base).await,
        "merge_base_commit": show(&merge_base).await, "status": status, "ahead_by": ahead, "behind_by": behind,
        "total_commits": ahead, "commits": cut.items, "files": files,
    });
    Ok(Reply::json(200, &shape).maybe_header("link", cut.link(cx.ask, &url, "per_page")))
}

/// 201 with the commit, 204 where there is nothing to do.
pub(super) async fn merge(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let base = cx.text("base").ok_or_else(|| not_supplied("base"))?;
    let head = cx.text("head").ok_or_else(|| not_supplied("head"))?;
    let git = cx.forge().git(repo.id);
    if git.tip(base).await.is_none() {
        return Err(error(404, "Base does not exist"));
    }
    if git.tip(head).await.is_none() {
        return Err(error(404, "Head does not exist"));
    }
    if base == head {
        return Ok(Reply::empty(204));
    }
    let plain = format!("Merge {head} into {base}");
    let message = cx.text("commit_message").unwrap_or(&plain);
    let merge = Merge { source: head, target: base, method: MergeMethod::Merge, message, by: me };
    match git.merge(&merge).await {
        Ok(merged) if merged.up_to_date => Ok(Reply::empty(204)),
        Ok(merged) => {
            cx.forge().settle(repo.id, base, &me.login).await;
            let commit: Commit = git.commit(&merged.commit).await.ok_or_else(not_found)?;
            Ok(Reply::json(201, &cx.commit(repo, &commit)))
        }
        Err(refusal) if refusal.reason == Reason::Conflict => Err(error(409, "Merge conflict")),
        Err(refusal) => Err(custom("Merge", &refusal.message)),
    }
}
