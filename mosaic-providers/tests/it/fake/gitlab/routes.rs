//! Which path leads where.

use serde_json::{Value, json};

use super::{Answer, Cx, missing};
use super::{
    branches, ci, commits, files, hooks, issues, links, merge_requests, merges, milestones, notes, projects,
};
use super::{releases, statuses, tags, wiki};
use crate::fake::http::Reply;

pub(super) async fn route(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    match (cx.ask.method.as_str(), parts) {
        ("GET", ["version"]) => {
            cx.me()?;
            Ok(Reply::json(200, &json!({ "version": "17.10.0", "revision": "fake" })))
        }
        ("GET", ["user"]) => Ok(Reply::json(200, &cx.person(&cx.me()?.login))),
        ("GET", ["users"]) => projects::users(cx),
        ("GET", ["namespaces", path]) => projects::namespace(cx, path),
        ("GET", ["issues"]) => issues::list(cx, None),
        ("GET", ["projects"]) => projects::list(cx, None).await,
        ("GET", ["groups" | "users", owner, "projects"]) => projects::list(cx, Some(owner)).await,
        ("POST", ["projects"]) => projects::create(cx).await,
        (method, ["projects", id, rest @ ..]) => {
            let repo = cx.repo(id)?;
            project(cx, method, &repo, rest).await
        }
        _ => Err(missing("")),
    }
}

