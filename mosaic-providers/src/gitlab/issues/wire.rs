//! What GitLab says of issues, milestones and labels.

use mosaic_core::types::project::{Issue, IssueState, Label, Sprint, SprintState};
use mosaic_core::types::{IssueRef, ProjectKey, RepoRef, Timestamp};
use serde::Deserialize;

use super::super::wire::{Person, filled, number, or_default, time};
use crate::forge::tracker;

#[derive(Debug, Deserialize)]
pub(super) struct WireIssue {
    /// Counted over the whole server.
    pub(super) id: i64,
    /// Counted in the project.
    pub(super) iid: i64,
    pub(super) project_id: i64,
    pub(super) title: String,
    #[serde(default)]
    description: Option<String>,
    pub(super) state: String,
    #[serde(default, deserialize_with = "or_default")]
    labels: Vec<String>,
    #[serde(default)]
    milestone: Option<IssueMilestone>,
    #[serde(default, deserialize_with = "or_default")]
    assignees: Vec<Person>,
    #[serde(default)]
    assignee: Option<Person>,
    #[serde(default)]
    author: Option<Person>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    updated_at: Option<Timestamp>,
    #[serde(default)]
    references: Option<References>,
    /// There where it is listed as one that another is linked to.
    #[serde(default)]
    pub(super) issue_link_id: Option<i64>,
    #[serde(default)]
    pub(super) link_type: Option<String>,
}

/// The milestone of an issue, which may be one of a group above: then no project is said.
#[derive(Debug, Deserialize)]
struct IssueMilestone {
    id: i64,
    #[serde(default)]
    project_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct References {
    #[serde(default)]
    full: Option<String>,
}

impl WireIssue {
    pub(super) fn number(&self) -> u64 {
        number(self.iid)
    }

    /// The milestone that it is planned for, where that is the project's own.
    pub(super) fn sprint(&self) -> Option<String> {
        let own = self.milestone.as_ref().filter(|milestone| milestone.project_id.is_some());
        own.map(|milestone| number(milestone.id).to_string())
    }

    /// Whose it is, as far as it says so: `group/project#7`.
    pub(super) fn repository(&self) -> Option<RepoRef> {
        let (path, _) = self.references.as_ref()?.full.as_deref()?.rsplit_once('#')?;
        let (owner, name) = path.rsplit_once('/')?;
        Some(RepoRef::new(owner, name))
    }

    pub(super) fn reference(&self) -> Option<IssueRef> {
        Some(IssueRef::new(tracker::key(&self.repository()?), self.number()))
    }

    /// The issue, without its links.
    pub(super) fn issue(self, of: &RepoRef) -> Issue {
        let state = if self.state == "closed" { IssueState::Closed } else { IssueState::Open };
        let mut issue = Issue::new(tracker::key(of), self.number(), self.title.as_str(), state);
        issue.sprint = self.sprint();
        issue.body = filled(self.description);
        issue.author = self.author.map(|author| author.username);
        let assignee = self.assignees.into_iter().next().or(self.assignee);
        issue.assignee = assignee.map(|person| person.username);
        (issue.created_at, issue.updated_at) = (self.created_at, self.updated_at);
        let mut labels = self.labels;
        labels.sort_unstable();
        issue.labels(labels)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireMilestone {
    pub(super) id: i64,
    pub(super) title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) state: String,
    #[serde(default)]
    start_date: Option<String>,
    #[serde(default)]
    due_date: Option<String>,
}

/// The begin of a day that is written as `2026-07-14`.
fn midnight(day: &str) -> Option<Timestamp> {
    format!("{day}T00:00:00Z").parse().ok()
}

impl WireMilestone {
    pub(super) fn is_closed(&self) -> bool {
        self.state == "closed"
    }

    pub(super) fn starts_at(&self) -> Option<Timestamp> {
        self.start_date.as_deref().and_then(midnight)
    }

    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        self.due_date.as_deref().and_then(midnight)
    }

    pub(super) fn sprint(self, project: &ProjectKey) -> Sprint {
        let state = if self.is_closed() { SprintState::Closed } else { SprintState::Planned };
        let (begin, end) = (self.starts_at(), self.ends_at());
        let mut sprint = Sprint::new(number(self.id).to_string(), project, self.title, state);
        (sprint.starts_at, sprint.ends_at) = (begin, end);
        sprint.goal = filled(self.description);
        sprint
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireLabel {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    color: Option<String>,
}

impl From<WireLabel> for Label {
    fn from(wire: WireLabel) -> Self {
        let mut label = Self::new(wire.name);
        label.description = filled(wire.description);
        label.color = filled(wire.color.map(|color| color.trim_start_matches('#').to_owned()));
        label
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_says_whose_it_is() {
        let wire = serde_json::json!({
            "id": 1, "iid": 7, "project_id": 3, "title": "t", "state": "opened", "labels": null, "assignees": null,
            "milestone": { "id": 4, "group_id": 9, "title": "of the group" },
            "references": { "short": "#7", "relative": "#7", "full": "acme/tools/widget#7" },
        });
        let wire: WireIssue = serde_json::from_value(wire).unwrap();
        assert_eq!(wire.reference(), Some(IssueRef::new("acme/tools/widget", 7u64)));
        assert_eq!(wire.sprint(), None, "a milestone of a group is no sprint of the project");
    }

    #[test]
    fn days_are_the_begins_of_days() {
        let wire = serde_json::json!({ "id": 1, "title": "t", "state": "active", "due_date": "2026-07-14", "start_date": "no day" });
        let wire: WireMilestone = serde_json::from_value(wire).unwrap();
        assert_eq!(wire.ends_at(), "2026-07-14T00:00:00Z".parse().ok());
        assert_eq!(wire.starts_at(), None);
    }
}
