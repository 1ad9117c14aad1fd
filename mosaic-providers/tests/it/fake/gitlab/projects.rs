//! Projects, and who owns them.

use serde_json::json;

use super::routes::ok;
use super::{Answer, Cx, absent, forbidden, message, missing, refused};
use crate::fake::forge::{NewRepo, Reason, Repo};
use crate::fake::http::Reply;

pub(super) fn users(cx: &Cx<'_>) -> Answer {
    let wanted = cx.ask.query("username");
    let all = cx.forge().users();
    let fits = all.iter().filter(|user| wanted.is_none_or(|name| user.login.eq_ignore_ascii_case(name)));
    cx.list(fits.map(|user| cx.person(&user.login)).collect())
}

pub(super) fn namespace(cx: &Cx<'_>, path: &str) -> Answer {
    cx.me()?;
    let user = cx.forge().user(path).ok_or_else(|| missing("Namespace"))?;
    ok(&cx.namespace(&user.login))
}

pub(super) async fn list(cx: &Cx<'_>, owner: Option<&str>) -> Answer {
    if let Some(owner) = owner.filter(|owner| cx.forge().user(owner).is_none()) {
        return Err(missing(if owner.is_empty() { "User" } else { "Group" }));
    }
    let visible = cx.forge().repos().into_iter().filter(|repo| !repo.private || cx.writes(repo));
    let mut all: Vec<_> = visible
        .filter(|repo| owner.is_none_or(|owner| repo.owner.eq_ignore_ascii_case(owner)))
        .filter(|repo| cx.ask.query("membership") != Some("true") || cx.writes(repo))
        .collect();
    if cx.ask.query("order_by") == Some("path") {
        all.sort_by(|a, b| a.name.cmp(&b.name));
    } else {
        all.sort_by_key(|repo| repo.id);
    }
    if cx.ask.query("sort") != Some("asc") {
        all.reverse();
    }
    let cut = cx.page(all);
    let mut shapes = Vec::new();
    for repo in &cut.items {
        shapes.push(cx.project(repo).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn create(cx: &Cx<'_>) -> Answer {
    let me = cx.me()?;
    let path = cx
        .text("path")
        .or_else(|| cx.text("name"))
        .ok_or_else(|| absent("name, path are missing, at least one parameter must be provided; one"))?;
    let owner = match cx.body.get("namespace_id").and_then(serde_json::Value::as_u64) {
        None => me.clone(),
        Some(id) => {
            cx.forge().users().into_iter().find(|user| user.id == id).ok_or_else(|| missing("Namespace"))?
        }
    };
    if !cx.forge().may_write(&me.login, &owner.login) {
        return Err(Reply::json(400, &json!({ "message": { "namespace": ["is not valid"] } })));
    }
    let mut new = NewRepo::new(&owner.login, path);
    new.description = cx.text("description").map(str::to_owned);
    new.private = cx.text("visibility") != Some("public");
    match cx.forge().create_repo(new).await {
        Ok(repo) => Ok(Reply::json(201, &cx.project(&repo).await)),
        Err(refusal) if refusal.reason == Reason::Exists => {
            let taken = "has already been taken";
            Err(Reply::json(
                400,
                &json!({ "message": { "project_namespace.name": [taken], "name": [taken], "path": [taken] } }),
            ))
        }
        Err(refusal) => Err(refused(&refusal)),
    }
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(forbidden());
    }
    if let Some(branch) = cx.text("default_branch").filter(|branch| *branch != repo.default_branch) {
        if cx.forge().git(repo.id).tip(branch).await.is_none() {
            let text = format!("Could not change HEAD: branch '{branch}' does not exist");
            return Err(Reply::json(400, &json!({ "message": { "base": [text] } })));
        }
        cx.forge().set_default_branch(repo.id, branch).await.map_err(|refusal| refused(&refusal))?;
    }
    cx.forge().with(repo.id, |repo| {
        if let Some(text) = cx.text("description") {
            repo.description = Some(text.to_owned());
        }
        if let Some(visibility) = cx.text("visibility") {
            repo.private = visibility != "public";
        }
        repo.updated_at = crate::fake::forge::now();
    });
    show(cx, repo, 200).await
}

async fn show(cx: &Cx<'_>, repo: &Repo, status: u16) -> Answer {
    let repo = cx.forge().repo(repo.id).ok_or_else(|| missing("Project"))?;
    Ok(Reply::json(status, &cx.project(&repo).await))
}

pub(super) async fn archive(cx: &Cx<'_>, repo: &Repo, archived: bool) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(forbidden());
    }
    cx.forge().with(repo.id, |repo| repo.archived = archived);
    show(cx, repo, 201).await
}

/// Deleted later: until then it is there, marked.
pub(super) fn delete(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(forbidden());
    }
    if !cx.lab.extra().deleting.insert(repo.id) {
        return Err(message(400, "Project has been already marked for deletion"));
    }
    Ok(message(202, "202 Accepted"))
}
