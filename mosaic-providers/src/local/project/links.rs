//! Links between issues of the tracker, also across its projects.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::{LinkIssues, UnlinkIssues};
use mosaic_core::types::project::Link;

use super::fault;
use super::issues::touch;
use super::row::{issue_id, stored_kind};
use super::store::{Begun, Store};

pub(super) async fn link(store: &Store, cx: &CallContext, op: LinkIssues) -> Result<Link> {
    if op.issue == op.to {
        return Err(Error::new(ErrorKind::Invalid, "to: an issue cannot be linked to itself"));
    }
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(link) => return Ok(link),
    };
    let from = issue_id(write.conn(), &op.issue).await?;
    let to = issue_id(write.conn(), &op.to).await?;
    let now = write.now();
    let made = sqlx::query(
        "INSERT INTO link (from_issue, to_issue, kind, created_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (from_issue, to_issue, kind) DO NOTHING",
    )
    .bind(from)
    .bind(to)
    .bind(stored_kind(op.kind))
    .bind(now)
    .execute(write.conn())
    .await
    .map_err(fault::before_commit)?;
    if made.rows_affected() > 0 {
        touch(write.conn(), [from, to], now).await?;
    }
    write.commit(Link::new(op.issue, op.kind, op.to)).await
}

/// Takes away the one link that was made from the first issue to the second; the same link the other way round stays.
pub(super) async fn unlink(store: &Store, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
    let mut write = match store.begin(cx, &op).await? {
        Begun::First(write) => write,
        Begun::Known(()) => return Ok(()),
    };
    let from = issue_id(write.conn(), &op.issue).await?;
    let to = issue_id(write.conn(), &op.to).await?;
    let now = write.now();
    let gone = sqlx::query("DELETE FROM link WHERE from_issue = ?1 AND to_issue = ?2 AND kind = ?3")
        .bind(from)
        .bind(to)
        .bind(stored_kind(op.kind))
        .execute(write.conn())
        .await
        .map_err(fault::before_commit)?;
    if gone.rows_affected() > 0 {
        touch(write.conn(), [from, to], now).await?;
    }
    write.commit(()).await
}