async fn project(cx: &Cx<'_>, method: &str, repo: &crate::fake::forge::Repo, rest: &[&str]) -> Answer {
    // These are counted, and what is no number is refused before anything is looked for.
    if let [what @ ("hooks" | "pipelines" | "jobs" | "milestones"), id, ..] = rest
        && id.parse::<i64>().is_err()
    {
        let text = format!("{}_id is invalid", what.trim_end_matches('s'));
        return Ok(Reply::json(400, &json!({ "error": text })));
    }
    match (method, rest) {
        ("GET", []) => Ok(Reply::json(200, &cx.project(repo).await)),
        ("PUT", []) => projects::update(cx, repo).await,
        ("DELETE", []) => projects::delete(cx, repo),
        ("POST", ["archive"]) => projects::archive(cx, repo, true).await,
        ("POST", ["unarchive"]) => projects::archive(cx, repo, false).await,

        ("GET", ["repository", "branches"]) => branches::list(cx, repo).await,
        ("POST", ["repository", "branches"]) => branches::create(cx, repo).await,
        ("GET", ["repository", "branches", name]) => branches::get(cx, repo, name).await,
        ("DELETE", ["repository", "branches", name]) => branches::delete(cx, repo, name).await,

        ("GET", ["repository", "commits"]) => commits::list(cx, repo).await,
        ("POST", ["repository", "commits"]) => files::commit(cx, repo).await,
        ("GET", ["repository", "commits", name]) => commits::get(cx, repo, name).await,
        ("GET", ["repository", "commits", name, "statuses"]) => statuses::list(cx, repo, name).await,
        ("POST", ["statuses", commit]) => statuses::create(cx, repo, commit).await,
        ("GET", ["repository", "compare"]) => commits::compare(cx, repo).await,
        ("GET", ["repository", "merge_base"]) => commits::merge_base(cx, repo).await,
        ("GET", ["repository", "tree"]) => files::tree(cx, repo).await,
        ("GET" | "HEAD", ["repository", "files", path]) => files::get(cx, repo, path).await,
        ("GET", ["repository", "tags"]) => tags::list(cx, repo).await,
        ("POST", ["repository", "tags"]) => tags::create(cx, repo).await,
        ("GET", ["releases"]) => releases::list(cx, repo).await,
        ("POST", ["releases"]) => releases::create(cx, repo).await,

        ("POST", ["pipeline"]) => ci::trigger(cx, repo).await,
        ("GET", ["pipelines"]) => ci::list(cx, repo),
        ("GET", ["pipelines", id]) => ci::get(cx, repo, id),
        ("POST", ["pipelines", id, "cancel"]) => ci::cancel(cx, repo, id),
        ("POST", ["pipelines", id, "retry"]) => ci::retry(cx, repo, id),
        ("GET", ["pipelines", id, "variables"]) => ci::variables(cx, repo, id),
        ("GET", ["pipelines", id, "jobs"]) => ci::jobs(cx, repo, id),
        ("GET", ["jobs", id]) => ci::job(cx, repo, id),
        ("GET", ["jobs", id, "trace"]) => ci::trace(cx, repo, id),
        ("GET", ["jobs", id, "artifacts", path @ ..]) => ci::artifacts(cx, repo, id, path),
        ("POST", ["ci", "lint"]) => ci::lint(cx),

        ("GET", ["hooks"]) => hooks::list(cx, repo),
        ("POST", ["hooks"]) => hooks::create(cx, repo),
        ("DELETE", ["hooks", id]) => hooks::delete(cx, repo, id),

        ("GET", ["wikis"]) => wiki::list(repo),
        ("POST", ["wikis"]) => wiki::create(cx, repo),
        ("GET", ["wikis", slug]) => wiki::get(repo, slug),
        ("PUT", ["wikis", slug]) => wiki::update(cx, repo, slug),
        ("DELETE", ["wikis", slug]) => wiki::delete(cx, repo, slug),
        ("GET", ["labels"]) => milestones::labels(cx, repo),
        ("GET", ["labels", name]) => milestones::one_label(repo, name),
        ("GET", ["members", "all"]) => milestones::members(cx, repo),
        ("GET", ["milestones"]) => milestones::list(cx, repo),
        ("POST", ["milestones"]) => milestones::create(cx, repo),
        ("GET", ["milestones", id]) => milestones::get(cx, repo, id),
        ("PUT", ["milestones", id]) => milestones::update(cx, repo, id),
        ("GET", ["issues"]) => issues::list(cx, Some(repo)),
        ("POST", ["issues"]) => issues::create(cx, repo),
        (method, ["issues", iid, rest @ ..]) => {
            let number = issues::number(repo, iid)?;
            match (method, rest) {
                ("GET", []) => issues::get(cx, repo, number),
                ("PUT", []) => issues::update(cx, repo, number),
                ("GET", ["notes"]) => notes::list(cx, repo, number, "Issue"),
                ("POST", ["notes"]) => notes::create(cx, repo, number, "Issue"),
                ("GET", ["links"]) => links::list(cx, repo, number),
                ("POST", ["links"]) => links::create(cx, repo, number),
                ("GET", ["links", id]) => links::get(cx, repo, number, id),
                ("DELETE", ["links", id]) => links::delete(cx, repo, number, id),
                _ => Err(missing("")),
            }
        }

        ("GET", ["merge_requests"]) => merge_requests::list(cx, repo).await,
        ("POST", ["merge_requests"]) => merge_requests::create(cx, repo).await,
        (method, ["merge_requests", iid, rest @ ..]) => {
            let number = merge_requests::number(repo, iid)?;
            match (method, rest) {
                ("GET", []) => merge_requests::get(cx, repo, number).await,
                ("PUT", []) => merge_requests::update(cx, repo, number).await,
                ("PUT", ["merge"]) => merges::merge(cx, repo, number).await,
                ("PUT", ["rebase"]) => merges::rebase(cx, repo, number).await,
                ("GET", ["approvals"]) => notes::approvals(cx, repo, number, 200).await,
                ("POST", ["approve"]) => notes::approve(cx, repo, number).await,
                ("GET", ["notes"]) => notes::list(cx, repo, number, "MergeRequest"),
                ("POST", ["notes"]) => notes::create(cx, repo, number, "MergeRequest"),
                ("POST", ["discussions"]) => notes::place(cx, repo, number).await,
                _ => Err(missing("")),
            }
        }
        _ => Err(missing("")),
    }
}

/// The value itself, with 200.
pub(super) fn ok(value: &Value) -> Answer {
    Ok(Reply::json(200, value))
}
