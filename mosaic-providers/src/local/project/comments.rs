//! Comments on issues of the tracker.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::project::{AddComment, ListComments};
use mosaic_core::types::{Comment, Page};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::issues::touch;
use super::row::{issue_id, time};
use super::store::{Begun, Store};
use super::{fault, validate};
use crate::cursor::List;

pub(super) async fn add(store: &Store, cx: &CallContext, op: AddComment) -> Result<Comment> {
    validate::comment("body", &op.body)?;
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(comment) => return Ok(comment),
    };
    let issue = issue_id(write.conn(), &op.issue).await?;
    let author = write.author().to_string();
    let now = write.now();
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO comment (issue, body, author, created_at) VALUES (?1, ?2, ?3, ?4) RETURNING id",
    )
    .bind(issue)
    .bind(&op.body)
    .bind(&author)
    .bind(now)
    .fetch_one(write.conn())
    .await
    .map_err(fault::before_commit)?;
    touch(write.conn(), [issue, issue], now).await?;
    let comment = Comment::new(id.to_string(), op.body).author(author).created_at(time(now)?);
    write.commit(comment).await
}

pub(super) async fn list(store: &Store, op: &ListComments) -> Result<Page<Comment>> {
    let list = List((ListComments::META.name, &op.issue));
    let limit = op.page.limit();
    let after: Option<i64> = list.after(&op.page)?;
    let issue = issue_id(store.readers(), &op.issue).await?;
    let rows = sqlx::query(
        "SELECT id, body, author, created_at FROM comment WHERE issue = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )
    .bind(issue)
    // Rows count from 1.
    .bind(after.unwrap_or_default())
    .bind(limit as i64 + 1)
    .fetch_all(store.readers())
    .await
    .map_err(fault::before_commit)?;
    let comments = rows.iter().map(read).collect::<Result<_>>()?;
    Ok(list.page(comments, limit, |comment: &Comment| comment.id.clone()))
}

fn read(row: &SqliteRow) -> Result<Comment> {
    let id: i64 = row.try_get("id").map_err(fault::before_commit)?;
    let body: String = row.try_get("body").map_err(fault::before_commit)?;
    let author: String = row.try_get("author").map_err(fault::before_commit)?;
    let made = time(row.try_get("created_at").map_err(fault::before_commit)?)?;
    Ok(Comment::new(id.to_string(), body).author(author).created_at(made))
}
