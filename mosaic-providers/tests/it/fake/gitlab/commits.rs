//! Commits, and what lies between two of them.

use serde_json::{Value, json};

use super::routes::ok;
use super::wire::with;
use super::{Answer, Cx, absent, missing};
use crate::fake::forge::{FileDiff, Repo};
use crate::fake::http::{Cut, Paging};

/// The commit that a name stands for.
pub(super) async fn resolve(cx: &Cx<'_>, repo: &Repo, name: &str) -> Option<String> {
    let git = cx.forge().git(repo.id);
    match name {
        "HEAD" => git.tip(&repo.default_branch).await,
        name => git.commit_of(name).await,
    }
}

/// Commits of a branch that is not there are none, and no error.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let name = cx.ask.query("ref_name").unwrap_or(&repo.default_branch);
    let paging = Paging::read(cx.ask, "per_page", 20, 100);
    let Some(from) = resolve(cx, repo, name).await else { return cx.list(Vec::new()) };
    let git = cx.forge().git(repo.id);
    let path = cx.ask.query("path");
    let total = git.log(&from, path, 0, 100_000).await.len();
    let items = git.log(&from, path, paging.offset(), paging.size).await;
    let items = items.iter().map(|commit| cx.commit(repo, commit)).collect();
    Ok(cx.listed(&Cut { items, total, paging }))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let id = resolve(cx, repo, name).await.ok_or_else(|| missing("Commit"))?;
    let more = json!({
        "stats": { "additions": 0, "deletions": 0, "total": 0 }, "status": null, "project_id": repo.id,
        "last_pipeline": null,
    });
    ok(&with(cx.commit_at(repo, &id).await, more))
}

pub(super) async fn merge_base(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let refs: Vec<_> =
        cx.ask.query.iter().filter(|(name, _)| name == "refs[]").map(|(_, value)| value).collect();
    let [one, other] = refs[..] else { return Err(absent("refs")) };
    let (one, other) = (resolve(cx, repo, one).await, resolve(cx, repo, other).await);
    let (Some(one), Some(other)) = (one, other) else {
        return Err(super::message(400, "Could not find ref: unknown"));
    };
    let base = cx.forge().git(repo.id).merge_base(&one, &other).await.ok_or_else(|| missing("Merge Base"))?;
    ok(&cx.commit_at(repo, &base).await)
}

pub(super) async fn compare(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let (from, to) = (cx.need("from")?, cx.need("to")?);
    let (Some(base), Some(head)) = (resolve(cx, repo, from).await, resolve(cx, repo, to).await) else {
        return Err(missing("Ref"));
    };
    let git = cx.forge().git(repo.id);
    let mut commits = git.between(&base, &head).await;
    commits.reverse();
    let fork = git.merge_base(&base, &head).await.unwrap_or_else(|| base.clone());
    let diffs: Vec<_> = git.diff(Some(&fork), &head).await.iter().map(diff).collect();
    ok(&json!({
        "commit": commits.last().map(|commit| cx.commit(repo, commit)),
        "commits": commits.iter().map(|commit| cx.commit(repo, commit)).collect::<Vec<_>>(),
        "diffs": diffs, "compare_timeout": false, "compare_same_ref": base == head,
        "web_url": format!("{}/-/compare/{base}...{head}", cx.page_of(repo)),
    }))
}

fn diff(file: &FileDiff) -> Value {
    let mode = |gone: bool| if gone { "0" } else { "100644" };
    let text = match (&file.patch, file.lines) {
        (Some(patch), _) => format!("{patch}\n"),
        (None, Some(_)) => String::new(),
        (None, None) => format!("Binary files a/{0} and b/{0} differ\n", file.path),
    };
    json!({
        "diff": text, "collapsed": false, "too_large": false,
        "new_path": file.path, "old_path": file.previous.as_ref().unwrap_or(&file.path),
        "a_mode": mode(file.status == 'A'), "b_mode": mode(file.status == 'D'), "new_file": file.status == 'A',
        "renamed_file": file.status == 'R', "deleted_file": file.status == 'D', "generated_file": null,
    })
}
