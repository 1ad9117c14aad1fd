//! Issues of the tracker.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::{CreateIssue, GetIssue, ListIssues, UpdateIssue};
use mosaic_core::types::project::Issue;
use mosaic_core::types::{Page, ProjectKey};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqliteExecutor};

use super::row::{FROM_ISSUE, ISSUE, issue, missing, stored_number, stored_state};
use super::store::{Begun, Store, Write};
use super::{fault, projects, sprints, validate};
use crate::cursor::List;

pub(super) async fn create(store: &Store, cx: &CallContext, mut op: CreateIssue) -> Result<Issue> {
    validate::title("title", &op.title)?;
    validate::text("body", op.body.as_deref())?;
    validate::assignee(op.assignee.as_deref())?;
    op.labels = validate::labels(op.labels)?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(issue) => return Ok(issue),
    };
    let (project, number) = next_number(write.conn(), &op.project).await?;
    let author = write.author().to_string();
    let now = write.now();
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO issue (project, number, title, body, author, assignee, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, NULLIF(?6, ''), ?7, ?7) RETURNING id",
    )
    .bind(project)
    .bind(number)
    .bind(&op.title)
    .bind(&op.body)
    .bind(author)
    .bind(&op.assignee)
    .bind(now)
    .fetch_one(write.conn())
    .await
    .map_err(fault::before_commit)?;
    add_labels(write.conn(), id, &op.labels).await?;
    finish(write, id).await
}

pub(super) async fn get(store: &Store, op: &GetIssue) -> Result<Issue> {
    let mut query = select();
    query.push(" WHERE p.key = ").push_bind(op.issue.project.as_str());
    query.push(" AND i.number = ").push_bind(stored_number(op.issue.number));
    fetch(query, store.readers()).await?.ok_or_else(|| missing(&op.issue))
}

pub(super) async fn update(store: &Store, cx: &CallContext, mut op: UpdateIssue) -> Result<Issue> {
    op.title.as_deref().map_or(Ok(()), |title| validate::title("title", title))?;
    validate::text("body", op.body.as_deref())?;
    validate::assignee(op.assignee.as_deref())?;
    op.labels = op.labels.map(validate::labels).transpose()?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(issue) => return Ok(issue),
    };
    let id = change(&mut write, &op).await?;
    if let Some(labels) = &op.labels {
        sqlx::query(
            "DELETE FROM label WHERE (project, number) = (SELECT project, number FROM issue WHERE id = ?1)",
        )
        .bind(id)
        .execute(write.conn())
        .await
        .map_err(fault::before_commit)?;
        add_labels(write.conn(), id, labels).await?;
    }
    finish(write, id).await
}

pub(super) async fn list(store: &Store, op: &ListIssues) -> Result<Page<Issue>> {
    let list = List((ListIssues::META.name, &op.project, op.state, &op.label, &op.assignee, &op.sprint));
    let limit = op.page.limit();
    let after: Option<i64> = list.after(&op.page)?;
    let mut query = select();
    if let Some(label) = &op.label {
        query
            .push(" JOIN label l ON l.project = p.id AND l.number = i.number AND l.name = ")
            .push_bind(label);
    }
    // The order is asked of the table whose index has it: a page then costs what it holds, not what the project holds.
    let number = if op.label.is_some() { "l.number" } else { "i.number" };
    query.push(" WHERE p.key = ").push_bind(op.project.as_str());
    if let Some(after) = after {
        query.push(" AND ").push(number).push(" < ").push_bind(after);
    }
    if let Some(state) = op.state {
        query.push(" AND i.state = ").push_bind(stored_state(state));
    }
    if let Some(assignee) = &op.assignee {
        query.push(" AND i.assignee = ").push_bind(assignee);
    }
    if let Some(sprint) = &op.sprint {
        query.push(" AND i.sprint = ").push_bind(sprints::stored_id(sprint));
    }
    query.push(" ORDER BY ").push(number).push(" DESC LIMIT ").push_bind(limit as i64 + 1);
    let rows = query.build().fetch_all(store.readers()).await.map_err(fault::before_commit)?;
    let issues = rows.iter().map(issue).collect::<Result<Vec<_>>>()?;
    // Asked afterwards, and only where the answer is open.
    if issues.is_empty() {
        projects::project_id(store.readers(), &op.project).await?;
    }
    Ok(list.page(issues, limit, |issue: &Issue| issue.issue.number))
}

