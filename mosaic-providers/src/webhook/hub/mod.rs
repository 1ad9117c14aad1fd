//! Payloads in the manner of GitHub, which Gitea and Forgejo speak too: what all three share.

mod change;
mod discussion;
mod run;

use mosaic_core::Result;
use mosaic_core::types::RepoRef;
use serde::Deserialize;

pub(super) use change::{created, deleted, push, release, repository, wiki_page, wiki_pages};
pub(super) use discussion::{comment, commit_comment, issue, pull_request, review, review_comment};
pub(super) use run::{check_run, forgejo_run, job, run, status};

use super::wire::{self, Parsed};
use super::{Event, fault};

/// What is around every event. It must be read from any body, so nothing of it is required.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    #[serde(default, deserialize_with = "wire::lenient")]
    action: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    repository: Option<Repository>,
    #[serde(default, deserialize_with = "wire::lenient")]
    sender: Option<User>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: String,
}

/// A person, by whichever of the names is there.
#[derive(Debug, Default, Deserialize)]
struct User {
    login: Option<String>,
    username: Option<String>,
    name: Option<String>,
}

impl User {
    fn login(self) -> Option<String> {
        wire::said(self.login).or(wire::said(self.username)).or(wire::said(self.name))
    }
}

fn login(user: Option<User>) -> Option<String> {
    user.and_then(User::login)
}

/// The body of an event, and what is around it.
pub(super) struct Payload<'b> {
    body: &'b [u8],
    pub(super) action: String,
    repo: Option<RepoRef>,
    sender: Option<String>,
}

impl<'b> Payload<'b> {
    /// Reads what is around the event.
    ///
    /// # Errors
    /// `Invalid` where the body is not JSON.
    pub(super) fn open(body: &'b [u8]) -> Result<Self> {
        let envelope: Envelope = wire::read(body)?;
        Ok(Self {
            body,
            action: envelope.action.unwrap_or_default(),
            repo: envelope.repository.and_then(|repository| wire::repo(&repository.full_name)),
            sender: login(envelope.sender),
        })
    }

    /// The repository, which every event has that is about one.
    fn repo(&self) -> Result<&RepoRef> {
        self.repo.as_ref().ok_or_else(|| fault::lacking("repository.full_name"))
    }

    /// Closes the payload over the event that was made of it.
    ///
    /// # Errors
    /// `Protocol` where an event that is about a repository names none.
    pub(super) fn close(self, event: Event) -> Result<Parsed> {
        if !matches!(event, Event::Ping | Event::Other) {
            self.repo()?;
        }
        Ok(Parsed { event, action: wire::said(Some(self.action)), repo: self.repo, sender: self.sender })
    }
}
