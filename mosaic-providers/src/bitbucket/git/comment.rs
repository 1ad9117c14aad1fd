//! Comments on pull requests: beneath them, on files and on lines.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CommentOnPullRequest, ListPullRequestComments};
use mosaic_core::types::{Comment, Page, RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cloud::{Cloud, invalid, named};
use super::super::page::{Listing, MOST};
use super::super::wire::{self, Account, login, moment};
use super::pull_request;
use crate::forge::names::{self, FilePath};
use crate::http::List;

#[derive(Debug, Deserialize)]
struct Wire {
    id: i64,
    content: Option<Content>,
    user: Option<Account>,
    #[serde(default)]
    inline: Option<Inline>,
    #[serde(default)]
    deleted: bool,
    #[serde(default, deserialize_with = "moment")]
    created_on: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    raw: String,
}

#[derive(Debug, Deserialize)]
struct Inline {
    #[serde(default)]
    path: String,
    #[serde(default)]
    to: Option<i64>,
}

impl From<Wire> for Comment {
    fn from(wire: Wire) -> Self {
        let body = wire.content.map(|content| content.raw).unwrap_or_default();
        let mut comment = Comment::new(wire::number(wire.id).to_string(), body);
        if let Some(inline) = wire.inline.filter(|inline| !inline.path.is_empty()) {
            (comment.path, comment.line) = (Some(inline.path), inline.to.map(wire::number));
        }
        comment.author = login(wire.user);
        comment.created_at = wire.created_on;
        comment
    }
}

/// Makes a comment; on a file or a line of it where `inline` says so.
pub(super) async fn post(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    number: u64,
    body: &str,
    inline: Option<Value>,
) -> Result<Comment> {
    let body = named(json!({
        "type": "pullrequest_comment",
        "content": { "raw": body },
        "inline": inline,
    }));
    let path = pull_request::place(of, number)?.part("comments");
    Ok(cloud.client.post(path).json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn add(cloud: &Cloud, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
    if names::body("body", &op.body)?.trim().is_empty() {
        return Err(invalid("body: a comment must say something"));
    }
    let path = op.path.as_deref().map(FilePath::parse).transpose()?;
    let inline = match (path, op.line) {
        (_, Some(0)) => return Err(invalid("line: lines are counted from 1")),
        (None, Some(_)) => return Err(invalid("line: say by `path` which file it is of")),
        (Some(path), line) => Some(named(json!({ "path": path.as_str(), "to": line }))),
        (None, None) => None,
    };
    post(cloud, cx, &op.repo, op.number, &op.body, inline).await
}

/// Oldest first, as Bitbucket lists them; what is left of deleted ones is passed over.
pub(super) async fn list(
    cloud: &Cloud,
    cx: &CallContext,
    op: ListPullRequestComments,
) -> Result<Page<Comment>> {
    let listing = Listing {
        list: List(("pull_request_comments", &op.repo, op.number)),
        path: pull_request::place(&op.repo, op.number)?.part("comments"),
        filters: &[("sort", "created_on")],
        most: MOST,
    };
    listing.page(cloud, cx, &op.page, |wire: Wire| (!wire.deleted).then(|| Comment::from(wire))).await
}
