//! Pull requests with their reviews, issues, and comments on either.

use mosaic_core::Result;
use mosaic_core::types::git::{PullRequest, PullRequestState, Review, ReviewVerdict};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{Comment, ProjectKey};
use serde::Deserialize;

use super::{Payload, User, login};
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{
    CommentAction, CommentEvent, CommentTarget, Event, IssueAction, IssueEvent, PullRequestAction,
    PullRequestEvent, fault,
};

#[derive(Deserialize)]
struct PullBody {
    pull_request: Pull,
    /// Where the pull request itself does not have it, as in old releases of Gitea.
    number: Option<u64>,
    review: Option<ReviewWire>,
}

#[derive(Deserialize)]
struct Pull {
    number: Option<u64>,
    title: String,
    /// Not always there in what Forgejo sends of an open one.
    state: Option<String>,
    body: Option<String>,
    user: Option<User>,
    head: Side,
    base: Side,
    merged: Option<bool>,
    merged_at: Option<serde::de::IgnoredAny>,
    merge_commit_sha: Option<String>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    updated_at: Time,
}

#[derive(Deserialize)]
struct Side {
    #[serde(rename = "ref")]
    name: String,
    sha: Option<String>,
}

#[derive(Deserialize)]
struct ReviewWire {
    id: Option<Id>,
    body: Option<String>,
    user: Option<User>,
    commit_id: Option<String>,
    state: Option<String>,
    #[serde(default)]
    submitted_at: Time,
    /// Gitea's names of state and body.
    #[serde(rename = "type")]
    kind: Option<String>,
    content: Option<String>,
}

impl PullBody {
    fn pull(self, action: &str) -> Result<(PullRequest, Option<ReviewWire>)> {
        let wire = self.pull_request;
        let number = wire.number.or(self.number).ok_or_else(|| fault::lacking("pull_request.number"))?;
        let merged = wire.merged == Some(true) || wire.merged_at.is_some();
        let state = match wire.state.as_deref() {
            _ if merged => PullRequestState::Merged,
            Some("open") => PullRequestState::Open,
            None if action != "closed" => PullRequestState::Open,
            _ => PullRequestState::Closed,
        };
        let mut pull = PullRequest::new(number, wire.title, wire.head.name, wire.base.name, state);
        pull.body = wire::said(wire.body);
        pull.author = login(wire.user);
        pull.head = wire::said(wire.head.sha);
        // Before it is merged, it is a commit that only tries whether it can be.
        pull.merge_commit = wire.merge_commit_sha.filter(|_| state == PullRequestState::Merged);
        pull.created_at = wire.created_at.0;
        pull.updated_at = wire.updated_at.0;
        Ok((pull, self.review))
    }
}

/// Something happened to a pull request.
pub(in crate::webhook) fn pull_request(payload: &Payload<'_>) -> Result<Event> {
    let (pull, _) = wire::read::<PullBody>(payload.body)?.pull(&payload.action)?;
    let action = match payload.action.as_str() {
        "opened" => PullRequestAction::Opened,
        "reopened" => PullRequestAction::Reopened,
        "closed" if pull.state == PullRequestState::Merged => PullRequestAction::Merged,
        "closed" => PullRequestAction::Closed,
        _ => PullRequestAction::Updated,
    };
    Ok(Event::PullRequest(PullRequestEvent::new(action, pull)))
}

/// A review of a pull request.
pub(in crate::webhook) fn review(payload: &Payload<'_>) -> Result<Event> {
    let (pull, review) = wire::read::<PullBody>(payload.body)?.pull(&payload.action)?;
    let wire = review.ok_or_else(|| fault::lacking("review"))?;
    let mut event = PullRequestEvent::new(PullRequestAction::Reviewed, pull);
    let word = wire.state.or(wire.kind).unwrap_or_default().to_ascii_lowercase();
    let verdict = match word.trim_start_matches("pull_request_").trim_start_matches("review_") {
        "approved" => Some(ReviewVerdict::Approve),
        "changes_requested" | "rejected" => Some(ReviewVerdict::RequestChanges),
        "commented" | "comment" => Some(ReviewVerdict::Comment),
        _ => None,
    };
    event.review = verdict.map(|verdict| {
        // Gitea does not tell the id of a review, nor who wrote it: that is the sender.
        let mut review = Review::new(wire.id.map(|id| id.to_string()).unwrap_or_default(), verdict);
        review.body = wire::said(wire.body).or(wire::said(wire.content));
        review.author = login(wire.user).or_else(|| payload.sender.clone());
        review.commit = wire::said(wire.commit_id);
        review.created_at = wire.submitted_at.0;
        review
    });
    Ok(Event::PullRequest(event))
}

