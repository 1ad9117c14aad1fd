//! Comments on issues.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::{AddComment, ListComments};
use mosaic_core::types::{Comment, Page};
use serde_json::json;

use super::super::comment::{Place, Wire};
use super::super::server::{Server, invalid};
use super::super::wire::Many;
use super::issue;
use crate::forge::names;
use crate::http::List;

/// What a missing issue is answered with differs, so it is read first.
pub(super) async fn add(server: &Server, cx: &CallContext, op: AddComment) -> Result<Comment> {
    if names::body("body", &op.body)?.trim().is_empty() {
        return Err(invalid("body: a comment must say something"));
    }
    issue::fetch(server, cx, &op.issue).await?;
    let (_, path) = issue::place(&op.issue)?;
    let request = server.client.post(path.part("comments")).json(&json!({ "body": op.body }));
    Ok(request.send::<Wire>(cx).await?.into())
}

/// The server gives all of them at once.
pub(super) async fn list(server: &Server, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
    let list = List(("comments", &op.issue));
    let after = list.after::<Place>(&op.page)?;
    issue::fetch(server, cx, &op.issue).await?;
    let (_, path) = issue::place(&op.issue)?;
    let found = server.client.get(path.part("comments")).send::<Many<Wire>>(cx).await?.0;
    let mut all: Vec<_> = found.into_iter().map(Comment::from).collect();
    all.sort_by_key(Place::of);
    all.retain(|comment| after.as_ref().is_none_or(|after| Place::of(comment) > *after));
    Ok(list.page(all, op.page.limit(), Place::of))
}
