//! Sprints of the tracker, and the issues that are planned for them.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::{CreateSprint, ListSprints, PlanSprint};
use mosaic_core::types::project::{Sprint, SprintPlan, SprintState};
use mosaic_core::types::{IssueRef, Page, ProjectKey, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

use super::projects::project_id;
use super::row::{missing, shown, stored_number, time};
use super::store::{Begun, Store, Write};
use super::{fault, validate};
use crate::cursor::List;

/// A sprint; conditions follow.
const SPRINT: &str = "\
SELECT s.id, p.key, s.name, s.goal, s.state, s.starts_at, s.ends_at
FROM sprint s JOIN project p ON p.id = s.project";

pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
    validate::title("name", &op.name)?;
    validate::text("goal", op.goal.as_deref())?;
    validate::dates(op.starts_at, op.ends_at)?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(sprint) => return Ok(sprint),
    };
    let project = project_id(write.conn(), &op.project).await?;
    let now = write.now();
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO sprint (project, name, goal, starts_at, ends_at, created_at)
         VALUES (?1, ?2, NULLIF(?3, ''), ?4, ?5, ?6) RETURNING id",
    )
    .bind(project)
    .bind(&op.name)
    .bind(&op.goal)
    .bind(op.starts_at.map(Timestamp::as_microsecond))
    .bind(op.ends_at.map(Timestamp::as_microsecond))
    .bind(now)
    .fetch_one(write.conn())
    .await
    .map_err(fault::before_commit)?;
    let sprint = fetch(write.conn(), &op.project, id).await?.ok_or_else(|| fault::unreadable("row"))?;
    write.commit(sprint).await
}

pub(super) async fn list(store: &Store, op: &ListSprints) -> Result<Page<Sprint>> {
    let list = List((ListSprints::META.name, &op.project, op.state));
    let limit = op.page.limit();
    let after: Option<i64> = list.after(&op.page)?;
    let project = project_id(store.readers(), &op.project).await?;
    let mut query = QueryBuilder::<Sqlite>::new(SPRINT);
    query.push(" WHERE s.project = ").push_bind(project);
    if let Some(after) = after {
        query.push(" AND s.id > ").push_bind(after);
    }
    if let Some(state) = op.state {
        query.push(" AND s.state = ").push_bind(stored_state(state));
    }
    query.push(" ORDER BY s.id LIMIT ").push_bind(limit as i64 + 1);
    let rows = query.build().fetch_all(store.readers()).await.map_err(fault::before_commit)?;
    let sprints = rows.iter().map(read).collect::<Result<_>>()?;
    Ok(list.page(sprints, limit, |sprint: &Sprint| sprint.id.clone()))
}

/// A sprint that is closed takes no issue in and is not opened again. Issues can leave it, and its goal and dates can be put
/// right.
pub(super) async fn plan(store: &Store, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
    validate::text("goal", op.goal.as_deref())?;
    validate::plan(&op.add_issues, &op.remove_issues)?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(plan) => return Ok(plan),
    };
    let project = project_id(write.conn(), &op.project).await?;
    let id = stored_id(&op.sprint);
    let before = fetch(write.conn(), &op.project, id).await?.ok_or_else(|| unknown(&op))?;
    let closed = before.state == SprintState::Closed;
    if closed && op.state.is_some_and(|state| state != SprintState::Closed) {
        return Err(Error::new(ErrorKind::Conflict, "state: the sprint is closed, and stays so"));
    }
    change(&mut write, id, &before, &op).await?;
    require_issues(write.conn(), project, &op).await?;
    let taken_in = set_sprint(&mut write, project, &op.add_issues, Some(id), None).await?;
    if closed && taken_in > 0 {
        return Err(Error::new(
            ErrorKind::Conflict,
            "add_issues: the sprint is closed, and takes no more issues",
        ));
    }
    set_sprint(&mut write, project, &op.remove_issues, None, Some(id)).await?;
    let sprint = fetch(write.conn(), &op.project, id).await?.ok_or_else(|| fault::unreadable("row"))?;
    let issues = planned(write.conn(), project, id).await?;
    write.commit(SprintPlan::new(sprint, issues)).await
}

/// The row that an id names; one that is not an id of ours names none, as 0 does.
pub(super) fn stored_id(id: &str) -> i64 {
    id.parse().ok().filter(|row: &i64| *row > 0 && row.to_string() == id).unwrap_or(0)
}

/// Writes what a plan says about the sprint itself.
async fn change(write: &mut Write, id: i64, before: &Sprint, op: &PlanSprint) -> Result<()> {
    let (starts_at, ends_at) = (op.starts_at.or(before.starts_at), op.ends_at.or(before.ends_at));
    validate::dates(starts_at, ends_at)?;
    sqlx::query(
        "UPDATE sprint SET
            goal = CASE WHEN ?2 IS NULL THEN goal ELSE NULLIF(?2, '') END,
            starts_at = ?3,
            ends_at = ?4,
            state = COALESCE(?5, state)
         WHERE id = ?1",
    )
    .bind(id)
    .bind(&op.goal)
    .bind(starts_at.map(Timestamp::as_microsecond))
    .bind(ends_at.map(Timestamp::as_microsecond))
    .bind(op.state.map(stored_state))
    .execute(write.conn())
    .await
    .map_err(fault::before_commit)?;
    Ok(())
}

