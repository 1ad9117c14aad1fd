//! Which request goes where: the list of what this server does.

use super::fault::not_found;
use super::{
    Answer, Cx, actions, commits, contents, hooks, issues, labels, milestones, people, pulls, refs, releases,
    remarks, repos, reviews, search, statuses,
};
use crate::fake::forge::Repo;
use crate::fake::http::Reply;

pub(super) async fn route(cx: &Cx<'_>, parts: &[&str]) -> Answer {
    match (cx.ask.method.as_str(), parts) {
        ("GET", ["meta"]) => {
            Ok(Reply::json(200, &serde_json::json!({ "verifiable_password_authentication": false })))
        }
        ("GET", ["rate_limit"]) => Ok(people::rate_limit(cx)),
        ("GET", ["user"]) => people::me(cx),
        ("GET", ["user", "repos"]) => repos::list_mine(cx),
        ("POST", ["user", "repos"]) => repos::create(cx, None).await,
        ("GET", ["users", login]) => people::get(cx, login),
        ("GET", ["users", login, "repos"]) => repos::list_of_user(cx, login),
        ("GET", ["orgs", login]) => people::org(cx, login),
        ("GET", ["orgs", login, "repos"]) => repos::list_of_org(cx, login),
        ("POST", ["orgs", login, "repos"]) => repos::create(cx, Some(login)).await,
        ("GET", ["blobs", rest @ ..]) => actions::blob(cx, rest),
        ("GET", ["search", "issues"]) => search::issues(cx),
        (_, ["repos", owner, name, rest @ ..]) => {
            let repo = cx.repo(owner, name)?;
            of_repo(cx, &repo, rest).await
        }
        (_, ["repositories", id, rest @ ..]) => {
            let repo = cx.seen(id.parse().map_err(|_| not_found())?)?;
            of_repo(cx, &repo, rest).await
        }
        _ => Err(not_found()),
    }
}

