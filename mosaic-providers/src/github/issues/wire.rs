//! What GitHub answers about issues, as far as it is read.

use mosaic_core::types::project::{Issue, IssueState, Label, Sprint, SprintState};
use mosaic_core::types::{Comment, ProjectKey, RepoRef, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::git::Account;
use crate::forge::tracker;

#[derive(Debug, Deserialize)]
pub(super) struct Row {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    user: Option<Account>,
    assignee: Option<Account>,
    #[serde(default)]
    labels: Vec<Tagged>,
    milestone: Option<Numbered>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    /// Ends in `/repos/OWNER/NAME`.
    repository_url: Option<String>,
    /// There where it is a pull request, which GitHub lists and finds among the issues.
    pull_request: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Numbered {
    number: u64,
}

/// A label by its name, or by all that is known of it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Tagged {
    Name(String),
    Whole { name: Option<String> },
}

impl Row {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The number of its milestone.
    pub(super) fn milestone(&self) -> Option<u64> {
        self.milestone.as_ref().map(|milestone| milestone.number)
    }

    pub(super) fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    /// The repository that it is in.
    fn repository(&self) -> Option<RepoRef> {
        let (rest, name) = self.repository_url.as_ref()?.trim_end_matches('/').rsplit_once('/')?;
        Some(RepoRef::new(rest.rsplit('/').next()?, name))
    }

    /// The issue, of the project that was asked for as it was written there, or of the one that it is in. None for a pull
    /// request, and for one that does not say where it is and was not asked for in any project.
    pub(super) fn issue(self, asked: Option<&ProjectKey>) -> Option<Issue> {
        if self.is_pull_request() {
            return None;
        }
        let at = self.repository().map(|repo| tracker::key(&repo));
        let same =
            |key: &&ProjectKey| at.as_ref().is_none_or(|at| at.as_str().eq_ignore_ascii_case(key.as_str()));
        let key = asked.filter(same).cloned().or(at)?;
        let state = if self.state == "closed" { IssueState::Closed } else { IssueState::Open };
        let mut labels: Vec<_> = self
            .labels
            .into_iter()
            .filter_map(|label| match label {
                Tagged::Name(name) => Some(name),
                Tagged::Whole { name } => name,
            })
            .collect();
        labels.sort_unstable();
        labels.dedup();
        let mut issue = Issue::new(key, self.number, self.title, state).labels(labels);
        issue.body = self.body;
        issue.author = self.user.map(|user| user.login);
        issue.assignee = self.assignee.map(|user| user.login);
        issue.sprint = self.milestone.map(|milestone| milestone.number.to_string());
        (issue.created_at, issue.updated_at) = (self.created_at, self.updated_at);
        Some(issue)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct CommentRow {
    id: i64,
    #[serde(default)]
    body: String,
    user: Option<Account>,
    created_at: Option<Timestamp>,
}

impl From<CommentRow> for Comment {
    fn from(wire: CommentRow) -> Self {
        let mut comment = Self::new(wire.id.to_string(), wire.body);
        comment.author = wire.user.map(|user| user.login);
        comment.created_at = wire.created_at;
        comment
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Milestone {
    pub(super) number: u64,
    title: String,
    state: String,
    description: Option<String>,
    due_on: Option<Timestamp>,
}

impl Milestone {
    pub(super) fn is_closed(&self) -> bool {
        self.state == "closed"
    }

    pub(super) fn sprint(self, project: &ProjectKey) -> Sprint {
        let state = if self.is_closed() { SprintState::Closed } else { SprintState::Planned };
        let mut sprint = Sprint::new(self.number.to_string(), project, self.title, state);
        sprint.goal = self.description.filter(|text| !text.is_empty());
        sprint.ends_at = self.due_on;
        sprint
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct LabelRow {
    name: String,
    description: Option<String>,
    color: Option<String>,
}

impl From<LabelRow> for Label {
    fn from(wire: LabelRow) -> Self {
        let mut label = Self::new(wire.name);
        label.description = wire.description.filter(|text| !text.is_empty());
        label.color = wire.color;
        label
    }
}
