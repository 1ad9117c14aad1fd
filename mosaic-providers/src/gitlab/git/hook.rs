//! Webhooks: GitLab has one switch for each family of events.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateWebhook, DeleteWebhook, ListWebhooks};
use mosaic_core::types::Page;
use mosaic_core::types::git::{HookEvent, Webhook};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::client::{GitLab, PAGE, counted, project};
use super::super::wire::or_default;
use crate::http::{List, Numbered};

/// Each switch, what it tells of, and what it is switched on for. Branches that come and go are pushes to GitLab, and reviews
/// are changes of merge requests.
const SWITCHES: &[(&str, &[HookEvent])] = &[
    ("push_events", &[HookEvent::Push, HookEvent::Create, HookEvent::Delete]),
    ("tag_push_events", &[HookEvent::Create, HookEvent::Delete]),
    ("merge_requests_events", &[HookEvent::PullRequest, HookEvent::Review]),
    ("issues_events", &[HookEvent::Issue]),
    ("note_events", &[HookEvent::Comment]),
    ("releases_events", &[HookEvent::Release]),
    ("pipeline_events", &[HookEvent::Run]),
    ("wiki_page_events", &[HookEvent::Wiki]),
];

#[derive(Debug, Deserialize)]
struct WireHook {
    id: i64,
    #[serde(default, deserialize_with = "or_default")]
    url: String,
    /// `disabled` where GitLab gave it up after many failures.
    #[serde(default)]
    alert_status: Option<String>,
    #[serde(flatten)]
    switches: Map<String, Value>,
}

impl From<WireHook> for Webhook {
    fn from(wire: WireHook) -> Self {
        let on = |name: &str| wire.switches.get(name).and_then(Value::as_bool).unwrap_or_default();
        let mut events: Vec<HookEvent> = SWITCHES
            .iter()
            .filter(|(name, _)| on(name))
            .flat_map(|(_, events)| events.iter().copied())
            .collect();
        events.sort_unstable();
        events.dedup();
        let paused = wire.alert_status.is_some_and(|status| status == "disabled");
        Self::new(wire.id.to_string(), wire.url, events).paused(paused)
    }
}

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
    let path = project(&op.repo)?.part("hooks");
    let invalid = |text: &'static str| Err(Error::new(ErrorKind::Invalid, text));
    if op.events.is_empty() {
        return invalid("events: say what the webhook is to be told of");
    }
    if !(op.url.starts_with("https://") || op.url.starts_with("http://"))
        || op.url.chars().any(char::is_whitespace)
    {
        return invalid("url: give a whole URL that begins with https:// or http://");
    }
    let mut body = Map::new();
    for (switch, events) in SWITCHES {
        body.insert((*switch).into(), op.events.iter().any(|event| events.contains(event)).into());
    }
    body.insert("url".into(), op.url.into());
    if let Some(secret) = &op.secret {
        body.insert("token".into(), secret.expose().into());
    }
    let made = lab.post(path).json(&Value::Object(body)).send::<WireHook>(cx).await;
    Ok(lab.told(cx, &op.repo, made).await?.into())
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
    let list = List(("webhooks", &op.repo));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&op.repo)?.part("hooks"));
    let request = request.query("page", page.number()).query("per_page", page.size);
    let answer = request.full::<Vec<WireHook>>(cx).await?;
    let items = answer.value.into_iter().map(Webhook::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}

pub(super) async fn delete(lab: &GitLab, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
    let path = project(&op.repo)?.part("hooks").part(counted("webhook", &op.webhook)?);
    lab.delete(path).done(cx).await.map(drop)
}
