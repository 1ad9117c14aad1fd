//! GitLab: which of its events is which of ours.

mod change;
mod discussion;
mod run;

use mosaic_core::Result;
use mosaic_core::types::RepoRef;
use serde::Deserialize;

use super::wire::{self, Parsed};
use super::{Event, fault};

/// What is around every event. It must be read from any body, so nothing of it is required.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "wire::lenient")]
    object_kind: Option<String>,
    /// What system hooks have where others have `object_kind`.
    #[serde(default, deserialize_with = "wire::lenient")]
    event_name: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    action: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    object_attributes: Option<Attributes>,
    #[serde(default, deserialize_with = "wire::lenient")]
    project: Option<Project>,
    /// There in what is about a group, such as its wiki and its epics.
    #[serde(default, deserialize_with = "wire::lenient")]
    group: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "wire::lenient")]
    path_with_namespace: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    repository: Option<Repository>,
    #[serde(default, deserialize_with = "wire::lenient")]
    user: Option<User>,
    #[serde(default, deserialize_with = "wire::lenient")]
    user_username: Option<String>,
}

#[derive(Deserialize)]
struct Attributes {
    action: Option<String>,
}

#[derive(Deserialize)]
struct Project {
    path_with_namespace: String,
}

#[derive(Deserialize)]
struct Repository {
    homepage: String,
}

#[derive(Deserialize)]
struct User {
    username: Option<String>,
}

/// The body of an event, and what is around it.
struct Payload<'b> {
    body: &'b [u8],
    action: String,
    repo: Option<RepoRef>,
    sender: Option<String>,
}

impl Payload<'_> {
    fn repo(&self) -> Result<&RepoRef> {
        self.repo.as_ref().ok_or_else(|| fault::lacking("project.path_with_namespace"))
    }
}

/// Reads an event. Its kind is taken from the body, which says it for project hooks and system hooks alike.
///
/// # Errors
/// `Invalid` where the body is not JSON, `Protocol` where a known event is not of the documented form.
pub(super) fn parse(body: &[u8]) -> Result<Parsed> {
    let envelope: Envelope = wire::read(body)?;
    let kind = envelope.object_kind.or(envelope.event_name).unwrap_or_default();
    let project =
        envelope.project.map(|project| project.path_with_namespace).or(envelope.path_with_namespace);
    // Jobs name no project in older releases, only where a person sees it.
    let home = || envelope.repository.as_ref().and_then(|repository| path_of(&repository.homepage));
    let payload = Payload {
        body,
        action: envelope.object_attributes.and_then(|it| it.action).or(envelope.action).unwrap_or_default(),
        repo: project.as_deref().and_then(wire::repo).or_else(home),
        sender: wire::said(envelope.user_username)
            .or(envelope.user.and_then(|user| wire::said(user.username))),
    };
    let of_a_group = envelope.group.is_some() && payload.repo.is_none();
    let event = match kind.as_str() {
        _ if of_a_group => Event::Other,
        "push" | "tag_push" => change::push(&payload)?,
        "release" => change::release(&payload)?,
        "wiki_page" => change::wiki(&payload)?,
        "project_create" | "project_destroy" | "project_rename" | "project_transfer" | "project_update" => {
            change::project(&payload, &kind)?
        }
        "merge_request" => discussion::merge_request(&payload)?,
        "issue" | "work_item" => discussion::issue(&payload)?,
        "note" => discussion::note(&payload)?,
        "pipeline" => run::pipeline(&payload)?,
        "build" => run::job(&payload)?,
        _ => Event::Other,
    };
    if event != Event::Other {
        payload.repo()?;
    }
    Ok(Parsed { event, action: wire::said(Some(payload.action)), repo: payload.repo, sender: payload.sender })
}

/// The project of an address: what follows the host.
fn path_of(address: &str) -> Option<RepoRef> {
    let (_, rest) = address.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    wire::repo(path.trim_end_matches('/'))
}
