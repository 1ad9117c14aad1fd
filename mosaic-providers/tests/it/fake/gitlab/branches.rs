//! Branches.

use serde_json::{Value, json};

use super::routes::ok;
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{Git, Reason, Ref, Repo};
use crate::fake::http::Reply;

async fn shape(cx: &Cx<'_>, repo: &Repo, branch: &Ref) -> Value {
    let name = branch.short();
    json!({
        "name": name, "commit": cx.commit_at(repo, &branch.sha).await, "merged": false, "protected": false,
        "developers_can_push": false, "developers_can_merge": false, "can_push": cx.writes(repo),
        "default": name == repo.default_branch, "web_url": format!("{}/-/tree/{name}", cx.page_of(repo)),
    })
}

async fn find(cx: &Cx<'_>, repo: &Repo, name: &str) -> Result<Ref, Reply> {
    let found = cx.forge().git(repo.id).reference(&format!("refs/heads/{name}")).await;
    found.ok_or_else(|| missing("Branch"))
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let cut = cx.page(cx.forge().git(repo.id).branches().await);
    let mut shapes = Vec::new();
    for branch in &cut.items {
        shapes.push(shape(cx, repo, branch).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    ok(&shape(cx, repo, &find(cx, repo, name).await?).await)
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let (name, from) = (cx.need("branch")?, cx.need("ref")?);
    let git = cx.forge().git(repo.id);
    if !Git::is_ref_name(name) {
        return Err(message(400, "Branch name is invalid"));
    }
    if git.tip(name).await.is_some() {
        return Err(message(400, "Branch already exists"));
    }
    let Some(commit) = git.commit_of(from).await else {
        return Err(message(400, &format!("Invalid reference name: {from}")));
    };
    match git.create_ref(&format!("refs/heads/{name}"), &commit).await {
        Ok(made) => Ok(Reply::json(201, &shape(cx, repo, &made).await)),
        Err(refusal) if refusal.reason == Reason::Exists => Err(message(400, "Branch already exists")),
        Err(refusal) => Err(message(400, &format!("Failed to create branch '{name}': {}", refusal.message))),
    }
}

pub(super) async fn delete(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    find(cx, repo, name).await?;
    if name == repo.default_branch {
        return Err(message(400, "Cannot remove HEAD branch"));
    }
    cx.forge()
        .delete_ref(repo.id, &format!("refs/heads/{name}"))
        .await
        .map_err(|refusal| super::refused(&refusal))?;
    Ok(Reply::empty(204))
}
