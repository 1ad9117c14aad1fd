//! Webhooks.

use serde_json::{Value, json};

use super::fault::{error, not_found};
use super::wire::{moment, number, uuid};
use super::{Answer, Cx};
use crate::fake::forge::{Hook, Repo, now};
use crate::fake::http::Reply;

fn shape(cx: &Cx<'_>, repo: &Repo, hook: &Hook) -> Value {
    json!({
        "type": "webhook_subscription", "uuid": uuid(hook.id), "url": hook.url, "description": "",
        "subject_type": "repository", "subject": cx.repo_in_short(repo), "active": hook.active,
        "created_at": moment(hook.created_at), "events": hook.events, "secret_set": hook.secret.is_some(),
    })
}

/// Newest first, as nothing says otherwise.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let cut = cx.page(repo.hooks.iter().collect(), 100);
    Ok(cx.listed(&cut.map(|hook| shape(cx, repo, hook))))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let url = cx.text("/url").ok_or_else(|| error(400, "url: required key not provided"))?;
    let events = cx.body["events"].as_array().filter(|events| !events.is_empty());
    let events = events.ok_or_else(|| error(400, "events: required key not provided"))?;
    let events = events.iter().filter_map(|event| event.as_str().map(str::to_owned)).collect();
    let hook = Hook {
        id: cx.forge().fresh_id(),
        url: url.to_owned(),
        events,
        known: Vec::new(),
        active: cx.body["active"].as_bool().unwrap_or(true),
        secret: cx.text("/secret").map(str::to_owned),
        content_type: "json".to_owned(),
        created_at: now(),
        updated_at: now(),
    };
    cx.forge().with(repo.id, |repo| repo.hooks.push(hook.clone()));
    Ok(Reply::json(201, &shape(cx, repo, &hook)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, uid: &str) -> Answer {
    cx.writer(repo)?;
    let missing = || not_found(&format!("{uid} is not a valid hook"));
    let id = number(uid).ok_or_else(missing)?;
    let gone = cx.forge().with(repo.id, |repo| {
        let before = repo.hooks.len();
        repo.hooks.retain(|hook| hook.id != id);
        repo.hooks.len() < before
    });
    if gone == Some(true) { Ok(Reply::empty(204)) } else { Err(missing()) }
}
