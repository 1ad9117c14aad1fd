//! Webhooks: made, listed and deleted; their secrets stay where they are.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{CreateWebhook, DeleteWebhook, GitService, ListWebhooks};
use crate::testkit::suite::Failure;
use crate::types::git::{HookEvent, Webhook};
use crate::types::{PageRequest, Secret};

async fn listed<G: GitService>(ground: &Ground<'_, G>) -> Result<Vec<Webhook>, Failure> {
    let op = ListWebhooks::of(&ground.repo).page(PageRequest::first(100));
    Ok(in_order(ground, ground.done("list_webhooks", ground.git.list_webhooks(ground.cx, op).await)?.items))
}

/// Webhooks as they come, or by id where the provider need not list the oldest first.
fn in_order<G: GitService>(ground: &Ground<'_, G>, hooks: Vec<Webhook>) -> Vec<Webhook> {
    ground.ordered(Trait::WebhooksOldestFirst, hooks, |a, b| a.id.cmp(&b.id))
}

fn sorted(mut events: Vec<HookEvent>) -> Vec<HookEvent> {
    events.sort_unstable();
    events
}

/// A webhook is made for an address and what it is to be told of, is listed, and is gone once it is deleted.
///
/// # Errors
/// The failure.
pub async fn webhooks_come_and_go(git: &impl GitService, world: &World) -> Result<(), Failure> {
    use HookEvent::{Create, PullRequest, Push, Release};
    let ground = Ground::empty(git, world, "git/webhooks_come_and_go").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    ground.equal("webhooks of a new repository", &listed(&ground).await?, &vec![])?;
    let mut made = Vec::new();
    let mut several = vec![PullRequest, Create, Release];
    if !ground.shows(Trait::HooksForReleases) {
        let op = CreateWebhook::of(repo, "https://chat.example.org/hook", several.clone());
        ground.unsupported("create_webhook for releases", git.create_webhook(cx, op).await)?;
        several.retain(|event| *event != Release);
    }
    for (url, events) in [
        ("https://ci.example.org/hook?from=widget", vec![Push]),
        ("https://chat.example.org/hook", several),
        ("https://ci.example.org/other", vec![Push, PullRequest]),
    ] {
        let op = CreateWebhook::of(repo, url, events.clone());
        let hook = ground.done("create_webhook", git.create_webhook(cx, op).await)?;
        ground.equal("url", &hook.url, url)?;
        let mut told = hook.events.clone();
        if !ground.shows(Trait::ExactHookEvents) {
            told.retain(|event| events.contains(event));
        }
        ground.equal("events", &sorted(told), &sorted(events))?;
        ground.ensure(!hook.id.is_empty() && hook.is_active(), "a new webhook has no id or is not active")?;
        made.push(hook);
    }
    made = in_order(&ground, made);
    ground.equal("webhooks, oldest first", &listed(&ground).await?, &made)?;
    let middle = made.remove(1);
    let delete = |id: &str| git.delete_webhook(cx, DeleteWebhook::of(repo, id));
    ground.done("delete_webhook", delete(&middle.id).await)?;
    ground.equal("webhooks after delete_webhook", &listed(&ground).await?, &made)?;
    ground.refused("delete_webhook for the second time", delete(&middle.id).await, ErrorKind::NotFound)?;
    ground.refused("delete_webhook of an unused id", delete("987654321").await, ErrorKind::NotFound)?;
    for (what, url, events) in [
        ("no address", "", vec![Push]),
        ("a word for an address", "here", vec![Push]),
        ("the address of a file", "file:///etc/passwd", vec![Push]),
        ("two lines for an address", "https://ci.example.org/\nhook", vec![Push]),
        ("nothing to be told of", "https://ci.example.org/hook", vec![]),
    ] {
        let got = git.create_webhook(cx, CreateWebhook::of(repo, url, events)).await;
        ground.refused(&format!("create_webhook with {what}"), got, ErrorKind::Invalid)?;
    }
    ground.equal("webhooks after what was refused", &listed(&ground).await?, &made)
}

/// The secret of a webhook is in no answer and in no error.
///
/// # Errors
/// The failure.
pub async fn secrets_of_webhooks_never_come_back(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    const SECRET: &str = "hush-9f3c51d2";
    let ground = Ground::empty(git, world, "git/secrets_of_webhooks_never_come_back").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let hook = |url: &str| CreateWebhook::of(repo, url, vec![HookEvent::Push]).secret(Secret::new(SECRET));
    let made = git.create_webhook(cx, hook("https://ci.example.org/hook")).await;
    let made = ground.done("create_webhook", made)?;
    let refused = git.create_webhook(cx, hook("no address")).await.map(|hook| vec![hook]);
    for (what, got) in [
        ("create_webhook", Ok(vec![made])),
        ("list_webhooks", Ok(listed(&ground).await?)),
        ("an error", refused),
    ] {
        let shown = match got {
            Ok(hooks) => {
                let json = serde_json::to_string(&hooks).unwrap_or_default();
                format!("{json} {hooks:?}")
            }
            Err(error) => format!("{error} {error:?}"),
        };
        ground.ensure(!shown.contains(SECRET), &format!("{what} shows the secret of a webhook"))?;
    }
    Ok(())
}

/// Pages of webhooks have each one exactly once, oldest first, whatever the limit; each repository has its own.
///
/// # Errors
/// The failure.
pub async fn webhook_pages_cover_everything_once(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/webhook_pages_cover_everything_once").await?;
    let other = Ground::empty(git, world, "git/webhook_pages_cover_everything_once").await?;
    let mut expected = Vec::new();
    for at in 0..5 {
        let url = format!("https://ci.example.org/hook/{at}");
        let op = CreateWebhook::of(&ground.repo, url, vec![HookEvent::Push]);
        expected.push(ground.done("create_webhook", git.create_webhook(ground.cx, op).await)?);
    }
    expected = in_order(&ground, expected);
    for limit in 1..=6 {
        let list = |page| git.list_webhooks(ground.cx, ListWebhooks::of(&ground.repo).page(page));
        let all = in_order(&ground, ground.walk(limit, list).await?);
        ground.equal(&format!("webhooks by pages of {limit}"), &all, &expected)?;
    }
    ground.equal("webhooks of another repository", &listed(&other).await?, &vec![])?;
    let got = git.delete_webhook(ground.cx, DeleteWebhook::of(&other.repo, expected[0].id.as_str())).await;
    ground.refused("delete_webhook of another repository's", got, ErrorKind::NotFound)?;
    ground.equal("webhooks after that", &listed(&ground).await?, &expected)
}

#[cfg(test)]
#[path = "hooks_tests.rs"]
mod tests;
