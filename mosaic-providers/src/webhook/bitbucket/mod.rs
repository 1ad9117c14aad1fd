//! Bitbucket Cloud: which of its events is which of ours.

mod change;
mod discussion;

use mosaic_core::Result;
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::ReviewVerdict;
use serde::Deserialize;

use super::wire::{self, Parsed};
use super::{CommentAction, Event, PullRequestAction, RepositoryAction, fault};

/// What is around every event. It must be read from any body, so nothing of it is required.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "wire::lenient")]
    actor: Option<User>,
    #[serde(default, deserialize_with = "wire::lenient")]
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

/// A person. People have no name that they log in with here any more; the nickname is what the product shows for it.
#[derive(Default, Deserialize)]
struct User {
    nickname: Option<String>,
    username: Option<String>,
    display_name: Option<String>,
}

fn login(user: Option<User>) -> Option<String> {
    let user = user?;
    wire::said(user.nickname).or(wire::said(user.username)).or(wire::said(user.display_name))
}

/// The body of an event, and what is around it.
struct Payload<'b> {
    body: &'b [u8],
    repo: Option<RepoRef>,
    sender: Option<String>,
}

impl Payload<'_> {
    fn repo(&self) -> Result<&RepoRef> {
        self.repo.as_ref().ok_or_else(|| fault::lacking("repository.full_name"))
    }
}

/// Reads an event by the name in its header.
///
/// # Errors
/// `Invalid` where the body is not JSON, `Protocol` where a known event is not of the documented form.
pub(super) fn parse(name: &str, body: &[u8]) -> Result<Parsed> {
    let envelope: Envelope = wire::read(body)?;
    let payload = Payload {
        body,
        repo: envelope.repository.and_then(|repository| wire::repo(&repository.full_name)),
        sender: login(envelope.actor),
    };
    let event = match name {
        "repo:push" => change::push(&payload)?,
        "repo:created" | "repo:imported" => change::repository(&payload, RepositoryAction::Created)?,
        "repo:updated" => change::repository(&payload, RepositoryAction::Updated)?,
        "repo:deleted" => change::repository(&payload, RepositoryAction::Deleted)?,
        "repo:commit_status_created" | "repo:commit_status_updated" => change::status(&payload)?,
        "repo:commit_comment_created" => discussion::commit_comment(&payload)?,
        "pullrequest:created" => discussion::pull_request(&payload, PullRequestAction::Opened)?,
        "pullrequest:updated" | "pullrequest:push" => {
            discussion::pull_request(&payload, PullRequestAction::Updated)?
        }
        "pullrequest:fulfilled" => discussion::pull_request(&payload, PullRequestAction::Merged)?,
        "pullrequest:rejected" => discussion::pull_request(&payload, PullRequestAction::Closed)?,
        "pullrequest:approved" => discussion::review(&payload, Some(ReviewVerdict::Approve))?,
        "pullrequest:changes_request_created" => {
            discussion::review(&payload, Some(ReviewVerdict::RequestChanges))?
        }
        "pullrequest:unapproved" | "pullrequest:changes_request_removed" => {
            discussion::review(&payload, None)?
        }
        "pullrequest:comment_created" => discussion::comment(&payload, CommentAction::Created)?,
        "pullrequest:comment_deleted" => discussion::comment(&payload, CommentAction::Deleted)?,
        "pullrequest:comment_updated" | "pullrequest:comment_resolved" | "pullrequest:comment_reopened" => {
            discussion::comment(&payload, CommentAction::Edited)?
        }
        "issue:created" => discussion::issue(&payload, true)?,
        "issue:updated" => discussion::issue(&payload, false)?,
        "issue:comment_created" => discussion::issue_comment(&payload)?,
        _ => Event::Other,
    };
    if event != Event::Other {
        payload.repo()?;
    }
    let action = name.split_once(':').map(|(_, action)| action.to_owned());
    Ok(Parsed { event, action, repo: payload.repo, sender: payload.sender })
}
