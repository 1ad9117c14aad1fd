//! What GitHub answers about pull requests, as far as it is read.

use mosaic_core::types::Timestamp;
use mosaic_core::types::git::{Comment, PullRequest, PullRequestState, Review, ReviewVerdict};
use serde::Deserialize;

use super::super::wire::Account;

#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    title: String,
    body: Option<String>,
    state: String,
    merged_at: Option<Timestamp>,
    /// Absent in lists.
    #[serde(default)]
    merged: bool,
    /// Absent in lists, null while GitHub finds out.
    pub(super) mergeable: Option<bool>,
    merge_commit_sha: Option<String>,
    user: Option<Account>,
    pub(super) head: Side,
    base: Side,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Side {
    #[serde(rename = "ref")]
    name: String,
    pub(super) sha: String,
    /// `owner:branch`.
    label: Option<String>,
    /// None where it was deleted.
    repo: Option<SideRepo>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
struct SideRepo {
    id: i64,
}

impl Pull {
    /// The branch, or `owner:branch` where it is one of a fork.
    fn source(&self) -> String {
        let fork = self.head.repo != self.base.repo;
        self.head.label.clone().filter(|_| fork).unwrap_or_else(|| self.head.name.clone())
    }
}

impl From<Pull> for PullRequest {
    fn from(wire: Pull) -> Self {
        let state = match wire.state.as_str() {
            _ if wire.merged || wire.merged_at.is_some() => PullRequestState::Merged,
            "open" => PullRequestState::Open,
            _ => PullRequestState::Closed,
        };
        let source = wire.source();
        let mut pull = Self::new(wire.number, wire.title, source, wire.base.name, state).head(wire.head.sha);
        // Before it is merged this is a commit that GitHub made to try.
        pull.merge_commit = wire.merge_commit_sha.filter(|_| state == PullRequestState::Merged);
        pull.body = wire.body;
        pull.author = wire.user.map(|user| user.login);
        (pull.created_at, pull.updated_at) = (wire.created_at, wire.updated_at);
        pull
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ReviewRow {
    id: i64,
    state: String,
    #[serde(default)]
    body: String,
    user: Option<Account>,
    commit_id: Option<String>,
    submitted_at: Option<Timestamp>,
}

impl ReviewRow {
    /// None for what is no review to others: one that was not submitted, and the envelope of comments on lines.
    pub(super) fn review(self) -> Option<Review> {
        let verdict = match self.state.as_str() {
            "PENDING" => return None,
            "COMMENTED" if self.body.is_empty() => return None,
            "APPROVED" => ReviewVerdict::Approve,
            "CHANGES_REQUESTED" => ReviewVerdict::RequestChanges,
            // A dismissed one decides nothing any more.
            _ => ReviewVerdict::Comment,
        };
        let mut review = Review::new(self.id.to_string(), verdict);
        review.body = Some(self.body).filter(|body| !body.is_empty());
        review.author = self.user.map(|user| user.login);
        (review.commit, review.created_at) = (self.commit_id, self.submitted_at);
        Some(review)
    }
}

/// A comment on the pull request, or on a line of it.
#[derive(Debug, Deserialize)]
pub(super) struct CommentRow {
    id: i64,
    #[serde(default)]
    body: String,
    user: Option<Account>,
    path: Option<String>,
    line: Option<u64>,
    created_at: Option<Timestamp>,
}

impl CommentRow {
    /// What comments are ordered by.
    pub(super) fn when(&self) -> (Option<Timestamp>, i64) {
        (self.created_at, self.id)
    }
}

impl From<CommentRow> for Comment {
    /// Comments on lines have ids of their own sequence, so theirs begin with an `r`, as in GitHub's addresses of them.
    fn from(wire: CommentRow) -> Self {
        let mark = if wire.path.is_some() { "r" } else { "" };
        let mut comment = Self::new(format!("{mark}{}", wire.id), wire.body);
        comment.author = wire.user.map(|user| user.login);
        (comment.path, comment.line, comment.created_at) = (wire.path, wire.line, wire.created_at);
        comment
    }
}
