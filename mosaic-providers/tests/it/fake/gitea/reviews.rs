//! Reviews of pull requests, with the comments on lines that they hold.

use mosaic_core::types::git::ReviewVerdict;
use serde_json::{Value, json};

use super::fault::{error, not_found};
use super::pulls::view;
use super::{Answer, Cx};
use crate::fake::forge::{Remark, Repo, Review, now};
use crate::fake::http::{Reply, time};

fn shape(cx: &Cx<'_>, repo: &Repo, number: u64, review: &Review, comments: usize) -> Value {
    let page = format!("{}/pulls/{number}", cx.repo_page(repo));
    let state = match review.verdict {
        ReviewVerdict::Approve => "APPROVED",
        ReviewVerdict::RequestChanges => "REQUEST_CHANGES",
        ReviewVerdict::Comment => "COMMENT",
    };
    json!({
        "id": review.id, "user": cx.login(&review.author), "team": null, "state": state,
        "body": review.body.as_deref().unwrap_or_default(), "commit_id": review.commit, "stale": false,
        "official": false, "dismissed": review.dismissed, "comments_count": comments,
        "submitted_at": time(review.at), "updated_at": time(review.at), "html_url": format!("{page}#issuecomment-{}", review.id),
        "pull_request_url": page,
    })
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    let cut = cx.page(view.pull.reviews.clone()).map(|review| {
        let held = view.pull.remarks.iter().filter(|remark| remark.review == Some(review.id)).count();
        shape(cx, repo, number, &review, held)
    });
    Ok(cx.counted(&cut))
}

/// The comments on lines of one review, all of them.
pub(super) async fn comments(cx: &Cx<'_>, repo: &Repo, number: u64, id: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    if !view.pull.reviews.iter().any(|review| review.id == id) {
        return Err(not_found(cx));
    }
    let page = format!("{}/pulls/{number}", cx.repo_page(repo));
    let held = view.pull.remarks.iter().filter(|remark| remark.review == Some(id));
    let shapes: Vec<_> = held
        .map(|remark| {
            json!({
                "id": remark.id, "body": remark.body, "user": cx.login(&remark.author), "resolver": null,
                "pull_request_review_id": id, "created_at": time(remark.created_at),
                "updated_at": time(remark.updated_at), "path": remark.path, "commit_id": remark.commit,
                "original_commit_id": "", "diff_hunk": remark.hunk, "position": remark.line.unwrap_or(0),
                "original_position": 0, "html_url": format!("{page}#issuecomment-{}", remark.id),
                "pull_request_url": page,
            })
        })
        .collect();
    Ok(Reply::json(200, &Value::Array(shapes)))
}

/// A review that is given at once, perhaps with comments on lines.
pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let view = view(cx, repo, number).await?;
    let none = Vec::new();
    let remarks = cx.body.get("comments").and_then(Value::as_array).unwrap_or(&none);
    let body = cx.text("body").filter(|body| !body.trim().is_empty());
    let own = view.item.author == me.login;
    let verdict = match cx.text("event") {
        Some("APPROVED") if own => return Err(error(422, "approve your own pull is not allowed")),
        Some("APPROVED") => ReviewVerdict::Approve,
        Some("REQUEST_CHANGES") if own => return Err(error(422, "reject your own pull is not allowed")),
        Some("REQUEST_CHANGES") if body.is_none() => {
            return Err(error(422, "review event REQUEST_CHANGES requires a body"));
        }
        Some("REQUEST_CHANGES") => ReviewVerdict::RequestChanges,
        Some("COMMENT") if body.is_none() && remarks.is_empty() => {
            return Err(error(422, "review event COMMENT requires a body or a comment"));
        }
        Some("COMMENT") => ReviewVerdict::Comment,
        _ => return Err(error(501, "this server keeps no pending reviews")),
    };
    let review = Review {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        verdict,
        body: body.map(str::to_owned),
        commit: cx.filled("commit_id").unwrap_or(&view.head).to_owned(),
        at: now(),
        dismissed: false,
    };
    let mut held = Vec::new();
    for remark in remarks {
        let text = |name: &str| remark.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        held.push(Remark {
            id: cx.forge().fresh_id(),
            author: me.login.clone(),
            body: text("body"),
            path: text("path"),
            line: remark.get("new_position").and_then(Value::as_u64),
            commit: view.head.clone(),
            hunk: String::new(),
            review: Some(review.id),
            reply_to: None,
            created_at: review.at,
            updated_at: review.at,
        });
    }
    let count = held.len();
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(pull) = &mut item.pull {
            pull.reviews.push(review.clone());
            pull.remarks.extend(held);
        }
    });
    Ok(Reply::json(200, &shape(cx, repo, number, &review, count)))
}
