//! Webhooks of repositories.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateWebhook, DeleteWebhook, ListWebhooks};
use mosaic_core::types::Page;
use mosaic_core::types::git::{HookEvent, Webhook};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::super::config::Product;
use super::super::server::{Server, invalid, named, not_found, page, repo};
use super::super::wire::{self, Many};
use super::repository;
use crate::forge::names;
use crate::http::List;

#[derive(Debug, Deserialize)]
struct Wire {
    id: i64,
    #[serde(default)]
    active: bool,
    config: Option<Config>,
    #[serde(default, deserialize_with = "wire::list")]
    events: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Config {
    #[serde(default)]
    url: String,
}

impl From<Wire> for Webhook {
    fn from(wire: Wire) -> Self {
        let told = |(event, _, shown): &(HookEvent, _, &[&str])| {
            wire.events.iter().any(|word| shown.contains(&word.as_str())).then_some(*event)
        };
        let events: Vec<_> = TABLE.iter().filter_map(told).collect();
        let url = wire.config.map(|config| config.url).unwrap_or_default();
        Webhook::new(wire::number(wire.id).to_string(), url, events).paused(!wire.active)
    }
}

/// What is asked for an event, and what then stands for it in the list of what a webhook is told of.
///
/// A plain `issues` or `pull_request` would ask for everything that has to do with one, comments and reviews too.
const TABLE: &[(HookEvent, &[&str], &[&str])] = &[
    (HookEvent::Push, &["push"], &["push"]),
    (HookEvent::Create, &["create"], &["create"]),
    (HookEvent::Delete, &["delete"], &["delete"]),
    (
        HookEvent::PullRequest,
        &[
            "pull_request_only",
            "pull_request_assign",
            "pull_request_label",
            "pull_request_milestone",
            "pull_request_review_request",
            "pull_request_sync",
        ],
        &["pull_request", "pull_request_only"],
    ),
    (
        HookEvent::Review,
        &["pull_request_review"],
        &["pull_request_review", "pull_request_review_approved", "pull_request_review_rejected"],
    ),
    (
        HookEvent::Issue,
        &["issues_only", "issue_assign", "issue_label", "issue_milestone"],
        &["issues", "issues_only"],
    ),
    (HookEvent::Comment, &["issue_comment", "pull_request_comment"], &["issue_comment"]),
    (HookEvent::Release, &["release"], &["release"]),
    (
        HookEvent::Run,
        &["workflow_run", "action_run_failure", "action_run_recover", "action_run_success"],
        &["workflow_run", "action_run_failure", "action_run_recover", "action_run_success"],
    ),
    (HookEvent::Wiki, &["wiki"], &["wiki"]),
];

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
    names::line("url", &op.url)?;
    if !Url::parse(&op.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(invalid("url: give a whole address that begins with https:// or http://"));
    }
    if op.events.is_empty() {
        return Err(invalid("events: say what it is to be told of"));
    }
    let asked =
        |event: &HookEvent| TABLE.iter().find(|(known, ..)| known == event).map(|(_, words, _)| *words);
    let mut events: Vec<&str> = op.events.iter().filter_map(asked).flatten().copied().collect();
    events.sort_unstable();
    events.dedup();
    let config = named(json!({
        "url": op.url,
        "content_type": "json",
        "secret": op.secret.as_ref().map(|secret| secret.expose()),
    }));
    let kind = match server.product {
        Product::Gitea => "gitea",
        Product::Forgejo => "forgejo",
    };
    let body = json!({ "type": kind, "active": true, "config": config, "events": events });
    Ok(server.client.post(repo(&op.repo)?.part("hooks")).json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
    let list = List(("webhooks", &op.repo));
    let part = server.part(&list, &op.page)?;
    let request = server.client.get(repo(&op.repo)?.part("hooks"));
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(Webhook::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}

pub(super) async fn delete(server: &Server, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
    let place = repo(&op.repo)?.part("hooks");
    let Ok(id) = op.webhook.parse::<u64>() else {
        // No webhook has such an id, and a repository that is missing is missing all the same.
        repository::fetch(server, cx, &op.repo).await?;
        return Err(not_found(format!("there is no webhook {} in {}", names::shown(&op.webhook), op.repo)));
    };
    server.client.delete(place.part(id)).done(cx).await.map(|_| ())
}
