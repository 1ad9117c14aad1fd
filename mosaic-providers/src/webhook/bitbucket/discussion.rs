//! Pull requests with their approvals, issues, and comments on either.

use mosaic_core::Result;
use mosaic_core::types::git::{PullRequest, PullRequestState, Review, ReviewVerdict};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{Comment, ProjectKey};
use serde::Deserialize;

use super::change::Target;
use super::{Payload, User, login};
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{
    CommentAction, CommentEvent, CommentTarget, Event, IssueAction, IssueEvent, PullRequestAction,
    PullRequestEvent, fault,
};

#[derive(Deserialize)]
struct PullBody {
    pullrequest: Pull,
    approval: Option<Said>,
    changes_request: Option<Said>,
}

#[derive(Deserialize)]
struct Pull {
    id: u64,
    title: String,
    description: Option<String>,
    state: String,
    author: Option<User>,
    source: Side,
    destination: Side,
    merge_commit: Option<Target>,
    #[serde(default)]
    created_on: Time,
    #[serde(default)]
    updated_on: Time,
}

#[derive(Deserialize)]
struct Side {
    branch: Named,
    commit: Option<Target>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Said {
    user: Option<User>,
    #[serde(default)]
    date: Time,
}

impl Pull {
    fn noun(self) -> PullRequest {
        let state = match self.state.as_str() {
            "OPEN" | "DRAFT" => PullRequestState::Open,
            "MERGED" => PullRequestState::Merged,
            _ => PullRequestState::Closed,
        };
        let (source, target) = (self.source.branch.name, self.destination.branch.name);
        let mut pull = PullRequest::new(self.id, self.title, source, target, state);
        pull.body = wire::said(self.description);
        pull.author = login(self.author);
        pull.head = self.source.commit.map(|commit| commit.hash);
        pull.merge_commit = self.merge_commit.map(|commit| commit.hash);
        pull.created_at = self.created_on.0;
        pull.updated_at = self.updated_on.0;
        pull
    }
}

/// Something happened to a pull request.
pub(super) fn pull_request(payload: &Payload<'_>, action: PullRequestAction) -> Result<Event> {
    let body: PullBody = wire::read(payload.body)?;
    Ok(Event::PullRequest(PullRequestEvent::new(action, body.pullrequest.noun())))
}

/// A review was given, or taken back where there is no verdict.
pub(super) fn review(payload: &Payload<'_>, verdict: Option<ReviewVerdict>) -> Result<Event> {
    let body: PullBody = wire::read(payload.body)?;
    let mut event = PullRequestEvent::new(PullRequestAction::Reviewed, body.pullrequest.noun());
    event.review = verdict.map(|verdict| {
        let (user, date) = match body.approval.or(body.changes_request) {
            Some(said) => (login(said.user), said.date.0),
            None => (None, None),
        };
        let author = user.or_else(|| payload.sender.clone());
        // A verdict has no id of its own: there is one of each person.
        let mut review = Review::new(author.clone().unwrap_or_default(), verdict);
        review.author = author;
        review.commit = event.pull_request.head.clone();
        review.created_at = date;
        review
    });
    Ok(Event::PullRequest(event))
}

#[derive(Deserialize)]
struct CommentBody {
    comment: CommentWire,
    pullrequest: Option<Numbered>,
    issue: Option<Numbered>,
    commit: Option<Target>,
}

#[derive(Deserialize)]
struct Numbered {
    id: u64,
}

#[derive(Deserialize)]
struct CommentWire {
    id: Id,
    content: Option<Content>,
    user: Option<User>,
    inline: Option<Inline>,
    #[serde(default)]
    created_on: Time,
}

#[derive(Deserialize)]
struct Content {
    raw: Option<String>,
}

#[derive(Deserialize)]
struct Inline {
    path: Option<String>,
    to: Option<u64>,
}

impl CommentWire {
    fn event(self, action: CommentAction, target: CommentTarget) -> Event {
        let text = self.content.and_then(|content| content.raw).unwrap_or_default();
        let mut comment = Comment::new(self.id.to_string(), text);
        comment.author = login(self.user);
        if let Some(inline) = self.inline {
            comment.path = inline.path;
            comment.line = inline.to;
        }
        comment.created_at = self.created_on.0;
        Event::Comment(CommentEvent::new(action, target, comment))
    }
}

/// A comment on a pull request.
pub(super) fn comment(payload: &Payload<'_>, action: CommentAction) -> Result<Event> {
    let body: CommentBody = wire::read(payload.body)?;
    let pull = body.pullrequest.ok_or_else(|| fault::lacking("pullrequest"))?;
    Ok(body.comment.event(action, CommentTarget::PullRequest { number: pull.id }))
}

/// A comment on an issue.
pub(super) fn issue_comment(payload: &Payload<'_>) -> Result<Event> {
    let body: CommentBody = wire::read(payload.body)?;
    let issue = body.issue.ok_or_else(|| fault::lacking("issue"))?;
    Ok(body.comment.event(CommentAction::Created, CommentTarget::Issue { number: issue.id }))
}

/// A comment on a commit.
pub(super) fn commit_comment(payload: &Payload<'_>) -> Result<Event> {
    let body: CommentBody = wire::read(payload.body)?;
    let commit = body.commit.ok_or_else(|| fault::lacking("commit"))?;
    Ok(body.comment.event(CommentAction::Created, CommentTarget::Commit { id: commit.hash }))
}

#[derive(Deserialize)]
struct IssueBody {
    issue: IssueWire,
    changes: Option<Changes>,
}

#[derive(Deserialize)]
struct IssueWire {
    id: u64,
    title: String,
    content: Option<Content>,
    state: Option<String>,
    reporter: Option<User>,
    assignee: Option<User>,
    #[serde(default)]
    created_on: Time,
    #[serde(default)]
    updated_on: Time,
}

#[derive(Deserialize)]
struct Changes {
    status: Option<Both>,
}

#[derive(Deserialize)]
struct Both {
    old: Option<String>,
    new: Option<String>,
}

/// Something happened to an issue: it is new, or it changed.
pub(super) fn issue(payload: &Payload<'_>, opened: bool) -> Result<Event> {
    let body: IssueBody = wire::read(payload.body)?;
    let wire = body.issue;
    let project = ProjectKey::new(payload.repo()?.to_string());
    let mut issue =
        Issue::new(project, wire.id, wire.title, state(wire.state.as_deref().unwrap_or_default()));
    issue.body = wire.content.and_then(|content| wire::said(content.raw));
    issue.author = login(wire.reporter);
    issue.assignee = login(wire.assignee);
    issue.created_at = wire.created_on.0;
    issue.updated_at = wire.updated_on.0;
    let was = body.changes.and_then(|changes| changes.status).map(|status| {
        let of = |word: Option<String>| state(word.as_deref().unwrap_or_default()) == IssueState::Closed;
        (of(status.old), of(status.new))
    });
    let action = match was {
        _ if opened => IssueAction::Opened,
        Some((false, true)) => IssueAction::Closed,
        Some((true, false)) => IssueAction::Reopened,
        _ => IssueAction::Updated,
    };
    Ok(Event::Issue(IssueEvent::new(action, issue)))
}

fn state(word: &str) -> IssueState {
    match word {
        "resolved" | "invalid" | "duplicate" | "wontfix" | "closed" => IssueState::Closed,
        _ => IssueState::Open,
    }
}
