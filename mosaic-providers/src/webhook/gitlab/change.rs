//! Pushes, releases, the wiki and the project itself.

use mosaic_core::Result;
use mosaic_core::types::git::{Commit, Release, Signature};
use serde::Deserialize;

use super::Payload;
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{
    Event, Push, RefAction, RefChange, RefKind, ReleaseAction, ReleaseEvent, RepositoryAction,
    RepositoryEvent, WikiAction, WikiEvent, WikiPage,
};

#[derive(Deserialize)]
struct PushBody {
    #[serde(rename = "ref")]
    reference: String,
    before: String,
    after: String,
    checkout_sha: Option<String>,
    #[serde(default, deserialize_with = "wire::or_default")]
    commits: Vec<CommitBody>,
    total_commits_count: Option<u64>,
}

#[derive(Deserialize)]
struct CommitBody {
    id: String,
    #[serde(default, deserialize_with = "wire::or_default")]
    message: String,
    #[serde(default)]
    timestamp: Time,
    #[serde(default, deserialize_with = "wire::or_default")]
    author: Author,
}

#[derive(Default, Deserialize)]
struct Author {
    #[serde(default, deserialize_with = "wire::or_default")]
    name: String,
    #[serde(default, deserialize_with = "wire::or_default")]
    email: String,
}

pub(super) fn push(payload: &Payload<'_>) -> Result<Event> {
    let body: PushBody = wire::read(payload.body)?;
    let (kind, name) =
        match (body.reference.strip_prefix("refs/heads/"), body.reference.strip_prefix("refs/tags/")) {
            (Some(name), _) => (RefKind::Branch, name),
            (_, Some(name)) => (RefKind::Tag, name),
            _ => return Ok(Event::Other),
        };
    let (before, after) = (wire::commit_id(&body.before), wire::commit_id(&body.after));
    let action = match (&before, &after) {
        (_, None) => RefAction::Deleted,
        (None, _) => RefAction::Created,
        _ => RefAction::Moved,
    };
    let mut change = RefChange::new(kind, name, action);
    // Of an annotated tag `after` is the tag itself; what is checked out is the commit it stands for.
    change.after = match (kind, body.checkout_sha) {
        (RefKind::Tag, Some(commit)) if after.is_some() => Some(commit),
        _ => after,
    };
    change.before = before;
    change.truncated = body.total_commits_count.is_some_and(|total| total > body.commits.len() as u64);
    change.commits = body
        .commits
        .into_iter()
        .map(|commit| {
            let mut author = Signature::new(commit.author.name, commit.author.email);
            author.at = commit.timestamp.0;
            Commit::new(commit.id, commit.message, author)
        })
        .collect();
    Ok(Event::Push(Push::new(vec![change])))
}

#[derive(Deserialize)]
struct ReleaseBody {
    id: Id,
    tag: String,
    name: Option<String>,
    description: Option<String>,
    url: Option<String>,
    #[serde(default)]
    created_at: Time,
}

pub(super) fn release(payload: &Payload<'_>) -> Result<Event> {
    let body: ReleaseBody = wire::read(payload.body)?;
    let mut release = Release::new(body.id.to_string(), body.tag);
    release.name = wire::said(body.name);
    release.body = wire::said(body.description);
    release.web_url = body.url;
    release.created_at = body.created_at.0;
    let action = match payload.action.as_str() {
        "create" => ReleaseAction::Published,
        "delete" => ReleaseAction::Deleted,
        _ => ReleaseAction::Updated,
    };
    Ok(Event::Release(ReleaseEvent::new(action, release)))
}

#[derive(Deserialize)]
struct WikiBody {
    object_attributes: Page,
}

#[derive(Deserialize)]
struct Page {
    title: String,
    slug: Option<String>,
    url: Option<String>,
}

pub(super) fn wiki(payload: &Payload<'_>) -> Result<Event> {
    let WikiBody { object_attributes: wire } = wire::read(payload.body)?;
    let action = match payload.action.as_str() {
        "create" => WikiAction::Created,
        "delete" => WikiAction::Deleted,
        _ => WikiAction::Edited,
    };
    let mut page = WikiPage::new(wire.title, action);
    page.slug = wire.slug;
    page.web_url = wire.url;
    Ok(Event::Wiki(WikiEvent::new(vec![page])))
}

#[derive(Deserialize)]
struct ProjectBody {
    old_path_with_namespace: Option<String>,
}

/// What the hooks of a whole server tell of a project.
pub(super) fn project(payload: &Payload<'_>, kind: &str) -> Result<Event> {
    let body: ProjectBody = wire::read(payload.body)?;
    let action = match kind {
        "project_create" => RepositoryAction::Created,
        "project_destroy" => RepositoryAction::Deleted,
        "project_rename" | "project_transfer" => RepositoryAction::Renamed,
        _ => RepositoryAction::Updated,
    };
    let mut event = RepositoryEvent::of(payload.repo()?, action);
    event.previous = body.old_path_with_namespace.as_deref().and_then(wire::repo);
    Ok(Event::Repository(event))
}
