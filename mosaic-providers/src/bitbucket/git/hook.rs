//! Webhooks of repositories.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateWebhook, DeleteWebhook, ListWebhooks};
use mosaic_core::types::git::{HookEvent, Webhook};
use mosaic_core::types::{Page, Timestamp};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::super::cloud::{Cloud, invalid, named, not_found, repo, unclear, unsupported};
use super::super::page::{self, MOST};
use super::super::wire::{self, moment};
use super::repository;
use crate::forge::names;
use crate::http::{List, Numbered};

/// A repository has 50 webhooks at most.
const PAGES: usize = 10;

#[derive(Debug, Deserialize)]
struct Wire {
    uuid: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    active: bool,
    #[serde(default, deserialize_with = "wire::list")]
    events: Vec<String>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
}

/// Which of Bitbucket's events are asked for, each of which stands for it in the list of what a webhook is told of. A push tells of
/// branches and tags that come and go as well.
const TABLE: &[(HookEvent, &[&str])] = &[
    (HookEvent::Push, &["repo:push"]),
    (HookEvent::Create, &["repo:push"]),
    (HookEvent::Delete, &["repo:push"]),
    (
        HookEvent::PullRequest,
        &["pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled", "pullrequest:rejected"],
    ),
    (
        HookEvent::Review,
        &[
            "pullrequest:approved",
            "pullrequest:unapproved",
            "pullrequest:changes_request_created",
            "pullrequest:changes_request_removed",
        ],
    ),
    (HookEvent::Issue, &["issue:created", "issue:updated"]),
    (
        HookEvent::Comment,
        &["pullrequest:comment_created", "repo:commit_comment_created", "issue:comment_created"],
    ),
    (HookEvent::Run, &["repo:commit_status_created", "repo:commit_status_updated"]),
];

impl From<Wire> for Webhook {
    fn from(wire: Wire) -> Self {
        let told = |(event, words): &(HookEvent, &[&str])| {
            wire.events.iter().any(|word| words.contains(&word.as_str())).then_some(*event)
        };
        let events: Vec<_> = TABLE.iter().filter_map(told).collect();
        Webhook::new(wire.uuid, wire.url, events).paused(!wire.active)
    }
}

pub(super) async fn create(cloud: &Cloud, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
    names::line("url", &op.url)?;
    if !Url::parse(&op.url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(invalid("url: give a whole address that begins with https:// or http://"));
    }
    if op.events.is_empty() {
        return Err(invalid("events: say what it is to be told of"));
    }
    let mut events = Vec::new();
    for event in &op.events {
        let Some((_, words)) = TABLE.iter().find(|(known, _)| known == event) else {
            names::hosted(&op.repo)?;
            return Err(unsupported("events: Bitbucket has no releases and tells nothing of wikis"));
        };
        events.extend_from_slice(words);
    }
    events.sort_unstable();
    events.dedup();
    let body = named(json!({
        "description": "Mosaic",
        "url": op.url,
        "active": true,
        "events": events,
        "secret": op.secret.as_ref().map(|secret| secret.expose()),
    }));
    Ok(cloud.client.post(repo(&op.repo)?.part("hooks")).json(&body).send::<Wire>(cx).await?.into())
}

/// They are few, so they are read whole and put in the order of their times.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
    let list = List(("webhooks", &op.repo));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let found = page::all::<Wire>(cloud, cx, &repo(&op.repo)?.part("hooks"), &[], PAGES).await?;
    let mut found = found.ok_or_else(|| unclear("the list of webhooks does not end"))?;
    found.sort_by_key(|wire| wire.created_at);
    Ok(part.cut(&list, found.into_iter().map(Webhook::from).collect()))
}

pub(super) async fn delete(cloud: &Cloud, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
    let place = repo(&op.repo)?.part("hooks");
    let plain = op.webhook.trim_start_matches('{').trim_end_matches('}');
    if plain.len() != 36 || !plain.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        // No webhook has such an id, and a repository that is missing is missing all the same.
        repository::fetch(cloud, cx, &op.repo).await?;
        return Err(not_found(format!("there is no webhook {} in {}", names::shown(&op.webhook), op.repo)));
    }
    let place = place.part(format_args!("{{{plain}}}"));
    cloud.client.delete(place).done(cx).await.map(|_| ())
}