/// The row of a project and the next number of its issues, which is taken with the transaction.
async fn next_number(conn: &mut SqliteConnection, key: &ProjectKey) -> Result<(i64, i64)> {
    let taken = sqlx::query_as(
        "UPDATE project SET last_issue = last_issue + 1 WHERE key = ?1 RETURNING id, last_issue",
    )
    .bind(key.as_str())
    .fetch_optional(conn)
    .await
    .map_err(fault::before_commit)?;
    taken.ok_or_else(|| projects::missing(key))
}

/// Writes what a change names, and gives the row of the issue. A clock that was set back takes no time of change back.
async fn change(write: &mut Write, op: &UpdateIssue) -> Result<i64> {
    let now = write.now();
    let id = sqlx::query_scalar(
        "UPDATE issue SET
            title = COALESCE(?3, title),
            body = COALESCE(?4, body),
            state = COALESCE(?5, state),
            assignee = CASE WHEN ?6 IS NULL THEN assignee ELSE NULLIF(?6, '') END,
            updated_at = MAX(updated_at, ?7)
         WHERE project = (SELECT id FROM project WHERE key = ?1) AND number = ?2
         RETURNING id",
    )
    .bind(op.issue.project.as_str())
    .bind(stored_number(op.issue.number))
    .bind(&op.title)
    .bind(&op.body)
    .bind(op.state.map(stored_state))
    .bind(&op.assignee)
    .bind(now)
    .fetch_optional(write.conn())
    .await
    .map_err(fault::before_commit)?;
    id.ok_or_else(|| missing(&op.issue))
}

/// Adds labels that the issue does not have, all in one statement.
async fn add_labels(conn: &mut SqliteConnection, issue: i64, labels: &[String]) -> Result<()> {
    if labels.is_empty() {
        return Ok(());
    }
    let names = serde_json::to_string(labels)
        .map_err(|error| Error::new(ErrorKind::Internal, "labels have no JSON form").source(error))?;
    sqlx::query(
        "INSERT INTO label (project, number, name)
         SELECT i.project, i.number, n.value FROM issue i, json_each(?2) n WHERE i.id = ?1",
    )
    .bind(issue)
    .bind(names)
    .execute(conn)
    .await
    .map_err(fault::before_commit)?;
    Ok(())
}

/// Reads the issue as it is now, so that the answer is what a fetch would give, and commits.
async fn finish(mut write: Write, id: i64) -> Result<Issue> {
    let mut query = select();
    query.push(" WHERE i.id = ").push_bind(id);
    let issue = fetch(query, write.conn()).await?.ok_or_else(|| fault::unreadable("row"))?;
    write.commit(issue).await
}

/// All issues, until conditions follow.
fn select() -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(ISSUE);
    query.push(FROM_ISSUE);
    query
}

async fn fetch(mut query: QueryBuilder<Sqlite>, from: impl SqliteExecutor<'_>) -> Result<Option<Issue>> {
    let row = query.build().fetch_optional(from).await.map_err(fault::before_commit)?;
    row.as_ref().map(issue).transpose()
}

/// Notes that something about an issue changed.
pub(super) async fn touch(conn: &mut SqliteConnection, ids: [i64; 2], now: i64) -> Result<()> {
    sqlx::query("UPDATE issue SET updated_at = MAX(updated_at, ?3) WHERE id IN (?1, ?2)")
        .bind(ids[0])
        .bind(ids[1])
        .bind(now)
        .execute(conn)
        .await
        .map_err(fault::before_commit)?;
    Ok(())
}