#[derive(Deserialize)]
struct IssueBody {
    issue: IssueWire,
}

#[derive(Deserialize)]
struct IssueWire {
    number: u64,
    title: String,
    state: String,
    body: Option<String>,
    user: Option<User>,
    assignee: Option<User>,
    #[serde(default, deserialize_with = "wire::or_default")]
    labels: Vec<Label>,
    milestone: Option<Milestone>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    updated_at: Time,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct Milestone {
    /// GitHub's name of it; Gitea has only the id.
    number: Option<u64>,
    id: Option<u64>,
}

/// Something happened to an issue.
pub(in crate::webhook) fn issue(payload: &Payload<'_>) -> Result<Event> {
    let IssueBody { issue: wire } = wire::read(payload.body)?;
    let state = if wire.state == "closed" { IssueState::Closed } else { IssueState::Open };
    let project = ProjectKey::new(payload.repo()?.to_string());
    let mut issue = Issue::new(project, wire.number, wire.title, state);
    issue.body = wire::said(wire.body);
    issue.author = login(wire.user);
    issue.assignee = login(wire.assignee);
    issue.sprint =
        wire.milestone.and_then(|milestone| milestone.number.or(milestone.id)).map(|id| id.to_string());
    issue.created_at = wire.created_at.0;
    issue.updated_at = wire.updated_at.0;
    issue.labels = wire.labels.into_iter().map(|label| label.name).collect();
    issue.labels.sort_unstable();
    let action = match payload.action.as_str() {
        "opened" => IssueAction::Opened,
        "closed" => IssueAction::Closed,
        "reopened" => IssueAction::Reopened,
        "deleted" | "transferred" => IssueAction::Deleted,
        _ => IssueAction::Updated,
    };
    Ok(Event::Issue(IssueEvent::new(action, issue)))
}

#[derive(Deserialize)]
struct CommentWire {
    id: Id,
    body: Option<String>,
    user: Option<User>,
    path: Option<String>,
    line: Option<u64>,
    commit_id: Option<String>,
    #[serde(default)]
    created_at: Time,
}

impl CommentWire {
    fn event(self, payload: &Payload<'_>, target: CommentTarget) -> Event {
        let mut comment = Comment::new(self.id.to_string(), self.body.unwrap_or_default());
        comment.author = login(self.user);
        comment.path = wire::said(self.path);
        comment.line = self.line;
        comment.created_at = self.created_at.0;
        let action = match payload.action.as_str() {
            "created" => CommentAction::Created,
            "deleted" => CommentAction::Deleted,
            _ => CommentAction::Edited,
        };
        Event::Comment(CommentEvent::new(action, target, comment))
    }
}

#[derive(Deserialize)]
struct IssueCommentBody {
    issue: Commented,
    comment: CommentWire,
    #[serde(default, deserialize_with = "wire::or_default")]
    is_pull: bool,
}

#[derive(Deserialize)]
struct Commented {
    number: u64,
    /// There where the issue is a pull request.
    pull_request: Option<serde::de::IgnoredAny>,
}

/// A comment on an issue, or on a pull request as a whole.
pub(in crate::webhook) fn comment(payload: &Payload<'_>) -> Result<Event> {
    let body: IssueCommentBody = wire::read(payload.body)?;
    let number = body.issue.number;
    let target = match body.is_pull || body.issue.pull_request.is_some() {
        true => CommentTarget::PullRequest { number },
        false => CommentTarget::Issue { number },
    };
    Ok(body.comment.event(payload, target))
}

#[derive(Deserialize)]
struct ReviewCommentBody {
    pull_request: Numbered,
    comment: CommentWire,
}

#[derive(Deserialize)]
struct Numbered {
    number: u64,
}

/// A comment on a line of a pull request.
pub(in crate::webhook) fn review_comment(payload: &Payload<'_>) -> Result<Event> {
    let body: ReviewCommentBody = wire::read(payload.body)?;
    Ok(body.comment.event(payload, CommentTarget::PullRequest { number: body.pull_request.number }))
}

#[derive(Deserialize)]
struct CommitCommentBody {
    comment: CommentWire,
}

/// A comment on a commit.
pub(in crate::webhook) fn commit_comment(payload: &Payload<'_>) -> Result<Event> {
    let CommitCommentBody { comment } = wire::read(payload.body)?;
    let id = comment.commit_id.clone().ok_or_else(|| fault::lacking("comment.commit_id"))?;
    Ok(comment.event(payload, CommentTarget::Commit { id }))
}
