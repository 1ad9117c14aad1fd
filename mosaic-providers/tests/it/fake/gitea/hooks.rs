//! Webhooks: stored; nothing is delivered, and a secret never comes back.

use mosaic_providers::gitea::Product;
use serde_json::{Value, json};

use super::fault::{error, not_found};
use super::{Answer, Cx};
use crate::fake::forge::{Hook, Repo, now};
use crate::fake::http::{Reply, time};

/// What is asked for by a word, beside what the same word with `pull_request` or `issues` before it asks for.
const WORDS: &[(&str, &str)] = &[
    ("create", "create"),
    ("delete", "delete"),
    ("fork", "fork"),
    ("push", "push"),
    ("issues_only", "issues"),
    ("issue_assign", "issue_assign"),
    ("issue_label", "issue_label"),
    ("issue_milestone", "issue_milestone"),
    ("issue_comment", "issue_comment"),
    ("pull_request_only", "pull_request"),
    ("pull_request_assign", "pull_request_assign"),
    ("pull_request_label", "pull_request_label"),
    ("pull_request_milestone", "pull_request_milestone"),
    ("pull_request_comment", "pull_request_comment"),
    ("pull_request_review", "pull_request_review_approved"),
    ("pull_request_review", "pull_request_review_rejected"),
    ("pull_request_comment", "pull_request_review_comment"),
    ("pull_request_sync", "pull_request_sync"),
    ("pull_request_review_request", "pull_request_review_request"),
    ("wiki", "wiki"),
    ("repository", "repository"),
    ("release", "release"),
];

/// Words of one product.
fn own(product: Product) -> &'static [&'static str] {
    match product {
        Product::Gitea => &["workflow_run", "workflow_job"],
        Product::Forgejo => &["action_run_failure", "action_run_recover", "action_run_success"],
    }
}

fn shape(cx: &Cx<'_>, hook: &Hook) -> Value {
    let kind = match cx.product() {
        Product::Gitea => "gitea",
        Product::Forgejo => "forgejo",
    };
    json!({
        "id": hook.id, "type": kind, "branch_filter": "", "active": hook.active, "events": hook.events,
        "config": { "content_type": hook.content_type, "url": hook.url }, "authorization_header": "",
        "updated_at": time(hook.updated_at), "created_at": time(hook.created_at),
    })
}

/// Only those who may write know of them.
fn admin(cx: &Cx<'_>, repo: &Repo) -> Result<(), Reply> {
    cx.me()?;
    if cx.writes(repo) { Ok(()) } else { Err(not_found(cx)) }
}

/// Oldest first.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    admin(cx, repo)?;
    let all: Vec<_> = repo.hooks.iter().collect();
    Ok(cx.listed(&cx.page(all).map(|hook| shape(cx, hook))))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    admin(cx, repo)?;
    let kinds: &[&str] = match cx.product() {
        Product::Gitea => &["gitea", "gogs", "slack"],
        Product::Forgejo => &["forgejo", "gitea", "gogs", "slack"],
    };
    let kind = cx.text("type").unwrap_or_default();
    if !kinds.contains(&kind) {
        return Err(error(422, &format!("Invalid hook type: {kind}")));
    }
    let config = |name: &str| cx.body.pointer(&format!("/config/{name}")).and_then(Value::as_str);
    let need = |name: &str| config(name).ok_or_else(|| error(422, &format!("Missing config option: {name}")));
    let (url, content_type) = (need("url")?, need("content_type")?);
    let asked = cx.body.get("events").and_then(Value::as_array);
    let asked: Vec<_> = asked.into_iter().flatten().filter_map(Value::as_str).collect();
    let asked = if asked.is_empty() { vec!["push"] } else { asked };
    let all = |word: &str| {
        (word.starts_with("pull_request") && asked.contains(&"pull_request"))
            || (word.starts_with("issue") && asked.contains(&"issues"))
    };
    let told = WORDS.iter().filter(|(word, _)| asked.contains(word) || all(word)).map(|(_, told)| *told);
    let more = own(cx.product()).iter().copied().filter(|word| asked.contains(word));
    let at = now();
    let hook = Hook {
        id: cx.forge().fresh_id(),
        url: url.to_owned(),
        events: told.chain(more).map(str::to_owned).collect(),
        known: Vec::new(),
        active: cx.flag("active").unwrap_or(false),
        secret: config("secret").map(str::to_owned),
        content_type: content_type.to_owned(),
        created_at: at,
        updated_at: at,
    };
    cx.forge().with(repo.id, |repo| repo.hooks.push(hook.clone()));
    Ok(Reply::json(201, &shape(cx, &hook)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    admin(cx, repo)?;
    if !repo.hooks.iter().any(|hook| hook.id == id) {
        return Err(not_found(cx));
    }
    cx.forge().with(repo.id, |repo| repo.hooks.retain(|hook| hook.id != id));
    Ok(Reply::empty(204))
}
