//! Comments on pull requests: beneath them as on an issue, and on lines as parts of reviews.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CommentOnPullRequest, ListPullRequestComments};
use mosaic_core::types::{Comment, Page};
use serde_json::json;

use super::super::comment::{Place, Wire};
use super::super::server::{Server, invalid, repo, unsupported};
use super::super::wire::Many;
use super::review;
use crate::forge::names::{self, FilePath};
use crate::http::List;

/// How many reviews are read at once.
const REVIEWS: usize = 50;

pub(super) async fn add(server: &Server, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
    if names::body("body", &op.body)?.trim().is_empty() {
        return Err(invalid("body: a comment must say something"));
    }
    let path = op.path.as_deref().map(FilePath::parse).transpose()?;
    match (path, op.line) {
        (_, Some(0)) => Err(invalid("line: lines are counted from 1")),
        (None, Some(_)) => Err(invalid("line: say by `path` which file it is of")),
        (Some(_), None) => Err(unsupported(
            "a comment on a whole file cannot be made here: give a line, or leave the path out",
        )),
        (Some(path), Some(line)) => on_line(server, cx, &op, path.as_str(), line).await,
        (None, None) => {
            // Beneath an issue of this number a comment would be made as well.
            super::pull_request::fetch(server, cx, &op.repo, op.number).await?;
            let place = repo(&op.repo)?.part("issues").part(op.number).part("comments");
            let request = server.client.post(place).json(&json!({ "body": op.body }));
            Ok(request.send::<Wire>(cx).await?.into())
        }
    }
}

/// A comment on a line is made as a review that holds nothing else, which does not name it: it is read after.
async fn on_line(
    server: &Server,
    cx: &CallContext,
    op: &CommentOnPullRequest,
    path: &str,
    line: u64,
) -> Result<Comment> {
    let comment = json!({ "path": path, "body": op.body, "new_position": line });
    let body = json!({ "event": "COMMENT", "body": "", "comments": [comment] });
    let review = review::send(server, cx, &op.repo, op.number, &body).await?;
    let place = review::place(&op.repo, op.number)?.part(review.id()).part("comments");
    let made: Many<Wire> = server.client.get(place).send(cx).await.map_err(Error::after_a_step)?;
    let found = made.0.into_iter().next_back().map(Comment::from);
    let mut comment = found.ok_or_else(|| {
        Error::after_a_step(Error::new(ErrorKind::Protocol, "the comment was made, and is not told"))
    })?;
    comment.line.get_or_insert(line);
    Ok(comment)
}

/// The server lists those beneath the pull request whole, and those on lines for each review: both are read and put in the order
/// of their times.
pub(super) async fn list(
    server: &Server,
    cx: &CallContext,
    op: ListPullRequestComments,
) -> Result<Page<Comment>> {
    let list = List(("pull_request_comments", &op.repo, op.number));
    let after = list.after::<Place>(&op.page)?;
    let mut all = on_lines(server, cx, &op).await?;
    let place = repo(&op.repo)?.part("issues").part(op.number).part("comments");
    all.extend(server.client.get(place).send::<Many<Wire>>(cx).await?.0.into_iter().map(Comment::from));
    all.sort_by_key(Place::of);
    all.retain(|comment| after.as_ref().is_none_or(|after| Place::of(comment) > *after));
    Ok(list.page(all, op.page.limit(), Place::of))
}

/// The comments on lines. Also finds out whether there is such a pull request.
async fn on_lines(server: &Server, cx: &CallContext, op: &ListPullRequestComments) -> Result<Vec<Comment>> {
    let place = || review::place(&op.repo, op.number);
    let size = server.most.min(REVIEWS);
    let mut all = Vec::new();
    for number in 1.. {
        let request = server.client.get(place()?).query("page", number).query("limit", size);
        let reviews = request.send::<Many<review::Wire>>(cx).await?.0;
        for review in reviews.iter().filter(|review| review.comments_count > 0) {
            let comments: Many<Wire> =
                server.client.get(place()?.part(review.id()).part("comments")).send(cx).await?;
            all.extend(comments.0.into_iter().map(Comment::from));
        }
        if reviews.len() < size {
            break;
        }
    }
    Ok(all)
}
