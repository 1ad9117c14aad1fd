//! The server itself, people, and what they say beneath issues and pull requests.

use mosaic_providers::gitea::Product;
use serde_json::{Value, json};

use super::fault::{error, internal, not_found};
use super::{Answer, Cx};
use crate::fake::forge::{Comment, Item, Repo, User, UserKind};
use crate::fake::http::{Reply, time};

pub(super) fn version(cx: &Cx<'_>) -> Reply {
    let version = match cx.product() {
        Product::Gitea => "1.27.0",
        Product::Forgejo => "14.0.1+gitea-1.22.0",
    };
    Reply::json(200, &json!({ "version": version }))
}

pub(super) fn me(cx: &Cx<'_>) -> Answer {
    Ok(Reply::json(200, &cx.person(cx.me()?)))
}

/// Organisations too: to this part of the API they are people.
pub(super) fn get(cx: &Cx<'_>, login: &str) -> Answer {
    let user = cx.forge().user(login).ok_or_else(|| not_found(cx))?;
    Ok(Reply::json(200, &cx.person(&user)))
}

/// People who may write to a repository.
pub(super) fn writers(cx: &Cx<'_>, repo: &Repo) -> Vec<User> {
    let may = |user: &User| {
        user.kind == UserKind::Person
            && (repo.collaborators.contains(&user.login) || cx.forge().may_write(&user.login, &repo.owner))
    };
    cx.forge().users().into_iter().filter(may).collect()
}

/// Those who can be assigned, all of them.
pub(super) fn assignees(cx: &Cx<'_>, repo: &Repo) -> Reply {
    let all: Vec<_> = writers(cx, repo).iter().map(|user| cx.person(user)).collect();
    Reply::json(200, &Value::Array(all))
}

fn comment(cx: &Cx<'_>, repo: &Repo, item: &Item, comment: &Comment) -> Value {
    let (kind, word) =
        if item.pull.is_some() { ("pulls", "pull_request_url") } else { ("issues", "issue_url") };
    let page = format!("{}/{kind}/{}", cx.repo_page(repo), item.number);
    let mut shape = json!({
        "id": comment.id, "html_url": format!("{page}#issuecomment-{}", comment.id), "pull_request_url": "",
        "issue_url": "", "user": cx.login(&comment.author), "original_author": "", "original_author_id": 0,
        "body": comment.body, "assets": [], "created_at": time(comment.created_at),
        "updated_at": time(comment.updated_at),
    });
    shape[word] = json!(page);
    shape
}

/// All of them, whatever page is asked for. An issue that is not there is a failure of the server's own.
pub(super) fn comments(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let item = repo.items.get(&number).ok_or_else(internal)?;
    let all: Vec<_> = item.comments.iter().map(|one| comment(cx, repo, item, one)).collect();
    Ok(Reply::json(200, &json!(all)).header("x-total-count", all.len().to_string()))
}

pub(super) fn add_comment(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let item = repo.items.get(&number).ok_or_else(internal)?;
    let body = cx.filled("body").ok_or_else(|| error(422, "[Body]: Required"))?;
    let made = cx.forge().add_comment(repo.id, number, &me.login, body).ok_or_else(|| not_found(cx))?;
    Ok(Reply::json(201, &comment(cx, repo, item, &made)))
}
