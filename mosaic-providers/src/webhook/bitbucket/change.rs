//! Pushes, what checks say, and the repository itself.

use mosaic_core::Result;
use mosaic_core::types::git::{Commit, CommitStatus, Signature};
use serde::Deserialize;

use super::Payload;
use crate::webhook::wire::{self, Time};
use crate::webhook::{
    Event, Push, RefAction, RefChange, RefKind, RepositoryAction, RepositoryEvent, StatusEvent, fault,
    status_state,
};

#[derive(Deserialize)]
struct PushBody {
    push: Changes,
}

#[derive(Deserialize)]
struct Changes {
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    old: Option<Reference>,
    new: Option<Reference>,
    #[serde(default, deserialize_with = "wire::or_default")]
    forced: bool,
    #[serde(default, deserialize_with = "wire::or_default")]
    truncated: bool,
    #[serde(default, deserialize_with = "wire::or_default")]
    commits: Vec<CommitBody>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    target: Target,
}

#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) hash: String,
}

#[derive(Deserialize)]
struct CommitBody {
    hash: String,
    #[serde(default, deserialize_with = "wire::or_default")]
    message: String,
    #[serde(default)]
    date: Time,
    author: Option<Author>,
    #[serde(default, deserialize_with = "wire::or_default")]
    parents: Vec<Target>,
}

#[derive(Deserialize)]
struct Author {
    raw: Option<String>,
}

impl From<CommitBody> for Commit {
    fn from(body: CommitBody) -> Self {
        let raw = body.author.and_then(|author| author.raw).unwrap_or_default();
        let (name, email) = match raw.rsplit_once('<') {
            Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches('>')),
            None => (raw.trim(), ""),
        };
        let mut author = Signature::new(name, email);
        author.at = body.date.0;
        let parents: Vec<_> = body.parents.into_iter().map(|parent| parent.hash).collect();
        Commit::new(body.hash, body.message, author).parents(parents)
    }
}

/// A push. What is neither branch nor tag is left out of it.
pub(super) fn push(payload: &Payload<'_>) -> Result<Event> {
    let PushBody { push } = wire::read(payload.body)?;
    let changes: Vec<_> = push.changes.into_iter().filter_map(change).collect();
    Ok(if changes.is_empty() { Event::Other } else { Event::Push(Push::new(changes)) })
}

fn change(wire: Change) -> Option<RefChange> {
    let action = match (&wire.old, &wire.new) {
        (_, None) => RefAction::Deleted,
        (None, _) => RefAction::Created,
        _ => RefAction::Moved,
    };
    let reference = wire.new.as_ref().or(wire.old.as_ref())?;
    let kind = match reference.kind.as_str() {
        "branch" | "named_branch" => RefKind::Branch,
        "tag" | "annotated_tag" => RefKind::Tag,
        _ => return None,
    };
    let mut change = RefChange::new(kind, reference.name.as_str(), action).forced(wire.forced);
    change.before = wire.old.map(|old| old.target.hash);
    change.after = wire.new.map(|new| new.target.hash);
    change.truncated = wire.truncated;
    change.commits = wire.commits.into_iter().rev().map(Commit::from).collect();
    Some(change)
}

#[derive(Deserialize)]
struct StatusBody {
    commit_status: StatusWire,
}

#[derive(Deserialize)]
struct StatusWire {
    key: String,
    state: String,
    description: Option<String>,
    url: Option<String>,
    #[serde(default)]
    updated_on: Time,
    commit: Option<Target>,
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Links {
    commit: Option<Link>,
}

#[derive(Deserialize)]
struct Link {
    href: String,
}

pub(super) fn status(payload: &Payload<'_>) -> Result<Event> {
    let StatusBody { commit_status: wire } = wire::read(payload.body)?;
    // The commit itself is a recent addition; its address ends with its id.
    let linked = || wire.links?.commit?.href.rsplit('/').next().map(str::to_owned);
    let commit = wire.commit.map(|commit| commit.hash).or_else(linked);
    let commit = wire::said(commit).ok_or_else(|| fault::lacking("commit_status.commit"))?;
    let mut status = CommitStatus::new(wire.key, status_state::bitbucket_status(&wire.state));
    status.description = wire::said(wire.description);
    status.target_url = wire::said(wire.url);
    status.updated_at = wire.updated_on.0;
    Ok(Event::Status(StatusEvent::new(commit, status).vendor_state(wire.state)))
}

#[derive(Deserialize)]
struct RepositoryBody {
    changes: Option<Renamed>,
}

#[derive(Deserialize)]
struct Renamed {
    full_name: Option<Both>,
}

#[derive(Deserialize)]
struct Both {
    old: String,
}

pub(super) fn repository(payload: &Payload<'_>, action: RepositoryAction) -> Result<Event> {
    let body: RepositoryBody = wire::read(payload.body)?;
    let previous = body.changes.and_then(|changes| changes.full_name).and_then(|name| wire::repo(&name.old));
    let action = if previous.is_some() { RepositoryAction::Renamed } else { action };
    let mut event = RepositoryEvent::of(payload.repo()?, action);
    event.previous = previous;
    Ok(Event::Repository(event))
}
