//! Repositories.

use super::fault::{error, not_found, refused};
use super::{Answer, Cx};
use crate::fake::forge::{NewRepo, Reason, Repo, UserKind, now};
use crate::fake::http::Reply;
use serde_json::json;

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo) -> Answer {
    Ok(Reply::json(200, &cx.repository(repo).await))
}

pub(super) async fn create(cx: &Cx<'_>, org: Option<&str>) -> Answer {
    let me = cx.me()?;
    let owner = match org {
        None => me.login.clone(),
        Some(org) => {
            let org = cx.forge().user(org).filter(|user| user.kind == UserKind::Organisation);
            let org = org.ok_or_else(|| not_found(cx))?;
            if !cx.forge().may_write(&me.login, &org.login) {
                return Err(error(403, "Given user is not owner of organization."));
            }
            org.login
        }
    };
    let name = cx.filled("name").ok_or_else(|| error(422, "[Name]: Required"))?;
    let new = NewRepo {
        description: cx.filled("description").map(str::to_owned),
        private: cx.flag("private").unwrap_or(false),
        default_branch: cx.filled("default_branch").unwrap_or("main").to_owned(),
        ..NewRepo::new(&owner, name)
    };
    let repo = cx.forge().create_repo(new).await.map_err(|refusal| match refusal.reason {
        Reason::Exists => error(409, "The repository with the same name already exists."),
        _ => refused(refusal),
    })?;
    Ok(Reply::json(201, &cx.repository(&repo).await))
}

/// A default branch that is not there is passed over, and so is that the repository is archived.
pub(super) async fn update(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(error(403, "user should be an owner or a collaborator with admin write of a repository"));
    }
    if let Some(name) = cx.filled("name").filter(|name| *name != repo.name) {
        cx.forge().move_repo(repo.id, &repo.owner, name).map_err(refused)?;
    }
    if let Some(branch) = cx.filled("default_branch").filter(|branch| *branch != repo.default_branch)
        && cx.forge().git(repo.id).tip(branch).await.is_some()
    {
        cx.forge().set_default_branch(repo.id, branch).await.map_err(refused)?;
    }
    cx.forge().with(repo.id, |repo| {
        if let Some(text) = cx.text("description") {
            repo.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        repo.private = cx.flag("private").unwrap_or(repo.private);
        repo.archived = cx.flag("archived").unwrap_or(repo.archived);
        repo.updated_at = now();
    });
    let repo = cx.forge().repo(repo.id).ok_or_else(|| not_found(cx))?;
    get(cx, &repo).await
}

pub(super) async fn delete(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(error(403, "Given user is not owner of organization."));
    }
    cx.forge().delete_repo(repo.id).await.map_err(refused)?;
    Ok(Reply::empty(204))
}

/// All that whoever asks may see, by their numbers, or by their names where that is asked for.
pub(super) async fn search(cx: &Cx<'_>) -> Answer {
    let owner = match cx.ask.query("uid").filter(|uid| *uid != "0") {
        None => None,
        Some(uid) => {
            let users = cx.forge().users();
            let user = users.into_iter().find(|user| user.id.to_string() == uid);
            Some(user.map(|user| user.login).unwrap_or_default())
        }
    };
    let seen = |repo: &Repo| {
        (!repo.private || cx.writes(repo))
            && owner.as_ref().is_none_or(|owner| repo.owner.eq_ignore_ascii_case(owner))
    };
    let mut all: Vec<_> = cx.forge().repos().into_iter().filter(seen).collect();
    if cx.ask.query("sort") != Some("alpha") {
        all.sort_by_key(|repo| repo.id);
    }
    if cx.ask.query("order") == Some("desc") {
        all.reverse();
    }
    let cut = cx.page(all);
    let mut shapes = Vec::new();
    for repo in &cut.items {
        shapes.push(cx.repository(repo).await);
    }
    let base = format!("{}{}", cx.ask.origin(), cx.ask.path);
    Ok(Reply::json(200, &json!({ "ok": true, "data": shapes }))
        .header("x-total-count", cut.total.to_string())
        .maybe_header("link", cut.link(cx.ask, &base, "limit")))
}