/// Refuses a plan that names an issue which the project does not have.
async fn require_issues(conn: &mut SqliteConnection, project: i64, op: &PlanSprint) -> Result<()> {
    let named = || op.add_issues.iter().chain(&op.remove_issues);
    let lost: Option<i64> = sqlx::query_scalar(
        "SELECT n.value FROM json_each(?2) n
         WHERE NOT EXISTS (SELECT 1 FROM issue WHERE project = ?1 AND number = n.value) LIMIT 1",
    )
    .bind(project)
    .bind(numbers(named()))
    .fetch_optional(conn)
    .await
    .map_err(fault::before_commit)?;
    match named().find(|number| Some(stored_number(**number)) == lost) {
        None => Ok(()),
        Some(number) => Err(missing(&IssueRef::new(&op.project, *number))),
    }
}

/// Plans these issues for another sprint or for none, those that are in `out_of` only where that is given. How many it changed.
async fn set_sprint(
    write: &mut Write,
    project: i64,
    issues: &[u64],
    sprint: Option<i64>,
    out_of: Option<i64>,
) -> Result<u64> {
    let now = write.now();
    let changed = sqlx::query(
        "UPDATE issue SET sprint = ?3, updated_at = MAX(updated_at, ?5)
         WHERE project = ?1 AND number IN (SELECT value FROM json_each(?2))
            AND sprint IS NOT ?3 AND (?4 IS NULL OR sprint = ?4)",
    )
    .bind(project)
    .bind(numbers(issues.iter()))
    .bind(sprint)
    .bind(out_of)
    .bind(now)
    .execute(write.conn())
    .await
    .map_err(fault::before_commit)?;
    Ok(changed.rows_affected())
}

/// The numbers of the issues that are planned for a sprint.
async fn planned(conn: &mut SqliteConnection, project: i64, sprint: i64) -> Result<Vec<u64>> {
    let numbers: Vec<i64> =
        sqlx::query_scalar("SELECT number FROM issue WHERE project = ?1 AND sprint = ?2 ORDER BY number")
            .bind(project)
            .bind(sprint)
            .fetch_all(conn)
            .await
            .map_err(fault::before_commit)?;
    numbers.into_iter().map(|number| u64::try_from(number).map_err(|_| fault::unreadable("number"))).collect()
}

async fn fetch(conn: &mut SqliteConnection, project: &ProjectKey, id: i64) -> Result<Option<Sprint>> {
    let mut query = QueryBuilder::<Sqlite>::new(SPRINT);
    query.push(" WHERE s.id = ").push_bind(id).push(" AND p.key = ").push_bind(project.as_str());
    let row = query.build().fetch_optional(conn).await.map_err(fault::before_commit)?;
    row.as_ref().map(read).transpose()
}

fn read(row: &SqliteRow) -> Result<Sprint> {
    let id: i64 = row.try_get("id").map_err(fault::before_commit)?;
    let project: String = row.try_get("key").map_err(fault::before_commit)?;
    let name: String = row.try_get("name").map_err(fault::before_commit)?;
    let state = state(row.try_get("state").map_err(fault::before_commit)?)?;
    let mut sprint = Sprint::new(id.to_string(), project, name, state);
    sprint.goal = row.try_get("goal").map_err(fault::before_commit)?;
    let date = |column| row.try_get::<Option<i64>, _>(column).map_err(fault::before_commit);
    sprint.starts_at = date("starts_at")?.map(time).transpose()?;
    sprint.ends_at = date("ends_at")?.map(time).transpose()?;
    Ok(sprint)
}

fn unknown(op: &PlanSprint) -> Error {
    let message = format!("there is no sprint {} in {}", shown(&op.sprint), shown(op.project.as_str()));
    Error::new(ErrorKind::NotFound, message)
}

/// Numbers as one parameter of a statement.
fn numbers<'a>(numbers: impl Iterator<Item = &'a u64>) -> String {
    let numbers: Vec<_> = numbers.map(|number| stored_number(*number).to_string()).collect();
    format!("[{}]", numbers.join(","))
}

fn stored_state(state: SprintState) -> &'static str {
    match state {
        SprintState::Planned => "planned",
        SprintState::Active => "active",
        SprintState::Closed => "closed",
    }
}

fn state(text: &str) -> Result<SprintState> {
    [SprintState::Planned, SprintState::Active, SprintState::Closed]
        .into_iter()
        .find(|state| stored_state(*state) == text)
        .ok_or_else(|| fault::unreadable("state"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_form() {
        assert_eq!(stored_id("17"), 17);
        for bad in ["", "0", "-1", "+1", "01", " 1", "1 ", "1.0", "9223372036854775808", "July", "\0"] {
            assert_eq!(stored_id(bad), 0, "{bad:?}");
        }
    }

    #[test]
    fn states_are_stored_under_their_json_names() {
        for state in [SprintState::Planned, SprintState::Active, SprintState::Closed] {
            assert_eq!(serde_json::json!(state), stored_state(state));
            assert_eq!(super::state(stored_state(state)).unwrap(), state);
        }
        assert!(state("lost").is_err());
    }
}
