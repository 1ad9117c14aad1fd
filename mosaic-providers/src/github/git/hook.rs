//! Webhooks.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateWebhook, DeleteWebhook, ListWebhooks};
use mosaic_core::types::Page;
use mosaic_core::types::git::{HookEvent, Webhook};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{MOST, at_repo, paged};
use crate::forge::names;
use crate::http::{Client, List, Numbered};

/// What GitHub calls the events. Comments are of two kinds there.
const WORDS: &[(&str, HookEvent)] = &[
    ("push", HookEvent::Push),
    ("create", HookEvent::Create),
    ("delete", HookEvent::Delete),
    ("pull_request", HookEvent::PullRequest),
    ("pull_request_review", HookEvent::Review),
    ("issues", HookEvent::Issue),
    ("issue_comment", HookEvent::Comment),
    ("pull_request_review_comment", HookEvent::Comment),
    ("release", HookEvent::Release),
    ("workflow_run", HookEvent::Run),
    ("gollum", HookEvent::Wiki),
];

#[derive(Deserialize)]
struct Row {
    id: i64,
    active: bool,
    events: Vec<String>,
    config: Place,
}

#[derive(Deserialize)]
struct Place {
    /// Absent in hooks of GitHub's own services.
    #[serde(default)]
    url: String,
}

impl From<Row> for Webhook {
    fn from(wire: Row) -> Self {
        let told = |word: &str| wire.events.iter().any(|event| event == word || event == "*");
        let mut events: Vec<_> =
            WORDS.iter().filter(|(word, _)| told(word)).map(|(_, event)| *event).collect();
        events.sort_unstable();
        events.dedup();
        Self::new(wire.id.to_string(), wire.config.url, events).paused(!wire.active)
    }
}

#[derive(Serialize)]
struct New<'a> {
    name: &'static str,
    active: bool,
    events: Vec<&'static str>,
    config: Config<'a>,
}

#[derive(Serialize)]
struct Config<'a> {
    url: &'a str,
    content_type: &'static str,
    insecure_ssl: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

/// Makes a webhook that is told in JSON and whose receiver's certificate is checked.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
    names::hosted(&op.repo)?;
    let invalid = |text: &'static str| Err(Error::new(ErrorKind::Invalid, text));
    let url =
        Url::parse(&op.url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() || op.url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return invalid("url: give an address that begins with https:// or http://");
    }
    if op.events.is_empty() {
        return invalid("events: say what the webhook is to be told of");
    }
    let events = WORDS.iter().filter(|(_, event)| op.events.contains(event)).map(|(word, _)| *word).collect();
    let secret = op.secret.as_ref().map(|secret| secret.expose());
    let config = Config { url: &op.url, content_type: "json", insecure_ssl: "0", secret };
    let new = New { name: "web", active: true, events, config };
    Ok(client.post(at_repo(&op.repo).part("hooks")).json(&new).send::<Row>(cx).await?.into())
}

/// Lists webhooks, oldest first.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
    names::hosted(&op.repo)?;
    let list = List(("webhooks", &op.repo));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let answer = paged(part, client.get(at_repo(&op.repo).part("hooks"))).full::<Vec<Row>>(cx).await?;
    let items = answer.value.into_iter().map(Webhook::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}

/// Deletes a webhook.
pub(super) async fn delete(client: &Client, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
    names::hosted(&op.repo)?;
    client.delete(at_repo(&op.repo).part("hooks").part(&op.webhook)).done(cx).await.map(|_| ())
}
