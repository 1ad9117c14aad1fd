//! Comments on pull requests, and what those say who take part.

use mosaic_core::types::git::ReviewVerdict;
use serde_json::{Value, json};

use super::fault::{error, not_found};
use super::pulls::view;
use super::wire::moment;
use super::{Answer, Cx};
use crate::fake::forge::{Item, Pull, Remark, Repo, Review, now};
use crate::fake::http::Reply;

fn participant(cx: &Cx<'_>, review: &Review) -> Value {
    let approved = review.verdict == ReviewVerdict::Approve;
    json!({
        "type": "participant", "user": cx.login(&review.author), "role": "PARTICIPANT", "approved": approved,
        "state": if approved { "approved" } else { "changes_requested" },
        "participated_on": moment(review.at),
    })
}

/// Those who judged, and those who only said something.
pub(super) fn participants(cx: &Cx<'_>, item: &Item, pull: &Pull) -> Vec<Value> {
    let mut all: Vec<_> = pull.reviews.iter().map(|review| participant(cx, review)).collect();
    let mut silent: Vec<_> =
        item.comments.iter().map(|comment| (&comment.author, comment.created_at)).collect();
    silent.retain(|(author, _)| pull.reviews.iter().all(|review| review.author != **author));
    silent.dedup_by_key(|(author, _)| author.to_owned());
    all.extend(silent.into_iter().map(|(author, at)| {
        json!({
            "type": "participant", "user": cx.login(author), "role": "PARTICIPANT", "approved": false,
            "state": null, "participated_on": moment(at),
        })
    }));
    all
}

/// Somebody says one thing of a pull request, and the same not twice.
pub(super) async fn judge(cx: &Cx<'_>, repo: &Repo, number: u64, approve: bool) -> Answer {
    let me = cx.me()?;
    let view = view(cx, repo, number).await?;
    if view.pull.merged.is_some() {
        return Err(error(400, "The pull request has already been merged."));
    }
    let verdict = if approve { ReviewVerdict::Approve } else { ReviewVerdict::RequestChanges };
    if view.pull.reviews.iter().any(|review| review.author == me.login && review.verdict == verdict) {
        return Err(error(409, "You already said so of this pull request."));
    }
    let review = Review {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        verdict,
        body: None,
        commit: view.head,
        at: now(),
        dismissed: false,
    };
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(pull) = &mut item.pull {
            pull.reviews.retain(|other| other.author != me.login);
            pull.reviews.push(review.clone());
        }
    });
    Ok(Reply::json(200, &participant(cx, &review)))
}

fn shape(
    cx: &Cx<'_>,
    number: u64,
    id: u64,
    author: &str,
    body: &str,
    at: String,
    inline: Option<Value>,
) -> Value {
    let mut shape = json!({
        "type": "pullrequest_comment", "id": id, "deleted": false, "pending": false, "user": cx.login(author),
        "content": { "raw": body, "markup": "markdown", "html": "" }, "created_on": at, "updated_on": at,
        "pullrequest": { "type": "pullrequest", "id": number },
    });
    if let Some(inline) = inline {
        shape["inline"] = inline;
    }
    shape
}

fn inline(remark: &Remark) -> Value {
    match remark.line {
        Some(line) => json!({ "path": remark.path, "to": line }),
        None => json!({ "path": remark.path }),
    }
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let view = view(cx, repo, number).await?;
    let plain = view.item.comments.iter().map(|comment| {
        let at = moment(comment.created_at);
        (comment.id, shape(cx, number, comment.id, &comment.author, &comment.body, at, None))
    });
    let lines = view.pull.remarks.iter().map(|remark| {
        let (at, place) = (moment(remark.created_at), inline(remark));
        (remark.id, shape(cx, number, remark.id, &remark.author, &remark.body, at, Some(place)))
    });
    let mut all: Vec<_> = plain.chain(lines).collect();
    all.sort_by_key(|(id, _)| *id);
    Ok(cx.listed(&cx.page(all, 100).map(|(_, shape)| shape)))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo, number: u64) -> Answer {
    let me = cx.me()?;
    let view = view(cx, repo, number).await?;
    let body = cx.text("/content/raw").ok_or_else(|| error(400, "content.raw: required key not provided"))?;
    let Some(path) = cx.text("/inline/path") else {
        let made = cx.forge().add_comment(repo.id, number, &me.login, body);
        let made = made.ok_or_else(|| not_found("There is no such pull request"))?;
        let at = moment(made.created_at);
        return Ok(Reply::json(201, &shape(cx, number, made.id, &me.login, body, at, None)));
    };
    let remark = Remark {
        id: cx.forge().fresh_id(),
        author: me.login.clone(),
        body: body.to_owned(),
        path: path.to_owned(),
        line: cx.body.pointer("/inline/to").and_then(Value::as_u64),
        commit: view.head,
        hunk: String::new(),
        review: None,
        reply_to: None,
        created_at: now(),
        updated_at: now(),
    };
    cx.forge().change_item(repo.id, number, |item| {
        if let Some(pull) = &mut item.pull {
            pull.remarks.push(remark.clone());
        }
    });
    let (at, place) = (moment(remark.created_at), inline(&remark));
    Ok(Reply::json(201, &shape(cx, number, remark.id, &me.login, body, at, Some(place))))
}
