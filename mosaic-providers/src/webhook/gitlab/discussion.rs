//! Merge requests, issues, and notes on either.

use mosaic_core::Result;
use mosaic_core::types::git::{PullRequest, PullRequestState, Review, ReviewVerdict};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{Comment, ProjectKey};
use serde::Deserialize;

use super::{Payload, User};
use crate::webhook::wire::{self, Id, Time};
use crate::webhook::{
    CommentAction, CommentEvent, CommentTarget, Event, IssueAction, IssueEvent, PullRequestAction,
    PullRequestEvent, fault,
};

#[derive(Deserialize)]
struct MergeRequestBody {
    object_attributes: MergeRequest,
}

#[derive(Deserialize)]
struct MergeRequest {
    iid: u64,
    title: String,
    description: Option<String>,
    state: String,
    source_branch: String,
    target_branch: String,
    merge_commit_sha: Option<String>,
    last_commit: Option<LastCommit>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    updated_at: Time,
}

#[derive(Deserialize)]
struct LastCommit {
    id: String,
}

pub(super) fn merge_request(payload: &Payload<'_>) -> Result<Event> {
    let MergeRequestBody { object_attributes: wire } = wire::read(payload.body)?;
    let state = match wire.state.as_str() {
        "merged" => PullRequestState::Merged,
        "opened" | "locked" => PullRequestState::Open,
        _ => PullRequestState::Closed,
    };
    let mut pull = PullRequest::new(wire.iid, wire.title, wire.source_branch, wire.target_branch, state);
    pull.body = wire::said(wire.description);
    // Of the author only a number is told; who opens it is the author.
    pull.author = payload.sender.clone().filter(|_| payload.action == "open");
    pull.head = wire.last_commit.map(|commit| commit.id);
    pull.merge_commit = wire.merge_commit_sha;
    pull.created_at = wire.created_at.0;
    pull.updated_at = wire.updated_at.0;
    let action = match payload.action.as_str() {
        "open" => PullRequestAction::Opened,
        "reopen" => PullRequestAction::Reopened,
        "close" => PullRequestAction::Closed,
        "merge" => PullRequestAction::Merged,
        "approved" | "approval" | "unapproved" | "unapproval" => PullRequestAction::Reviewed,
        _ => PullRequestAction::Updated,
    };
    let mut event = PullRequestEvent::new(action, pull);
    if matches!(payload.action.as_str(), "approved" | "approval") {
        // An approval has no id of its own: there is one of each person.
        let mut review = Review::new(payload.sender.clone().unwrap_or_default(), ReviewVerdict::Approve);
        review.author = payload.sender.clone();
        review.commit = event.pull_request.head.clone();
        event.review = Some(review);
    }
    Ok(Event::PullRequest(event))
}

#[derive(Deserialize)]
struct IssueBody {
    object_attributes: IssueWire,
    #[serde(default, deserialize_with = "wire::or_default")]
    labels: Vec<Label>,
    #[serde(default, deserialize_with = "wire::or_default")]
    assignees: Vec<User>,
}

#[derive(Deserialize)]
struct IssueWire {
    iid: u64,
    title: String,
    description: Option<String>,
    state: String,
    milestone_id: Option<u64>,
    #[serde(default)]
    created_at: Time,
    #[serde(default)]
    updated_at: Time,
}

#[derive(Deserialize)]
struct Label {
    title: String,
}

pub(super) fn issue(payload: &Payload<'_>) -> Result<Event> {
    let body: IssueBody = wire::read(payload.body)?;
    let wire = body.object_attributes;
    let state = if wire.state == "closed" { IssueState::Closed } else { IssueState::Open };
    let project = ProjectKey::new(payload.repo()?.to_string());
    let mut issue = Issue::new(project, wire.iid, wire.title, state);
    issue.body = wire::said(wire.description);
    issue.author = payload.sender.clone().filter(|_| payload.action == "open");
    issue.assignee = body.assignees.into_iter().next().and_then(|user| wire::said(user.username));
    issue.sprint = wire.milestone_id.map(|id| id.to_string());
    issue.created_at = wire.created_at.0;
    issue.updated_at = wire.updated_at.0;
    issue.labels = body.labels.into_iter().map(|label| label.title).collect();
    issue.labels.sort_unstable();
    let action = match payload.action.as_str() {
        "open" => IssueAction::Opened,
        "close" => IssueAction::Closed,
        "reopen" => IssueAction::Reopened,
        _ => IssueAction::Updated,
    };
    Ok(Event::Issue(IssueEvent::new(action, issue)))
}

#[derive(Deserialize)]
struct NoteBody {
    object_attributes: Note,
    merge_request: Option<Numbered>,
    issue: Option<Numbered>,
}

#[derive(Deserialize)]
struct Note {
    id: Id,
    note: String,
    noteable_type: String,
    commit_id: Option<String>,
    position: Option<Position>,
    #[serde(default)]
    created_at: Time,
}

#[derive(Deserialize)]
struct Position {
    new_path: Option<String>,
    new_line: Option<u64>,
}

#[derive(Deserialize)]
struct Numbered {
    iid: u64,
}

pub(super) fn note(payload: &Payload<'_>) -> Result<Event> {
    let body: NoteBody = wire::read(payload.body)?;
    let wire = body.object_attributes;
    let number = |of: Option<Numbered>, field| of.map(|of| of.iid).ok_or_else(|| fault::lacking(field));
    let target = match wire.noteable_type.as_str() {
        "MergeRequest" => CommentTarget::PullRequest { number: number(body.merge_request, "merge_request")? },
        "Issue" => CommentTarget::Issue { number: number(body.issue, "issue")? },
        "Commit" => CommentTarget::Commit { id: wire.commit_id.ok_or_else(|| fault::lacking("commit_id"))? },
        // Notes on snippets and the like are about nothing that Mosaic has a word for.
        _ => return Ok(Event::Other),
    };
    let mut comment = Comment::new(wire.id.to_string(), wire.note);
    comment.author = payload.sender.clone();
    if let Some(position) = wire.position {
        comment.path = position.new_path;
        comment.line = position.new_line;
    }
    comment.created_at = wire.created_at.0;
    let action = if payload.action == "update" { CommentAction::Edited } else { CommentAction::Created };
    Ok(Event::Comment(CommentEvent::new(action, target, comment)))
}