async fn of_repo(cx: &Cx<'_>, repo: &Repo, rest: &[&str]) -> Answer {
    let number = |text: &str| text.parse::<u64>().map_err(|_| not_found());
    match (cx.ask.method.as_str(), rest) {
        ("GET", []) => Ok(repos::get(cx, repo)),
        ("PATCH", []) => repos::update(cx, repo).await,
        ("DELETE", []) => repos::delete(cx, repo).await,
        ("GET", ["collaborators"]) => people::collaborators(cx, repo),
        ("GET", ["collaborators", login]) => people::is_collaborator(cx, repo, login),
        ("PUT", ["collaborators", login]) => people::add_collaborator(cx, repo, login),
        ("DELETE", ["collaborators", login]) => people::remove_collaborator(cx, repo, login),
        ("GET", ["assignees"]) => Ok(people::assignees(cx, repo)),

        (_, ["actions", rest @ ..]) => actions::route(cx, repo, rest).await,
        ("GET", ["branches"]) => refs::branches(cx, repo).await,
        ("POST", ["branches", branch @ .., "rename"]) => {
            refs::rename_branch(cx, repo, &branch.join("/")).await
        }
        ("GET", ["branches", branch @ ..]) => refs::branch(cx, repo, &branch.join("/")).await,
        ("GET", ["tags"]) => refs::tags(cx, repo).await,
        ("GET", ["git", "ref", name @ ..]) => refs::get(cx, repo, &name.join("/")).await,
        ("GET", ["git", "refs"]) => refs::matching(cx, repo, "").await,
        ("GET", ["git", "matching-refs", name @ ..]) => refs::matching(cx, repo, &name.join("/")).await,
        ("POST", ["git", "refs"]) => refs::create(cx, repo).await,
        ("PATCH", ["git", "refs", name @ ..]) => refs::update(cx, repo, &name.join("/")).await,
        ("DELETE", ["git", "refs", name @ ..]) => refs::delete(cx, repo, &name.join("/")).await,
        ("POST", ["git", "tags"]) => refs::create_tag(cx, repo).await,
        ("GET", ["git", "tags", sha]) => refs::tag(cx, repo, sha).await,

        ("GET", ["git", "trees", sha @ ..]) => contents::tree(cx, repo, &sha.join("/")).await,
        ("GET", ["git", "blobs", sha]) => contents::blob(cx, repo, sha).await,
        ("GET", ["contents", path @ ..]) => contents::get(cx, repo, &path.join("/")).await,
        ("PUT", ["contents", path @ ..]) => contents::put(cx, repo, &path.join("/")).await,
        ("DELETE", ["contents", path @ ..]) => contents::delete(cx, repo, &path.join("/")).await,

        ("GET", ["commits"]) => commits::list(cx, repo).await,
        ("GET", ["commits", name @ .., "status"]) => statuses::combined(cx, repo, &name.join("/")).await,
        ("GET", ["commits", name @ .., "statuses"]) => statuses::list(cx, repo, &name.join("/")).await,
        ("GET", ["commits", name @ ..]) => commits::get(cx, repo, &name.join("/")).await,
        ("GET", ["git", "commits", sha]) => commits::git_commit(cx, repo, sha).await,
        ("GET", ["compare", both @ ..]) => commits::compare(cx, repo, &both.join("/")).await,
        ("POST", ["merges"]) => commits::merge(cx, repo).await,
        ("POST", ["statuses", sha]) => statuses::create(cx, repo, sha).await,

        ("GET", ["pulls"]) => pulls::list(cx, repo).await,
        ("POST", ["pulls"]) => pulls::create(cx, repo).await,
        ("GET", ["pulls", "comments", id]) => remarks::get(cx, repo, number(id)?),
        ("GET", ["pulls", n]) => pulls::get(cx, repo, number(n)?).await,
        ("PATCH", ["pulls", n]) => pulls::update(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "commits"]) => pulls::commits(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "files"]) => pulls::files(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "merge"]) => pulls::is_merged(cx, repo, number(n)?).await,
        ("PUT", ["pulls", n, "merge"]) => pulls::merge(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "reviews"]) => reviews::list(cx, repo, number(n)?).await,
        ("POST", ["pulls", n, "reviews"]) => reviews::create(cx, repo, number(n)?).await,
        ("GET", ["pulls", n, "reviews", id]) => reviews::get(cx, repo, number(n)?, number(id)?).await,
        ("GET", ["pulls", n, "comments"]) => remarks::list(cx, repo, number(n)?).await,
        ("POST", ["pulls", n, "comments"]) => remarks::create(cx, repo, number(n)?).await,

        ("GET", ["issues"]) => issues::list(cx, repo),
        ("POST", ["issues"]) => issues::create(cx, repo),
        ("GET", ["issues", "comments", id]) => issues::comment(cx, repo, number(id)?),
        ("PATCH", ["issues", "comments", id]) => issues::edit_comment(cx, repo, number(id)?),
        ("DELETE", ["issues", "comments", id]) => issues::delete_comment(cx, repo, number(id)?),
        ("GET", ["issues", n]) => issues::get(cx, repo, number(n)?),
        ("PATCH", ["issues", n]) => issues::update(cx, repo, number(n)?).await,
        ("GET", ["issues", n, "comments"]) => issues::comments(cx, repo, number(n)?),
        ("POST", ["issues", n, "comments"]) => issues::add_comment(cx, repo, number(n)?),
        ("POST", ["issues", n, "assignees"]) => issues::assign(cx, repo, number(n)?, true),
        ("DELETE", ["issues", n, "assignees"]) => issues::assign(cx, repo, number(n)?, false),
        ("GET", ["issues", n, "labels"]) => labels::of_issue(cx, repo, number(n)?),
        ("POST", ["issues", n, "labels"]) => labels::add_to_issue(cx, repo, number(n)?, false),
        ("PUT", ["issues", n, "labels"]) => labels::add_to_issue(cx, repo, number(n)?, true),
        ("DELETE", ["issues", n, "labels"]) => labels::take_from_issue(cx, repo, number(n)?, None),
        ("DELETE", ["issues", n, "labels", name]) => {
            labels::take_from_issue(cx, repo, number(n)?, Some(name))
        }
        ("GET", ["labels"]) => Ok(labels::list(cx, repo)),
        ("POST", ["labels"]) => labels::create(cx, repo),
        ("GET", ["labels", name]) => labels::get(cx, repo, name),
        ("PATCH", ["labels", name]) => labels::update(cx, repo, name),
        ("DELETE", ["labels", name]) => labels::delete(cx, repo, name),
        ("GET", ["milestones"]) => Ok(milestones::list(cx, repo)),
        ("POST", ["milestones"]) => milestones::create(cx, repo),
        ("GET", ["milestones", n]) => milestones::get(cx, repo, number(n)?),
        ("PATCH", ["milestones", n]) => milestones::update(cx, repo, number(n)?),
        ("DELETE", ["milestones", n]) => milestones::delete(cx, repo, number(n)?),

        ("GET", ["releases"]) => releases::list(cx, repo),
        ("POST", ["releases"]) => releases::create(cx, repo).await,
        ("GET", ["releases", "latest"]) => releases::latest(cx, repo),
        ("GET", ["releases", "tags", tag @ ..]) => releases::by_tag(cx, repo, &tag.join("/")),
        ("GET", ["releases", id]) => releases::get(cx, repo, number(id)?),
        ("PATCH", ["releases", id]) => releases::update(cx, repo, number(id)?).await,
        ("DELETE", ["releases", id]) => releases::delete(cx, repo, number(id)?),
        ("GET", ["hooks"]) => hooks::list(cx, repo),
        ("POST", ["hooks"]) => hooks::create(cx, repo),
        ("GET", ["hooks", id]) => hooks::get(cx, repo, number(id)?),
        ("PATCH", ["hooks", id]) => hooks::update(cx, repo, number(id)?),
        ("DELETE", ["hooks", id]) => hooks::delete(cx, repo, number(id)?),
        ("POST", ["hooks", id, "pings" | "tests"]) => {
            hooks::get(cx, repo, number(id)?).map(|_| Reply::empty(204))
        }
        _ => Err(not_found()),
    }
}
