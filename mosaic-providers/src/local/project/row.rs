//! From columns to nouns and back, and names as messages show them.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::project::{Issue, IssueState, LinkKind};
use mosaic_core::types::{IssueRef, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteExecutor};

use super::fault;

/// An issue with its labels and the links at both of its ends, in one statement; the tables `issue i` and `project p` follow.
pub(super) const ISSUE: &str = "\
SELECT i.id, p.key, i.number, i.title, i.state, i.body, i.author, i.assignee, i.sprint, i.created_at, i.updated_at,
    (SELECT json_group_array(name ORDER BY name) FROM label WHERE project = i.project AND number = i.number) AS labels,
    (SELECT json_group_array(json_object(
            'from', json_object('project', fp.key, 'number', fi.number), 'kind', k.kind,
            'to', json_object('project', tp.key, 'number', ti.number)) ORDER BY k.id)
        FROM link k
        JOIN issue fi ON fi.id = k.from_issue JOIN project fp ON fp.id = fi.project
        JOIN issue ti ON ti.id = k.to_issue JOIN project tp ON tp.id = ti.project
        WHERE k.from_issue = i.id OR k.to_issue = i.id) AS links";

/// The tables of [`ISSUE`]; conditions follow.
pub(super) const FROM_ISSUE: &str = " FROM issue i JOIN project p ON p.id = i.project";

pub(super) fn issue(row: &SqliteRow) -> Result<Issue> {
    let project: String = row.try_get("key").map_err(fault::before_commit)?;
    let title: String = row.try_get("title").map_err(fault::before_commit)?;
    let state = state(row.try_get("state").map_err(fault::before_commit)?)?;
    let mut issue = Issue::new(project, number(row)?, title, state);
    issue.body = row.try_get("body").map_err(fault::before_commit)?;
    issue.author = row.try_get("author").map_err(fault::before_commit)?;
    issue.assignee = row.try_get("assignee").map_err(fault::before_commit)?;
    let sprint: Option<i64> = row.try_get("sprint").map_err(fault::before_commit)?;
    issue.sprint = sprint.map(|id| id.to_string());
    issue.created_at = Some(time(row.try_get("created_at").map_err(fault::before_commit)?)?);
    issue.updated_at = Some(time(row.try_get("updated_at").map_err(fault::before_commit)?)?);
    let labels: &str = row.try_get("labels").map_err(fault::before_commit)?;
    issue.labels = serde_json::from_str(labels).map_err(|_| fault::unreadable("label"))?;
    let links: &str = row.try_get("links").map_err(fault::before_commit)?;
    issue.links = serde_json::from_str(links).map_err(|_| fault::unreadable("link"))?;
    Ok(issue)
}

/// The row of an issue.
pub(super) async fn issue_id(from: impl SqliteExecutor<'_>, issue: &IssueRef) -> Result<i64> {
    let id = sqlx::query_scalar(
        "SELECT i.id FROM issue i JOIN project p ON p.id = i.project WHERE p.key = ?1 AND i.number = ?2",
    )
    .bind(issue.project.as_str())
    .bind(stored_number(issue.number))
    .fetch_optional(from)
    .await
    .map_err(fault::before_commit)?;
    id.ok_or_else(|| missing(issue))
}

/// The error of an issue that does not exist.
pub(super) fn missing(issue: &IssueRef) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no issue {}", shown(&issue.to_string())))
}

/// The column of a number; one that does not fit names no issue, as 0 does.
pub(super) fn stored_number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(0)
}

pub(super) fn time(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds).map_err(|_| fault::unreadable("time"))
}

pub(super) fn stored_state(state: IssueState) -> &'static str {
    match state {
        IssueState::Open => "open",
        IssueState::InProgress => "in_progress",
        IssueState::Closed => "closed",
    }
}

fn state(text: &str) -> Result<IssueState> {
    [IssueState::Open, IssueState::InProgress, IssueState::Closed]
        .into_iter()
        .find(|state| stored_state(*state) == text)
        .ok_or_else(|| fault::unreadable("state"))
}

/// The name of the kind in JSON, as links are read back through it.
pub(super) fn stored_kind(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::RelatesTo => "relates_to",
        LinkKind::Blocks => "blocks",
        LinkKind::Duplicates => "duplicates",
        LinkKind::ParentOf => "parent_of",
    }
}

/// A name that a caller gave, for one line of a message.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(80).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}

fn number(row: &SqliteRow) -> Result<u64> {
    let number: i64 = row.try_get("number").map_err(fault::before_commit)?;
    u64::try_from(number).map_err(|_| fault::unreadable("number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_states_are_stored_under_their_json_names() {
        for kind in [LinkKind::RelatesTo, LinkKind::Blocks, LinkKind::Duplicates, LinkKind::ParentOf] {
            assert_eq!(serde_json::json!(kind), stored_kind(kind));
        }
        for state in [IssueState::Open, IssueState::InProgress, IssueState::Closed] {
            assert_eq!(serde_json::json!(state), stored_state(state));
            assert_eq!(super::state(stored_state(state)).unwrap(), state);
        }
        assert!(state("lost").is_err());
    }

    #[test]
    fn names_in_messages_are_short_and_of_one_line() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), 81);
    }
}
