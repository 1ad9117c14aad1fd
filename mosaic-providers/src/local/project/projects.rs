//! Projects of the tracker.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::{CreateProject, GetProject, ListProjects, UpdateProject};
use mosaic_core::types::project::Project;
use mosaic_core::types::{Page, ProjectKey};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteExecutor};

use super::row::{shown, time};
use super::store::{Begun, Store};
use super::{fault, validate};
use crate::cursor::List;

pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateProject) -> Result<Project> {
    validate::key(op.project.as_str())?;
    validate::title("name", &op.name)?;
    validate::text("description", op.description.as_deref())?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(project) => return Ok(project),
    };
    let now = write.now();
    let made = sqlx::query(
        "INSERT INTO project (key, name, description, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
         ON CONFLICT (key) DO NOTHING",
    )
    .bind(op.project.as_str())
    .bind(&op.name)
    .bind(&op.description)
    .bind(now)
    .execute(write.conn())
    .await
    .map_err(fault::before_commit)?;
    if made.rows_affected() == 0 {
        let message = format!("there is a project {} already", shown(op.project.as_str()));
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    let mut project = Project::new(op.project, op.name).created_at(time(now)?).updated_at(time(now)?);
    project.description = op.description;
    write.commit(project).await
}

pub(super) async fn get(store: &Store, op: &GetProject) -> Result<Project> {
    let row =
        sqlx::query("SELECT key, name, description, created_at, updated_at FROM project WHERE key = ?1")
            .bind(op.project.as_str())
            .fetch_optional(store.readers())
            .await
            .map_err(fault::before_commit)?;
    row.ok_or_else(|| missing(&op.project)).and_then(|row| read(&row))
}

pub(super) async fn list(store: &Store, op: &ListProjects) -> Result<Page<Project>> {
    let list = List(ListProjects::META.name);
    let limit = op.page.limit();
    let after: Option<String> = list.after(&op.page)?;
    let rows = sqlx::query(
        "SELECT key, name, description, created_at, updated_at FROM project
         WHERE key > ?1 ORDER BY key LIMIT ?2",
    )
    // Every key comes after the empty text.
    .bind(after.unwrap_or_default())
    .bind(limit as i64 + 1)
    .fetch_all(store.readers())
    .await
    .map_err(fault::before_commit)?;
    let projects = rows.iter().map(read).collect::<Result<_>>()?;
    Ok(list.page(projects, limit, |project: &Project| project.key.clone()))
}

pub(super) async fn update(store: &Store, cx: &CallContext, op: UpdateProject) -> Result<Project> {
    op.name.as_deref().map_or(Ok(()), |name| validate::title("name", name))?;
    validate::text("description", op.description.as_deref())?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(project) => return Ok(project),
    };
    let now = write.now();
    let row = sqlx::query(
        "UPDATE project SET
            name = COALESCE(?2, name),
            description = CASE WHEN ?3 IS NULL THEN description ELSE NULLIF(?3, '') END,
            updated_at = MAX(updated_at, ?4)
         WHERE key = ?1
         RETURNING key, name, description, created_at, updated_at",
    )
    .bind(op.project.as_str())
    .bind(&op.name)
    .bind(&op.description)
    .bind(now)
    .fetch_optional(write.conn())
    .await
    .map_err(fault::before_commit)?;
    let project = row.ok_or_else(|| missing(&op.project)).and_then(|row| read(&row))?;
    write.commit(project).await
}

/// The row of a project. Projects are never removed, so what was asked once holds.
pub(super) async fn project_id(from: impl SqliteExecutor<'_>, key: &ProjectKey) -> Result<i64> {
    let id = sqlx::query_scalar("SELECT id FROM project WHERE key = ?1")
        .bind(key.as_str())
        .fetch_optional(from)
        .await
        .map_err(fault::before_commit)?;
    id.ok_or_else(|| missing(key))
}

/// The error of a key that no project has.
pub(super) fn missing(key: &ProjectKey) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no project {}", shown(key.as_str())))
}

fn read(row: &SqliteRow) -> Result<Project> {
    let key: String = row.try_get("key").map_err(fault::before_commit)?;
    let name: String = row.try_get("name").map_err(fault::before_commit)?;
    let mut project = Project::new(key, name);
    project.description = row.try_get("description").map_err(fault::before_commit)?;
    project.created_at = Some(time(row.try_get("created_at").map_err(fault::before_commit)?)?);
    project.updated_at = Some(time(row.try_get("updated_at").map_err(fault::before_commit)?)?);
    Ok(project)
}
