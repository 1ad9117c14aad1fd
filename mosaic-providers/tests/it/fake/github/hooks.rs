//! Webhooks: stored; nothing is delivered, and a secret comes back as stars.

use serde_json::{Value, json};

use super::fault::{custom, error, failed, field, not_found};
use super::{Answer, Cx};
use crate::fake::forge::{Hook, Repo, now};
use crate::fake::http::{Reply, time};

/// The events of repositories, as GitHub names them.
const EVENTS: &[&str] = &[
    "*",
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "code_scanning_alert",
    "commit_comment",
    "create",
    "delete",
    "deploy_key",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "issue_comment",
    "issues",
    "label",
    "member",
    "merge_group",
    "meta",
    "milestone",
    "package",
    "page_build",
    "ping",
    "project",
    "project_card",
    "project_column",
    "public",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "registry_package",
    "release",
    "repository",
    "repository_import",
    "secret_scanning_alert",
    "star",
    "status",
    "team_add",
    "watch",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
];

fn shape(cx: &Cx<'_>, repo: &Repo, hook: &Hook) -> Value {
    let url = format!("{}/hooks/{}", cx.repo_url(repo), hook.id);
    let mut config = json!({ "url": hook.url, "content_type": hook.content_type, "insecure_ssl": "0" });
    if hook.secret.is_some() {
        config["secret"] = json!("********");
    }
    json!({
        "type": "Repository", "id": hook.id, "name": "web", "active": hook.active, "events": hook.events,
        "config": config, "updated_at": time(hook.updated_at), "created_at": time(hook.created_at), "url": url,
        "test_url": format!("{url}/tests"), "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
        "last_response": { "code": null, "status": "unused", "message": null },
    })
}

/// Only those who may write know of them.
fn admin(cx: &Cx<'_>, repo: &Repo) -> Result<(), Reply> {
    cx.me()?;
    if cx.writes(repo) { Ok(()) } else { Err(not_found()) }
}

/// Oldest first.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    admin(cx, repo)?;
    let all: Vec<_> = repo.hooks.iter().collect();
    Ok(cx.listed(&cx.page(all).map(|hook| shape(cx, repo, hook))))
}

fn of_id(repo: &Repo, id: u64) -> Result<&Hook, Reply> {
    repo.hooks.iter().find(|hook| hook.id == id).ok_or_else(not_found)
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    admin(cx, repo)?;
    Ok(Reply::json(200, &shape(cx, repo, of_id(repo, id)?)))
}

/// The events of the body; `push` where it names none.
fn events(cx: &Cx<'_>, name: &str) -> Result<Option<Vec<String>>, Reply> {
    let Some(all) = cx.body.get(name) else { return Ok(None) };
    let all: Option<Vec<String>> =
        all.as_array().map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let all = all.ok_or_else(|| field("Hook", name, "invalid"))?;
    if let Some(unknown) = all.iter().find(|event| !EVENTS.contains(&event.as_str())) {
        return Err(custom("Hook", &format!("Unknown event: {unknown}")));
    }
    Ok(Some(all))
}

fn config(cx: &Cx<'_>, hook: &mut Hook) -> Result<(), Reply> {
    let Some(config) = cx.body.get("config") else { return Ok(()) };
    let of = |name: &str| config.get(name).and_then(Value::as_str).map(str::to_owned);
    let url = of("url").unwrap_or_else(|| hook.url.clone());
    if url.is_empty() {
        return Err(custom("Hook", "Config must contain URL for webhooks"));
    }
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    if rest.is_empty() || rest.starts_with('/') || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(failed(
            json!([{ "resource": "Hook", "code": "custom", "field": "url", "message": "url is not a valid URL" }]),
        ));
    }
    hook.url = url;
    hook.content_type = of("content_type").unwrap_or_else(|| "form".to_owned());
    // A configuration without a secret takes the old one away.
    hook.secret = of("secret").filter(|secret| !secret.is_empty());
    Ok(())
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    admin(cx, repo)?;
    cx.writer(repo)?;
    if cx.text("name").is_some_and(|name| name != "web") {
        return Err(custom("Hook", "The name must be web"));
    }
    if !cx.has("config") {
        return Err(field("Hook", "config", "missing_field"));
    }
    let at = now();
    let mut hook = Hook {
        id: cx.forge().fresh_id(),
        url: String::new(),
        events: events(cx, "events")?
            .filter(|all| !all.is_empty())
            .unwrap_or_else(|| vec!["push".to_owned()]),
        known: Vec::new(),
        active: cx.flag("active").unwrap_or(true),
        secret: None,
        content_type: "form".to_owned(),
        created_at: at,
        updated_at: at,
    };
    config(cx, &mut hook)?;
    if repo.hooks.iter().any(|other| other.url == hook.url && other.events == hook.events) {
        return Err(custom("Hook", "Hook already exists on this repository"));
    }
    if repo.hooks.len() >= 20 {
        return Err(error(422, "The repository has 20 webhooks already."));
    }
    cx.forge().with(repo.id, |repo| repo.hooks.push(hook.clone()));
    let url = format!("{}/hooks/{}", cx.repo_url(repo), hook.id);
    Ok(Reply::json(201, &shape(cx, repo, &hook)).header("location", url))
}

pub(super) fn update(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    admin(cx, repo)?;
    cx.writer(repo)?;
    let mut hook = of_id(repo, id)?.clone();
    if let Some(events) = events(cx, "events")? {
        hook.events = events;
    }
    hook.events.extend(events(cx, "add_events")?.unwrap_or_default());
    let gone = events(cx, "remove_events")?.unwrap_or_default();
    hook.events.retain(|event| !gone.contains(event));
    config(cx, &mut hook)?;
    hook.active = cx.flag("active").unwrap_or(hook.active);
    hook.updated_at = now();
    cx.forge().with(repo.id, |repo| {
        if let Some(place) = repo.hooks.iter_mut().find(|other| other.id == id) {
            *place = hook.clone();
        }
    });
    Ok(Reply::json(200, &shape(cx, repo, &hook)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    admin(cx, repo)?;
    cx.writer(repo)?;
    of_id(repo, id)?;
    cx.forge().with(repo.id, |repo| repo.hooks.retain(|hook| hook.id != id));
    Ok(Reply::empty(204))
}
