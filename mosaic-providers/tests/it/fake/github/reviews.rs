//! Reviews of pull requests.

use mosaic_core::types::git::ReviewVerdict;
use serde_json::{Value, json};

use super::fault::{error, not_found};
use super::pulls::view;
use super::wire::node;
use super::{Answer, Cx};
use crate::fake::forge::{Repo, Review, now};
use crate::fake::http::{Reply, time};

fn shape(cx: &Cx<'_>, repo: &Repo, number: u64, review: &Review) -> Value {
    let page = format!("{}/pull/{number}#pullrequestreview-{}", cx.repo_page(repo), review.id);
    let pull = format!("{}/pulls/{number}", cx.repo_url(repo));
    let state = match review.verdict {
        _ if review.dismissed => "DISMISSED",
        ReviewVerdict::Approve => "APPROVED",
        ReviewVerdict::RequestChanges => "CHANGES_REQUESTED",
        ReviewVerdict::Comment => "COMMENTED",
    };
    json!({
        "id": review.id, "node_id": node("PRR", review.id), "user": cx.login(&review.author),
        "body": review.body.as_deref().unwrap_or_default(), "state": state, "html_url": page,
        "pull_request_url": pull, "author_association": cx.association(repo, &review.author),
        "_links": { "html": { "href": page }, "pull_request": { "href": pull } },
        "submitted_at": time(review.at), "commit_id": review.commit,
    })
}

/// A 422 with errors that are texts, as this part of the API has them.
fn words(message: &str) -> Reply {
    let docs = "https://docs.github.com/rest";
    let body = json!({
        "message": "Unprocessable Entity", "errors": [message], "documentation_url": docs, "status": "422",
    });
    Reply::json(422, &body)
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    Ok(cx.listed(&cx.page(view.pull.reviews).map(|review| shape(cx, repo, number, &review))))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, number: u64, id: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    let review = view.pull.reviews.iter().find(|review| review.id == id).ok_or_else(not_found)?;
    Ok(Reply::json(200, &shape(cx, repo, number, review)))
}

/// A review that is given at once. Those that wait to be submitted (no `event`) and comments on lines beside the text are left
/// out, and refused.
pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.visitor(repo)?;
    let view = view(cx, repo, number).await?;
    let verdict = match cx.text("event") {
        Some("APPROVE") => ReviewVerdict::Approve,
        Some("REQUEST_CHANGES") => ReviewVerdict::RequestChanges,
        Some("COMMENT") => ReviewVerdict::Comment,
        Some(_) => {
            return Err(words("Variable $event of type PullRequestReviewEvent was provided invalid value"));
        }
        None => return Err(error(501, "this server keeps no pending reviews")),
    };
    let body = cx.text("body").filter(|body| !body.trim().is_empty());
    if verdict != ReviewVerdict::Approve && body.is_none() {
        return Err(words("Could not create a review without a body"));
    }
    let own = view.item.author == me.login && !cx.hub.own_reviews();
    match verdict {
        ReviewVerdict::Approve if own => return Err(words("Can not approve your own pull request")),
        ReviewVerdict::RequestChanges if own => {
            return Err(words("Can not request changes on your own pull request"));
        }
        _ => {}
    }
    let review = Review {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        verdict,
        body: body.map(str::to_owned),
        commit: cx.text("commit_id").unwrap_or(&view.head).to_owned(),
        at: now(),
        dismissed: false,
    };
    cx.forge().change_item(repo.id, number, |item| {
        item.pull.as_mut().map(|pull| pull.reviews.push(review.clone()))
    });
    Ok(Reply::json(200, &shape(cx, repo, number, &review)))
}
