//! Comments on issues.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::{AddComment, ListComments};
use mosaic_core::types::{Comment, Page};
use serde_json::json;

use super::issue::{at_issue, fetch};
use super::wire::CommentRow;
use super::{MOST, paged};
use crate::forge::{names, tracker};
use crate::http::{Client, List, Numbered};

/// Comments on an issue, which is looked at first: a pull request would take the comment too.
pub(super) async fn add(client: &Client, cx: &CallContext, op: AddComment) -> Result<Comment> {
    let repo = tracker::repository(&op.issue.project)?;
    if names::body("body", &op.body)?.trim().is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "body: a comment must say something"));
    }
    fetch(client, cx, &repo, op.issue.number).await.map_err(Error::refused)?;
    let request = client.post(at_issue(&repo, op.issue.number).part("comments"));
    Ok(request.json(&json!({ "body": op.body })).send::<CommentRow>(cx).await?.into())
}

/// Lists comments, oldest first.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
    let repo = tracker::repository(&op.issue.project)?;
    let list = List(("comments", &op.issue));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let request = client.get(at_issue(&repo, op.issue.number).part("comments"));
    let answer = paged(part, request).full::<Vec<CommentRow>>(cx).await?;
    let items = answer.value.into_iter().map(Comment::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}
