//! Comments on issues of the tracker.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::AddComment;
use mosaic_core::types::project::Comment;

use super::issues::touch;
use super::row::{issue_id, time};
use super::store::{Begun, Store};
use super::{fault, validate};

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
