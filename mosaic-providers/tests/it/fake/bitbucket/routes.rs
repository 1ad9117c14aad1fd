//! Which request goes where: the list of what this server does.

use serde_json::json;

use super::fault::not_found;
use super::{Answer, Cx, commits, hooks, pipelines, pulls, refs, remarks, repos, source, statuses};
use crate::fake::forge::Repo;
use crate::fake::http::Reply;

pub(super) async fn route(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    match (cx.ask.method.as_str(), parts) {
        ("GET", ["user"]) => Ok(Reply::json(200, &cx.account(cx.me()?))),
        ("GET", ["user", "workspaces"]) => workspaces(cx),
        ("GET", ["repositories", owner]) => repos::list(cx, owner).await,
        ("POST", ["repositories", owner, name]) => repos::create(cx, owner, name).await,
        (_, ["repositories", owner, name, rest @ ..]) => {
            let repo = cx.repo(owner, name)?;
            of_repo(cx, &repo, rest).await
        }
        _ => Err(nothing()),
    }
}

fn nothing() -> Reply {
    not_found("Resource not found")
}

fn workspaces(cx: &Cx<'_>) -> Answer {
    let me = cx.me()?;
    let mine = cx.forge().users().into_iter().filter(|owner| cx.forge().may_write(&me.login, &owner.login));
    let access = |owner: crate::fake::forge::User| {
        json!({
            "type": "workspace_access", "administrator": true,
            "workspace": { "type": "workspace_base", "slug": owner.login, "uuid": super::wire::uuid(owner.id) },
        })
    };
    let cut = cx.page(mine.map(access).collect(), 100);
    Ok(cx.listed(&cut))
}

async fn of_repo(cx: &Cx<'_>, repo: &Repo, rest: &[&str]) -> Answer {
    let number = |text: &str| text.parse::<u64>().map_err(|_| nothing());
    match (cx.ask.method.as_str(), rest) {
        ("GET", []) => repos::get(cx, repo).await,
        ("PUT", []) => repos::update(cx, repo).await,
        ("DELETE", []) => repos::delete(cx, repo).await,

        ("GET", ["refs", "branches"]) => refs::list(cx, repo, "heads").await,
        ("POST", ["refs", "branches"]) => refs::create_branch(cx, repo).await,
        ("GET", ["refs", "branches", name @ ..]) => refs::get(cx, repo, "heads", &name.join("/")).await,
        ("DELETE", ["refs", "branches", name @ ..]) => refs::delete_branch(cx, repo, &name.join("/")).await,
        ("GET", ["refs", "tags"]) => refs::list(cx, repo, "tags").await,
        ("POST", ["refs", "tags"]) => refs::create_tag(cx, repo).await,
        ("GET", ["refs", "tags", name @ ..]) => refs::get(cx, repo, "tags", &name.join("/")).await,

        ("GET", ["commits"]) => commits::list(cx, repo).await,
        ("GET", ["commit", hash]) => commits::get(cx, repo, hash).await,
        ("GET", ["merge-base", both]) => commits::merge_base(cx, repo, both).await,
        ("GET", ["diffstat", both]) => commits::diffstat(cx, repo, both).await,
        ("GET", ["commit", hash, "statuses"]) => statuses::list(cx, repo, hash).await,
        ("POST", ["commit", hash, "statuses", "build"]) => statuses::set(cx, repo, hash).await,

        ("GET", ["src", commit, path @ ..]) => source::get(cx, repo, commit, &path.join("/")).await,
        ("POST", ["src"]) => source::commit(cx, repo).await,

        ("GET", ["pullrequests"]) => pulls::list(cx, repo).await,
        ("POST", ["pullrequests"]) => pulls::create(cx, repo).await,
        ("GET", ["pullrequests", n]) => pulls::get(cx, repo, number(n)?).await,
        ("PUT", ["pullrequests", n]) => pulls::update(cx, repo, number(n)?).await,
        ("POST", ["pullrequests", n, "merge"]) => pulls::merge(cx, repo, number(n)?).await,
        ("GET", ["pullrequests", n, "merge", "task-status", id]) => {
            pulls::task(cx, repo, number(n)?, id).await
        }
        ("POST", ["pullrequests", n, "decline"]) => pulls::decline(cx, repo, number(n)?).await,
        ("POST", ["pullrequests", n, "approve"]) => remarks::judge(cx, repo, number(n)?, true).await,
        ("POST", ["pullrequests", n, "request-changes"]) => remarks::judge(cx, repo, number(n)?, false).await,
        ("GET", ["pullrequests", n, "comments"]) => remarks::list(cx, repo, number(n)?).await,
        ("POST", ["pullrequests", n, "comments"]) => remarks::create(cx, repo, number(n)?).await,

        ("GET", ["pipelines"]) => pipelines::list(cx, repo).await,
        ("POST", ["pipelines"]) => pipelines::trigger(cx, repo).await,
        ("GET", ["pipelines", id]) => pipelines::get(cx, repo, id).await,
        ("POST", ["pipelines", id, "stopPipeline"]) => pipelines::stop(cx, repo, id),
        ("GET", ["pipelines", id, "steps"]) => pipelines::steps(cx, repo, id),
        ("GET", ["pipelines", id, "steps", step]) => pipelines::get_step(cx, repo, id, step),
        ("GET", ["pipelines", id, "steps", step, "log"]) => pipelines::log(cx, repo, id, step),

        ("GET", ["hooks"]) => hooks::list(cx, repo),
        ("POST", ["hooks"]) => hooks::create(cx, repo),
        ("DELETE", ["hooks", uid]) => hooks::delete(cx, repo, uid),
        _ => Err(nothing()),
    }
}
