//! Repositories.

use serde_json::Value;

use super::fault::{error, forbidden, not_found, refused};
use super::{Answer, Cx};
use crate::fake::forge::{NewRepo, Reason, Repo, now};
use crate::fake::http::Reply;

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo) -> Answer {
    Ok(Reply::json(200, &cx.repository(repo).await))
}

pub(super) async fn create(cx: &Cx<'_>, owner: &str, name: &str) -> Answer {
    let me = cx.me()?;
    if cx.forge().user(owner).is_none() {
        return Err(not_found(&format!("No workspace with identifier '{owner}'.")));
    }
    if !cx.forge().may_write(&me.login, owner) {
        return Err(error(400, "You cannot administer other people's repositories."));
    }
    let new = NewRepo {
        description: cx.text("/description").map(str::to_owned),
        private: cx.body["is_private"].as_bool().unwrap_or(false),
        ..NewRepo::new(owner, &name.to_lowercase())
    };
    let repo = cx.forge().create_repo(new).await.map_err(|refusal| match refusal.reason {
        Reason::Exists => error(400, "Repository with this Slug and Owner already exists."),
        _ => refused(refusal),
    })?;
    get(cx, &repo).await
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(forbidden());
    }
    if let Some(branch) = cx.text("/mainbranch/name").filter(|branch| *branch != repo.default_branch) {
        let set = cx.forge().set_default_branch(repo.id, branch).await;
        set.map_err(|refusal| error(400, &refusal.message))?;
    }
    cx.forge().with(repo.id, |repo| {
        if let Some(text) = cx.body["description"].as_str() {
            repo.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        repo.private = cx.body["is_private"].as_bool().unwrap_or(repo.private);
        repo.updated_at = now();
    });
    let repo = cx.forge().repo(repo.id).ok_or_else(|| not_found("Repository not found"))?;
    get(cx, &repo).await
}

pub(super) async fn delete(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(forbidden());
    }
    cx.forge().delete_repo(repo.id).await.map_err(refused)?;
    Ok(Reply::empty(204))
}

/// Those of a workspace, by their numbers, or by their names where that is asked for.
pub(super) async fn list(cx: &Cx<'_>, owner: &str) -> Answer {
    if cx.forge().user(owner).is_none() {
        return Err(not_found(&format!("No workspace with identifier '{owner}'.")));
    }
    let seen = |repo: &Repo| repo.owner.eq_ignore_ascii_case(owner) && (!repo.private || cx.writes(repo));
    let mut all: Vec<_> = cx.forge().repos().into_iter().filter(seen).collect();
    all.sort_by_key(|repo| repo.id);
    if cx.ask.query("sort") == Some("name") {
        all.sort_by_key(|repo| repo.name.to_lowercase());
    }
    let cut = cx.page(all, 100);
    let mut shapes: Vec<Value> = Vec::new();
    for repo in &cut.items {
        shapes.push(cx.repository(repo).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}
