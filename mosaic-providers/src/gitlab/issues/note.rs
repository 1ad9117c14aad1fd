//! Comments on issues: GitLab's notes.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::{AddComment, ListComments};
use mosaic_core::types::{Comment, Page};
use serde_json::json;

use super::super::client::{GitLab, PAGE};
use super::super::wire::Note;
use super::issue::place;
use crate::forge::names;
use crate::http::{List, Numbered};

pub(super) async fn add(lab: &GitLab, cx: &CallContext, op: AddComment) -> Result<Comment> {
    if names::body("body", &op.body)?.trim().is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "body: a comment must say something"));
    }
    let (repo, path) = place(&op.issue)?;
    let made = lab.post(path.part("notes")).json(&json!({ "body": op.body })).send::<Note>(cx).await;
    lab.told(cx, &repo, made).await.map(Comment::from)
}

/// Oldest first, without what GitLab itself noted.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
    let (_, path) = place(&op.issue)?;
    let list = List(("comments", &op.issue));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(path.part("notes"));
    let request = request
        .query("order_by", "created_at")
        .query("sort", "asc")
        .query("activity_filter", "only_comments")
        .query("page", page.number())
        .query("per_page", page.size);
    let answer = request.full::<Vec<Note>>(cx).await?;
    let items = answer.value.into_iter().filter(|note| !note.system).map(Comment::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
