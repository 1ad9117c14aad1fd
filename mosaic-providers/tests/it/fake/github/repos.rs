//! Repositories.

use serde_json::Value;

use super::fault::{custom_field, error, field, not_found, refused};
use super::{Answer, Cx};
use crate::fake::forge::{NewRepo, Put, Reason, Repo, UserKind, now};
use crate::fake::http::Reply;

pub(super) fn get(cx: &Cx<'_>, repo: &Repo) -> Reply {
    Reply::json(200, &cx.full_repository(repo))
}

/// What GitHub makes of a name: other characters than its own become dashes.
fn spelled(name: &str) -> String {
    let good = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    name.chars().map(good).collect()
}

pub(super) async fn create(cx: &Cx<'_>, org: Option<&str>) -> Answer {
    let me = cx.me()?;
    let owner = match org {
        None => me.login.clone(),
        Some(org) => {
            let org = cx
                .forge()
                .user(org)
                .filter(|user| user.kind == UserKind::Organisation)
                .ok_or_else(not_found)?;
            if !cx.forge().may_write(&me.login, &org.login) {
                return Err(error(
                    403,
                    "You need admin access to the organization before adding a repository to it.",
                ));
            }
            org.login
        }
    };
    let Some(name) = cx.text("name").map(spelled).filter(|name| !name.is_empty()) else {
        return Err(field("Repository", "name", "missing_field"));
    };
    if name.len() > 100 {
        return Err(custom_field("Repository", "name", "name is too long (maximum is 100 characters)"));
    }
    if name.to_lowercase().ends_with(".git") || matches!(name.as_str(), "." | "..") {
        return Err(custom_field("Repository", "name", "name is reserved"));
    }
    let private = cx.flag("private").unwrap_or_else(|| cx.text("visibility") == Some("private"));
    let new = NewRepo {
        description: cx.text("description").filter(|text| !text.is_empty()).map(str::to_owned),
        private,
        ..NewRepo::new(&owner, &name)
    };
    let repo = cx.forge().create_repo(new).await.map_err(|refusal| match refusal.reason {
        Reason::Exists => custom_field("Repository", "name", "name already exists on this account"),
        _ => refused(refusal),
    })?;
    for (name, color, description) in super::wire::LABELS {
        cx.forge().add_label(repo.id, name, color, Some(description));
    }
    if cx.flag("auto_init") == Some(true) {
        let text = format!("# {}\n", repo.name);
        let put = Put::new(&repo.default_branch, "README.md", text).by(me).message("Initial commit");
        cx.forge().git(repo.id).put_file(&put, |_| Ok(())).await.map_err(refused)?;
    }
    Ok(Reply::json(201, &cx.full_repository(&repo)).header("location", cx.repo_url(&repo)))
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(error(403, "Must have admin rights to Repository."));
    }
    if repo.archived && cx.flag("archived") != Some(false) {
        // Saying again that it is archived changes nothing and is allowed.
        let only = cx.body.as_object().is_some_and(|body| body.keys().all(|key| key == "archived"));
        if !only {
            return Err(error(403, "Repository was archived so is read-only."));
        }
    }
    if let Some(branch) = cx.text("default_branch").filter(|branch| *branch != repo.default_branch) {
        if cx.forge().git(repo.id).is_empty().await {
            let message = "Cannot update default branch for an empty repository. Please init the repository and push first";
            return Err(custom_field("Repository", "default_branch", message));
        }
        cx.forge().set_default_branch(repo.id, branch).await.map_err(|_| {
            let message = format!("The branch {branch} was not found. Please push that ref first or create it via the Git Data API.");
            custom_field("Repository", "default_branch", &message)
        })?;
    }
    if let Some(name) = cx.text("name").map(spelled).filter(|name| *name != repo.name) {
        cx.forge()
            .move_repo(repo.id, &repo.owner, &name)
            .map_err(|_| custom_field("Repository", "name", "name already exists on this account"))?;
    }
    cx.forge().with(repo.id, |repo| {
        match cx.body.get("description") {
            Some(Value::String(text)) if !text.is_empty() => repo.description = Some(text.clone()),
            Some(_) => repo.description = None,
            None => {}
        }
        let visibility = cx.text("visibility").map(|word| word == "private");
        repo.private = visibility.or(cx.flag("private")).unwrap_or(repo.private);
        repo.archived = cx.flag("archived").unwrap_or(repo.archived);
        repo.updated_at = now();
    });
    let repo = cx.forge().repo(repo.id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &cx.full_repository(&repo)))
}

pub(super) async fn delete(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    if !cx.writes(repo) {
        return Err(error(403, "Must have admin rights to Repository."));
    }
    cx.forge().delete_repo(repo.id).await.map_err(refused)?;
    Ok(Reply::empty(204))
}

/// A page of repositories in the order that was asked for.
fn page(cx: &Cx<'_>, mut repos: Vec<Repo>, sort: &str) -> Reply {
    let sort = cx.ask.query("sort").unwrap_or(sort);
    match sort {
        "created" => repos.sort_by_key(|repo| repo.id),
        "updated" => repos.sort_by_key(|repo| (repo.updated_at, repo.id)),
        "pushed" => repos.sort_by_key(|repo| (repo.pushed_at, repo.id)),
        _ => repos.sort_by_key(|repo| repo.full_name().to_lowercase()),
    }
    let up = if sort == "full_name" { "asc" } else { "desc" };
    if cx.ask.query("direction").unwrap_or(up) == "desc" {
        repos.reverse();
    }
    cx.listed(&cx.page(repos).map(|repo| cx.repository(&repo)))
}

pub(super) fn list_mine(cx: &Cx<'_>) -> Answer {
    let me = cx.me()?;
    let affiliation = cx.ask.query("affiliation").unwrap_or("owner,collaborator,organization_member");
    let mine = |repo: &Repo| {
        let owner = repo.owner.eq_ignore_ascii_case(&me.login);
        let how = if owner {
            "owner"
        } else if repo.collaborators.contains(&me.login) {
            "collaborator"
        } else {
            "organization_member"
        };
        cx.writes(repo) && affiliation.split(',').any(|word| word == how)
    };
    let visible = |repo: &Repo| match cx.ask.query("visibility") {
        Some("public") => !repo.private,
        Some("private") => repo.private,
        _ => true,
    };
    let repos = cx.forge().repos().into_iter().filter(|repo| mine(repo) && visible(repo)).collect();
    Ok(page(cx, repos, "full_name"))
}

/// Of a person only what is public, also for that person.
pub(super) fn list_of_user(cx: &Cx<'_>, login: &str) -> Answer {
    let user = cx.forge().user(login).ok_or_else(not_found)?;
    let of = |repo: &Repo| repo.owner == user.login && !repo.private;
    Ok(page(cx, cx.forge().repos().into_iter().filter(of).collect(), "full_name"))
}

pub(super) fn list_of_org(cx: &Cx<'_>, login: &str) -> Answer {
    let org =
        cx.forge().user(login).filter(|user| user.kind == UserKind::Organisation).ok_or_else(not_found)?;
    let kind = cx.ask.query("type").unwrap_or("all");
    let of = |repo: &Repo| {
        let kind = match kind {
            "public" => !repo.private,
            "private" => repo.private,
            _ => true,
        };
        repo.owner == org.login && kind && (!repo.private || cx.writes(repo))
    };
    Ok(page(cx, cx.forge().repos().into_iter().filter(of).collect(), "created"))
}
