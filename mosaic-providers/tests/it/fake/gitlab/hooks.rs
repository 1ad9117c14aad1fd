//! Webhooks: switches for families of events.

use serde_json::{Map, Value, json};

use super::wire::time;
use super::{Answer, Cx, forbidden, missing};
use crate::fake::forge::{Hook, Repo, now};
use crate::fake::http::Reply;

const SWITCHES: &[&str] = &[
    "push_events",
    "tag_push_events",
    "merge_requests_events",
    "issues_events",
    "confidential_issues_events",
    "note_events",
    "confidential_note_events",
    "job_events",
    "pipeline_events",
    "wiki_page_events",
    "deployment_events",
    "releases_events",
    "repository_update_events",
];

fn shape(repo: &Repo, hook: &Hook) -> Value {
    let mut value = json!({
        "id": hook.id, "url": hook.url, "project_id": repo.id, "created_at": time(hook.created_at),
        "alert_status": "executable", "disabled_until": null, "url_variables": [], "custom_headers": [],
        "enable_ssl_verification": true, "push_events_branch_filter": null, "branch_filter_strategy": "wildcard",
        "name": null, "description": null, "custom_webhook_template": null,
    });
    for switch in SWITCHES {
        value[*switch] = hook.events.iter().any(|event| event == switch).into();
    }
    value
}

fn keeper(cx: &Cx<'_>, repo: &Repo) -> Result<(), Reply> {
    cx.me()?;
    if cx.writes(repo) { Ok(()) } else { Err(forbidden()) }
}

pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    keeper(cx, repo)?;
    cx.list(repo.hooks.iter().map(|hook| shape(repo, hook)).collect())
}

/// Pushes are told of unless that is switched off.
pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    keeper(cx, repo)?;
    if repo.archived {
        return Err(forbidden());
    }
    let url = cx.need("url")?;
    if !url.starts_with("http") || url.contains(char::is_whitespace) {
        return Err(Reply::json(422, &json!({ "error": "Invalid url given" })));
    }
    let none = Map::new();
    let body = cx.body.as_object().unwrap_or(&none);
    let on =
        |switch: &&&str| body.get(**switch).and_then(Value::as_bool).unwrap_or(**switch == "push_events");
    let hook = Hook {
        id: cx.forge().fresh_id(),
        url: url.to_owned(),
        events: SWITCHES.iter().filter(on).map(|switch| (*switch).to_owned()).collect(),
        known: Vec::new(),
        active: true,
        secret: cx.text("token").map(str::to_owned),
        content_type: "json".to_owned(),
        created_at: now(),
        updated_at: now(),
    };
    cx.forge().with(repo.id, |repo| repo.hooks.push(hook.clone()));
    Ok(Reply::json(201, &shape(repo, &hook)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, id: &str) -> Answer {
    keeper(cx, repo)?;
    let gone = cx.forge().with(repo.id, |repo| {
        let before = repo.hooks.len();
        repo.hooks.retain(|hook| hook.id.to_string() != id);
        repo.hooks.len() < before
    });
    if gone == Some(true) { Ok(Reply::empty(204)) } else { Err(missing("")) }
}
