//! Comments on the lines and files of a pull request.

use mosaic_core::types::git::ReviewVerdict;
use serde_json::{Value, json};

use super::fault::{custom_field, field, not_found};
use super::pulls::view;
use super::wire::node;
use super::{Answer, Cx};
use crate::fake::forge::{FileDiff, Remark, Repo, Review, now};
use crate::fake::http::{Reply, time};

const RESOURCE: &str = "PullRequestReviewComment";

fn shape(cx: &Cx<'_>, repo: &Repo, number: u64, remark: &Remark) -> Value {
    let url = format!("{}/pulls/comments/{}", cx.repo_url(repo), remark.id);
    let page = format!("{}/pull/{number}#discussion_r{}", cx.repo_page(repo), remark.id);
    let pull = format!("{}/pulls/{number}", cx.repo_url(repo));
    let kind = if remark.line.is_some() { "line" } else { "file" };
    let mut shape = json!({
        "url": url, "pull_request_review_id": remark.review, "id": remark.id, "node_id": node("PRRC", remark.id),
        "diff_hunk": remark.hunk, "path": remark.path, "commit_id": remark.commit,
        "original_commit_id": remark.commit, "user": cx.login(&remark.author), "body": remark.body,
        "created_at": time(remark.created_at), "updated_at": time(remark.updated_at), "html_url": page,
        "pull_request_url": pull, "author_association": cx.association(repo, &remark.author),
        "_links": { "self": { "href": url }, "html": { "href": page }, "pull_request": { "href": pull } },
        "subject_type": kind, "start_line": null, "original_start_line": null, "start_side": null,
    });
    if let Some(line) = remark.line {
        shape["side"] = json!("RIGHT");
        for name in ["line", "original_line", "position", "original_position"] {
            shape[name] = json!(line);
        }
    }
    if let Some(id) = remark.reply_to {
        shape["in_reply_to_id"] = json!(id);
    }
    shape
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    Ok(cx.listed(&cx.page(view.pull.remarks).map(|remark| shape(cx, repo, number, &remark))))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    for item in repo.pulls() {
        let remarks = item.pull.iter().flat_map(|pull| &pull.remarks);
        if let Some(remark) = remarks.into_iter().find(|remark| remark.id == id) {
            return Ok(Reply::json(200, &shape(cx, repo, item.number, remark)));
        }
    }
    Err(not_found())
}

/// A comment on a line of the change, on a file of it, or a reply. It comes with a review of its own.
pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let view = view(cx, repo, number).await?;
    let body = cx.text("body").filter(|body| !body.trim().is_empty());
    let body = body.ok_or_else(|| field(RESOURCE, "body", "missing_field"))?;
    let before = match cx.body.get("in_reply_to").and_then(Value::as_u64) {
        None => None,
        Some(id) => {
            let remark = view.pull.remarks.iter().find(|remark| remark.id == id);
            Some(remark.ok_or_else(|| field(RESOURCE, "in_reply_to", "invalid"))?)
        }
    };
    let (path, line, hunk) = match before {
        Some(before) => (before.path.clone(), before.line, before.hunk.clone()),
        None => place(cx, repo, &view).await?,
    };
    let commit = cx.text("commit_id").unwrap_or(&view.head).to_owned();
    let at = now();
    let review = Review {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        verdict: ReviewVerdict::Comment,
        body: None,
        commit: commit.clone(),
        at,
        dismissed: false,
    };
    let remark = Remark {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        body: body.to_owned(),
        path,
        line,
        commit,
        hunk,
        review: Some(review.id),
        reply_to: before.map(|before| before.id),
        created_at: at,
        updated_at: at,
    };
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(pull) = &mut item.pull {
            pull.reviews.push(review);
            pull.remarks.push(remark.clone());
        }
    });
    Ok(Reply::json(201, &shape(cx, repo, number, &remark)))
}

type Place = (String, Option<u64>, String);

/// Where the comment is to be: the file must be part of the change, and so must the line.
async fn place(cx: &Cx<'_>, repo: &Repo, view: &crate::fake::forge::PullView) -> Result<Place, Reply> {
    for name in ["commit_id", "path"] {
        if cx.text(name).is_none() {
            return Err(field(RESOURCE, name, "missing_field"));
        }
    }
    let git = cx.forge().git(repo.id);
    let base = view.merge_base.as_deref().unwrap_or(&view.base);
    let files = git.diff(Some(base), &view.head).await;
    let path = cx.text("path").unwrap_or_default();
    let not_part = |what: &str| {
        let name = format!("pull_request_review_thread.{what}");
        custom_field(RESOURCE, &name, &format!("{name} must be part of the diff"))
    };
    let file = files.iter().find(|file| file.path == path).ok_or_else(|| not_part("path"))?;
    if cx.text("subject_type") == Some("file") {
        return Ok((path.to_owned(), None, String::new()));
    }
    let line = cx.body.get("line").and_then(Value::as_u64);
    let line = line.ok_or_else(|| field(RESOURCE, "line", "missing_field"))?;
    let hunk = hunk_of(file, line).ok_or_else(|| not_part("line"))?;
    Ok((path.to_owned(), Some(line), hunk))
}

/// The part of the patch that shows a line of the new file.
fn hunk_of(file: &FileDiff, line: u64) -> Option<String> {
    let patch = file.patch.as_deref()?;
    let mut shown: Vec<&str> = Vec::new();
    let mut at = 0;
    for text in patch.lines() {
        if let Some(head) = text.strip_prefix("@@ ") {
            let new = head.split('+').nth(1)?.split([',', ' ']).next()?;
            at = new.parse::<u64>().ok()?;
            shown = vec![text];
            continue;
        }
        shown.push(text);
        if !text.starts_with('-') && !text.starts_with('\\') {
            if at == line {
                return Some(shown.join("\n"));
            }
            at += 1;
        }
    }
    None
}
