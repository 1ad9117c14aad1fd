//! Comments on pull requests: a record for each.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CommentOnPullRequest, ListPullRequestComments};
use mosaic_core::types::git::{Comment, PullRequestState};
use mosaic_core::types::{Cursor, Page, Timestamp};

use super::super::fault;
use super::super::names::{self, FilePath};
use super::super::object::{ObjectId, Reader};
use super::super::store::{Repo, Store};

fn directory(number: u64) -> String {
    format!("comments/{number}")
}

fn file(number: u64, comment: u64) -> String {
    format!("comments/{number}/{comment}.json")
}

/// Adds a comment: one record that appears whole. A path and a line must be there at the head.
pub(in crate::local::git) async fn comment(
    store: &Store,
    cx: &CallContext,
    op: CommentOnPullRequest,
) -> Result<Comment> {
    if names::body("body", &op.body)?.trim().is_empty() {
        return Err(fault::invalid("body: a comment must say something"));
    }
    let path = op.path.as_deref().map(FilePath::parse).transpose()?;
    if op.line.is_some_and(|line| line == 0) {
        return Err(fault::invalid("line: lines are counted from 1"));
    }
    if op.line.is_some() && path.is_none() {
        return Err(fault::invalid("line: say by `path` which file it is of"));
    }
    let repo = store.writable(&op.repo).await?;
    let tips = repo.tips().await?;
    let record = repo.pull(op.number, &tips).await?;
    if let Some(path) = &path {
        let tip = tips.get(&record.source).filter(|_| record.state(&tips) == PullRequestState::Open);
        let head = match tip {
            Some(tip) => tip.clone(),
            None => ObjectId::parse(&record.head)?,
        };
        check_place(&repo, &head, path, op.line).await?;
    }
    let mut place = repo.numbers(&directory(op.number)).await?.last().map_or(1, |last| last + 1);
    let mut comment = Comment::new(format!("{}-{place}", op.number), op.body)
        .author(cx.caller().name())
        .created_at(Timestamp::now());
    (comment.path, comment.line) = (op.path, op.line);
    cx.mark_sent();
    while !repo.publish(&file(op.number, place), &comment).await? {
        place += 1;
        comment.id = format!("{}-{place}", op.number);
    }
    Ok(comment)
}

async fn check_place(repo: &Repo<'_>, head: &ObjectId, path: &FilePath, line: Option<u64>) -> Result<()> {
    let mut reader = Reader::start(repo)?;
    let name = format!("{head}:{path}");
    if reader.info(&name).await?.is_none_or(|header| header.kind != "blob") {
        return Err(fault::not_found(format!("there is no file {path} at the head of the pull request")));
    }
    let Some(line) = line else { return Ok(()) };
    let content = reader.contents(&name).await?.map(|(_, content)| content).unwrap_or_default();
    let feeds = content.iter().filter(|byte| **byte == b'\n').count() as u64;
    let lines = feeds + u64::from(content.last().is_some_and(|byte| *byte != b'\n'));
    if line > lines {
        return Err(fault::invalid(format!(
            "line: {path} has {lines} lines at the head of the pull request, not {line}"
        )));
    }
    Ok(())
}

/// Lists comments; the cursor is the last number, so that new ones do not shift the pages.
pub(in crate::local::git) async fn list_comments(
    store: &Store,
    op: ListPullRequestComments,
) -> Result<Page<Comment>> {
    let after = op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<u64>()).transpose();
    let after =
        after.map_err(|_| fault::invalid("page.cursor: it was not made by this provider"))?.unwrap_or(0);
    let repo = store.repo(&op.repo).await?;
    repo.pull(op.number, &repo.tips().await?).await?;
    let numbers = repo.numbers(&directory(op.number)).await?;
    let mut rest = numbers.into_iter().filter(|number| *number > after);
    let (mut items, mut last) = (Vec::new(), None);
    for number in rest.by_ref().take(op.page.limit()) {
        let comment = repo.read::<Comment>(&file(op.number, number)).await?;
        items.push(comment.ok_or_else(|| fault::unreadable("the record of a comment is gone"))?);
        last = Some(Cursor::new(number.to_string()));
    }
    let next = last.filter(|_| rest.next().is_some());
    Ok(Page::new(items, next))
}
