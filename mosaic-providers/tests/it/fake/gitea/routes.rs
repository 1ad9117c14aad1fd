//! Which request goes where: the list of what this server does.

use super::fault::not_found;
use super::{
    Answer, Cx, commits, contents, hooks, issues, labels, people, pulls, refs, releases, repos, reviews,
    statuses, wiki,
};
use crate::fake::forge::Repo;

pub(super) async fn route(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    match (cx.ask.method.as_str(), parts) {
        ("GET", ["version"]) => Ok(people::version(cx)),
        ("GET", ["user"]) => people::me(cx),
        ("GET", ["users", login]) => people::get(cx, login),
        ("POST", ["user", "repos"]) => repos::create(cx, None).await,
        ("POST", ["orgs", login, "repos"]) => repos::create(cx, Some(login)).await,
        ("GET", ["repos", "search"]) => repos::search(cx).await,
        ("GET", ["repos", "issues", "search"]) => issues::search(cx),
        (_, ["repos", owner, name, rest @ ..]) => {
            let repo = cx.repo(owner, name)?;
            of_repo(cx, &repo, rest).await
        }
        _ => Err(not_found(cx)),
    }
}

async fn of_repo(cx: &Cx<'_>, repo: &Repo, rest: &[&str]) -> Answer {
    let number = |text: &str| text.parse::<u64>().map_err(|_| not_found(cx));
    match (cx.ask.method.as_str(), rest) {
        ("GET", []) => repos::get(cx, repo).await,
        ("PATCH", []) => repos::update(cx, repo).await,
        ("DELETE", []) => repos::delete(cx, repo).await,

        ("GET", ["branches"]) => refs::branches(cx, repo).await,
        ("POST", ["branches"]) => refs::create_branch(cx, repo).await,
        ("GET", ["branches", name @ ..]) => refs::branch(cx, repo, &name.join("/")).await,
        ("DELETE", ["branches", name @ ..]) => refs::delete_branch(cx, repo, &name.join("/")).await,
        ("GET", ["tags"]) => refs::tags(cx, repo).await,
        ("POST", ["tags"]) => refs::create_tag(cx, repo).await,
        ("GET", ["git", "refs", name @ ..]) => refs::matching(cx, repo, &name.join("/")).await,
        ("GET", ["git", "trees", sha]) => contents::tree(cx, repo, sha).await,

        ("GET", ["contents", path @ ..]) => contents::get(cx, repo, &path.join("/")).await,
        ("POST" | "PUT" | "DELETE", ["contents", path @ ..]) => {
            contents::change(cx, repo, &path.join("/")).await
        }
        ("GET", ["raw", path @ ..]) => contents::raw(cx, repo, &path.join("/")).await,

        ("GET", ["commits"]) => commits::list(cx, repo).await,
        ("GET", ["compare", both @ ..]) => commits::compare(cx, repo, &both.join("/")).await,
        ("GET", ["commits", name, "status"]) => statuses::combined(cx, repo, name).await,
        ("POST", ["statuses", sha]) => statuses::create(cx, repo, sha).await,

        ("GET", ["pulls"]) => pulls::list(cx, repo).await,
        ("POST", ["pulls"]) => pulls::create(cx, repo).await,
        ("GET", ["pulls", n]) => pulls::get(cx, repo, number(n)?).await,
        ("PATCH", ["pulls", n]) => pulls::update(cx, repo, number(n)?).await,
        ("POST", ["pulls", n, "merge"]) => pulls::merge(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "reviews"]) => reviews::list(cx, repo, number(n)?).await,
        ("POST", ["pulls", n, "reviews"]) => reviews::create(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "reviews", id, "comments"]) => {
            reviews::comments(cx, repo, number(n)?, number(id)?).await
        }
        ("GET", ["pulls", base, head]) => pulls::between(cx, repo, base, head).await,

        ("GET", ["assignees"]) => Ok(people::assignees(cx, repo)),
        ("GET", ["issues"]) => issues::list(cx, repo),
        ("POST", ["issues"]) => issues::create(cx, repo),
        ("GET", ["issues", n]) => issues::get(cx, repo, number(n)?),
        ("PATCH", ["issues", n]) => issues::update(cx, repo, number(n)?),
        ("PUT", ["issues", n, "labels"]) => issues::put_labels(cx, repo, number(n)?),
        ("GET", ["issues", n, "blocks"]) => issues::ends(cx, repo, number(n)?, true),
        ("GET", ["issues", n, "dependencies"]) => issues::ends(cx, repo, number(n)?, false),
        ("POST", ["issues", n, "blocks"]) => issues::block(cx, repo, number(n)?, true),
        ("DELETE", ["issues", n, "blocks"]) => issues::block(cx, repo, number(n)?, false),
        ("GET", ["labels"]) => labels::list(cx, repo),
        ("POST", ["labels"]) => labels::create(cx, repo),
        ("GET", ["milestones"]) => issues::milestones(cx, repo),
        ("POST", ["milestones"]) => issues::create_milestone(cx, repo),
        ("GET", ["milestones", word]) => issues::get_milestone(cx, repo, word),
        ("PATCH", ["milestones", word]) => issues::update_milestone(cx, repo, word),
        ("GET", ["issues", n, "comments"]) => people::comments(cx, repo, number(n)?),
        ("POST", ["issues", n, "comments"]) => people::add_comment(cx, repo, number(n)?),

        ("GET", ["wiki", "pages"]) => wiki::list(cx, repo),
        ("POST", ["wiki", "new"]) => wiki::create(cx, repo),
        ("GET", ["wiki", "page", name]) => wiki::get(cx, repo, name),
        ("PATCH", ["wiki", "page", name]) => wiki::update(cx, repo, name),
        ("DELETE", ["wiki", "page", name]) => wiki::delete(cx, repo, name),

        ("GET", ["releases"]) => releases::list(cx, repo),
        ("POST", ["releases"]) => releases::create(cx, repo).await,
        ("GET", ["hooks"]) => hooks::list(cx, repo),
        ("POST", ["hooks"]) => hooks::create(cx, repo),
        ("DELETE", ["hooks", id]) => hooks::delete(cx, repo, number(id)?),
        _ => Err(not_found(cx)),
    }
}
