//! Comments on pull requests: those on the whole, which GitHub keeps with the issues, and those on lines.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CommentOnPullRequest, ListPullRequestComments};
use mosaic_core::types::Page;
use mosaic_core::types::git::Comment;
use serde::Serialize;
use serde_json::json;

use super::super::{MOST, at_repo, whole_page};
use super::wire::CommentRow;
use super::{at_pull, fetch};
use crate::forge::names::{self, FilePath};
use crate::http::{Client, List, Path, Sifted, limit_of, sift};

#[derive(Serialize)]
struct OnLine<'a> {
    body: &'a str,
    commit_id: &'a str,
    path: &'a str,
    #[serde(flatten)]
    place: Place,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Place {
    Line { line: u64, side: &'static str },
    File { subject_type: &'static str },
}

/// Comments on a pull request, at its head where it is about a file.
pub(in super::super) async fn comment(
    client: &Client,
    cx: &CallContext,
    op: CommentOnPullRequest,
) -> Result<Comment> {
    names::hosted(&op.repo)?;
    let invalid = |text: &'static str| Err(Error::new(ErrorKind::Invalid, text));
    if names::body("body", &op.body)?.trim().is_empty() {
        return invalid("body: a comment must say something");
    }
    op.path.as_deref().map(FilePath::parse).transpose()?;
    if op.line == Some(0) {
        return invalid("line: lines are counted from 1");
    }
    if op.line.is_some() && op.path.is_none() {
        return invalid("line: say by `path` which file it is of");
    }
    // An issue takes comments at the same place, and is none.
    let pull = fetch(client, cx, &op.repo, op.number).await.map_err(Error::refused)?;
    let made: CommentRow = match &op.path {
        None => {
            let path = at_repo(&op.repo).part("issues").part(op.number).part("comments");
            client.post(path).json(&json!({ "body": op.body })).send(cx).await?
        }
        Some(path) => {
            let place = match op.line {
                Some(line) => Place::Line { line, side: "RIGHT" },
                None => Place::File { subject_type: "file" },
            };
            let new = OnLine { body: &op.body, commit_id: &pull.head.sha, path, place };
            client.post(at_pull(&op.repo, op.number).part("comments")).json(&new).send(cx).await?
        }
    };
    Ok(made.into())
}

/// Lists comments, oldest first: the two lists side by side. The cursor says how many of each came before.
pub(in super::super) async fn list_comments(
    client: &Client,
    cx: &CallContext,
    op: ListPullRequestComments,
) -> Result<Page<Comment>> {
    names::hosted(&op.repo)?;
    let list = List(("pull_request_comments", &op.repo, op.number));
    let invalid = || Error::new(ErrorKind::Invalid, "page: the cursor is not one of this list");
    let (whole, lines) = match list.after::<String>(&op.page)? {
        None => (0, 0),
        Some(place) => {
            let place = place.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
            place.ok_or_else(invalid)?
        }
    };
    let limit = limit_of(&op.page, MOST);
    let read = |path: Path, offset: u64| {
        let fetch = move |page| whole_page(cx, client.get(path.clone()), page);
        sift(offset, limit, MOST as u64, fetch, Some)
    };
    // Asked for first, as it says that there is no such pull request where the number is that of an issue.
    let on_lines = read(at_pull(&op.repo, op.number).part("comments"), lines).await?;
    let on_whole = read(at_repo(&op.repo).part("issues").part(op.number).part("comments"), whole).await?;
    let (items, taken_whole, taken_lines, more) = join(on_whole, on_lines, limit);
    let place = format!("{}.{}", whole + taken_whole, lines + taken_lines);
    Ok(Page::new(items, more.then(|| list.cursor(place))))
}

/// The oldest of two lists that are each in order: what is taken, how many of each, and whether something is left. Within one
/// second, which is what GitHub tells, the smaller id comes first.
fn join(one: Sifted<CommentRow>, other: Sifted<CommentRow>, limit: usize) -> (Vec<Comment>, u64, u64, bool) {
    let behind = one.next.is_some() || other.next.is_some();
    let (mut one, mut other) = (one.items.into_iter().peekable(), other.items.into_iter().peekable());
    let (mut items, mut ones, mut others) = (Vec::new(), 0, 0);
    while items.len() < limit {
        let first = match (one.peek(), other.peek()) {
            (Some(a), Some(b)) => a.when() <= b.when(),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => break,
        };
        if first {
            ones += 1;
            items.extend(one.next().map(Comment::from));
        } else {
            others += 1;
            items.extend(other.next().map(Comment::from));
        }
    }
    let left = one.peek().is_some() || other.peek().is_some();
    (items, ones, others, behind || left)
}
