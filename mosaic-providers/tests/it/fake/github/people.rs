//! Users, organisations, collaborators, and the rate limit of whoever asks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fault::not_found;
use super::wire::with;
use super::{Answer, Cx};
use crate::fake::forge::{Repo, User, UserKind, now};
use crate::fake::http::{Reply, Standing, time};

pub(super) fn rate_limit(cx: &Cx<'_>) -> Reply {
    let Standing { limit, remaining, used, reset } = cx.hub.meter().standing();
    let rate =
        json!({ "limit": limit, "remaining": remaining, "used": used, "reset": reset, "resource": "core" });
    let search = json!({ "limit": 30, "remaining": 30, "used": 0, "reset": reset, "resource": "search" });
    Reply::json(200, &json!({ "resources": { "core": rate, "search": search }, "rate": rate }))
}

fn whole(cx: &Cx<'_>, user: &User) -> Value {
    let at = time(now());
    let more = json!({
        "name": user.name, "company": null, "blog": "", "location": null, "email": user.email, "hireable": null,
        "bio": null, "twitter_username": null, "public_repos": 0, "public_gists": 0, "followers": 0,
        "following": 0, "created_at": "2020-01-01T00:00:00Z", "updated_at": at,
    });
    with(cx.user(user), more)
}

pub(super) fn me(cx: &Cx<'_>) -> Answer {
    let me = cx.me()?;
    let more = json!({
        "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0, "collaborators": 0,
        "two_factor_authentication": true, "user_view_type": "private",
    });
    Ok(Reply::json(200, &with(whole(cx, me), more)))
}

pub(super) fn get(cx: &Cx<'_>, login: &str) -> Answer {
    let user = cx.forge().user(login).ok_or_else(not_found)?;
    Ok(Reply::json(200, &whole(cx, &user)))
}

pub(super) fn org(cx: &Cx<'_>, login: &str) -> Answer {
    let org =
        cx.forge().user(login).filter(|user| user.kind == UserKind::Organisation).ok_or_else(not_found)?;
    let url = format!("{}/orgs/{}", cx.api(), org.login);
    let shape = json!({
        "login": org.login, "id": org.id, "node_id": super::wire::node("O", org.id), "url": url,
        "repos_url": format!("{url}/repos"), "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"), "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": format!("{}/avatars/u/{}?v=4", cx.web(), org.id), "description": null, "name": org.name,
        "html_url": format!("{}/{}", cx.web(), org.login), "has_organization_projects": true,
        "has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
        "type": "Organization", "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
        "archived_at": null,
    });
    Ok(Reply::json(200, &shape))
}

/// Everybody who may write: the owner or the members of the organisation, and collaborators; ordered by login.
pub(super) fn writers(cx: &Cx<'_>, repo: &Repo) -> Vec<User> {
    let owner = cx.forge().user_or_ghost(&repo.owner);
    let mut logins: BTreeSet<String> = repo.collaborators.clone();
    match owner.kind {
        UserKind::Person => logins.insert(owner.login),
        UserKind::Organisation => {
            logins.extend(owner.members);
            true
        }
    };
    logins.iter().filter_map(|login| cx.forge().user(login)).collect()
}

pub(super) fn collaborators(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.me()?;
    let show = |user: User| {
        let role = if repo.collaborators.contains(&user.login) { "write" } else { "admin" };
        let admin = role == "admin";
        let permissions =
            json!({ "admin": admin, "maintain": admin, "push": true, "triage": true, "pull": true });
        with(cx.user(&user), json!({ "permissions": permissions, "role_name": role }))
    };
    Ok(cx.listed(&cx.page(writers(cx, repo)).map(show)))
}

pub(super) fn is_collaborator(cx: &Cx<'_>, repo: &Repo, login: &str) -> Answer {
    cx.me()?;
    let is = writers(cx, repo).iter().any(|user| user.login.eq_ignore_ascii_case(login));
    if is { Ok(Reply::empty(204)) } else { Err(not_found()) }
}

/// Without an invitation, as in an organisation.
pub(super) fn add_collaborator(cx: &Cx<'_>, repo: &Repo, login: &str) -> Answer {
    cx.writer(repo)?;
    let user = cx.forge().user(login).ok_or_else(not_found)?;
    cx.forge().with(repo.id, |repo| repo.collaborators.insert(user.login));
    Ok(Reply::empty(204))
}

pub(super) fn remove_collaborator(cx: &Cx<'_>, repo: &Repo, login: &str) -> Answer {
    cx.writer(repo)?;
    cx.forge().with(repo.id, |repo| repo.collaborators.retain(|other| !other.eq_ignore_ascii_case(login)));
    Ok(Reply::empty(204))
}

pub(super) fn assignees(cx: &Cx<'_>, repo: &Repo) -> Reply {
    cx.listed(&cx.page(writers(cx, repo)).map(|user| cx.user(&user)))
}
