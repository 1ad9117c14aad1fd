//! Comments: GitLab's notes, those on lines among them.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{CommentOnPullRequest, ListPullRequestComments};
use mosaic_core::types::git::Comment;
use mosaic_core::types::{Page, RepoRef};
use serde_json::json;

use super::super::client::{GitLab, PAGE};
use super::super::wire::Note;
use super::merge_request::{fetch, path};
use super::wire::Discussion;
use crate::forge::names::{self, FilePath};
use crate::http::{List, Numbered};

fn checked(text: &str) -> Result<&str> {
    if text.trim().is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "body: it is empty"));
    }
    names::text("body", text)
}

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
    checked(&op.body)?;
    let file = op.path.as_deref().map(FilePath::parse).transpose()?;
    let invalid = |text: &'static str| Err(Error::new(ErrorKind::Invalid, text));
    match (&file, op.line) {
        (None, Some(_)) => invalid("line: say by `path` in which file"),
        (_, Some(0)) => invalid("line: lines are counted from 1"),
        (None, None) => post(lab, cx, &op.repo, op.number, &op.body).await.map(Comment::from),
        (Some(file), line) => place(lab, cx, &op, file, line).await,
    }
}

/// A comment on the whole.
pub(super) async fn post(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    number: u64,
    text: &str,
) -> Result<Note> {
    checked(text)?;
    let request = lab.post(path(repo, number)?.part("notes")).json(&json!({ "body": text }));
    lab.told(cx, repo, request.send(cx).await).await
}

/// A comment on a line that the merge request adds or changes, or on a whole file of it. The commits that the place is counted
/// from are looked up first.
async fn place(
    lab: &GitLab,
    cx: &CallContext,
    op: &CommentOnPullRequest,
    file: &FilePath,
    line: Option<u64>,
) -> Result<Comment> {
    let now = fetch(lab, cx, &op.repo, op.number).await?;
    let Some(refs) = now.diff_refs else {
        let text = "path: GitLab has not read the changes of this pull request yet; try again";
        return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
    };
    let mut position = json!({
        "position_type": if line.is_some() { "text" } else { "file" },
        "base_sha": refs.base_sha, "start_sha": refs.start_sha, "head_sha": refs.head_sha,
        "old_path": file.as_str(), "new_path": file.as_str(),
    });
    if let Some(line) = line {
        position["new_line"] = line.into();
    }
    let body = json!({ "body": op.body, "position": position });
    let request = lab.post(path(&op.repo, op.number)?.part("discussions")).json(&body);
    let made: Discussion = lab.told(cx, &op.repo, request.send(cx).await).await?;
    made.notes.into_iter().next().map(Comment::from).ok_or_else(|| {
        let text = "the answer of GitLab to a comment holds no comment";
        Error::new(ErrorKind::Protocol, text).worst(Delivery::Answered, true)
    })
}

/// What GitLab itself wrote is left out, so a page may be shorter than it was asked for.
pub(super) async fn list(
    lab: &GitLab,
    cx: &CallContext,
    op: ListPullRequestComments,
) -> Result<Page<Comment>> {
    let list = List(("pull_request_comments", &op.repo, op.number));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(path(&op.repo, op.number)?.part("notes"));
    let request = request.query("page", page.number()).query("per_page", page.size);
    let request = request
        .query("order_by", "created_at")
        .query("sort", "asc")
        .query("activity_filter", "only_comments");
    let answer = request.full::<Vec<Note>>(cx).await?;
    let items = answer.value.into_iter().filter(|note| !note.system).map(Comment::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
