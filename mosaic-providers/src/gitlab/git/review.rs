//! Reviews: an approval is a state of a person at GitLab, a remark is a note, and nothing asks for changes.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{ListReviews, ReviewPullRequest};
use mosaic_core::types::git::{Comment, Review, ReviewVerdict};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;

use super::super::client::{GitLab, PAGE, halfway, unsupported};
use super::super::wire::{Person, or_default, time};
use super::merge_request::{fetch, path};
use super::note;
use crate::forge::names;
use crate::http::{List, Numbered};

#[derive(Debug, Deserialize)]
struct Approvals {
    #[serde(default, deserialize_with = "or_default")]
    approved_by: Vec<Approval>,
    #[serde(default)]
    user_has_approved: Option<bool>,
    #[serde(default)]
    user_can_approve: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Approval {
    user: Person,
    #[serde(default, deserialize_with = "time")]
    approved_at: Option<Timestamp>,
}

impl From<Approval> for Review {
    fn from(wire: Approval) -> Self {
        let mut review = Self::new(format!("approval-{}", wire.user.id), ReviewVerdict::Approve);
        review.author = Some(wire.user.username);
        review.created_at = wire.approved_at;
        review
    }
}

async fn approvals(lab: &GitLab, cx: &CallContext, repo: &RepoRef, number: u64) -> Result<Approvals> {
    lab.get(path(repo, number)?.part("approvals")).send(cx).await
}

/// An approval, and its text as a note after it; or a note.
pub(super) async fn give(lab: &GitLab, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
    path(&op.repo, op.number)?;
    let text = op.body.as_deref().filter(|text| !text.trim().is_empty());
    names::text("body", text.unwrap_or_default())?;
    match (op.verdict, text) {
        (ReviewVerdict::RequestChanges, _) => {
            Err(unsupported("verdict: GitLab's API cannot ask for changes; comment, or leave it unapproved"))
        }
        (ReviewVerdict::Comment, None) => Err(Error::new(ErrorKind::Invalid, "body: a remark needs a text")),
        (ReviewVerdict::Comment, Some(text)) => {
            let now = fetch(lab, cx, &op.repo, op.number).await?;
            let note = Comment::from(note::post(lab, cx, &op.repo, op.number, text).await?);
            let mut review = Review::new(note.id, ReviewVerdict::Comment).body(text);
            (review.author, review.created_at, review.commit) = (note.author, note.created_at, now.sha);
            Ok(review)
        }
        (ReviewVerdict::Approve, text) => approve(lab, cx, &op.repo, op.number, text).await,
    }
}

/// Whether the person may approve is asked first: GitLab refuses it with 401, as if the credential were not good.
async fn approve(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    number: u64,
    text: Option<&str>,
) -> Result<Review> {
    let now = fetch(lab, cx, repo, number).await?;
    let before = approvals(lab, cx, repo, number).await?;
    if before.user_has_approved != Some(true) {
        if before.user_can_approve == Some(false) {
            let text = "this person may not approve this pull request: GitLab's rules for approvals say so";
            return Err(Error::new(ErrorKind::PermissionDenied, text).delivery(Delivery::Answered));
        }
        let request = lab.post(path(repo, number)?.part("approve"));
        // Refused where somebody pushed since the look at it.
        let body = now.sha.as_ref().map(|sha| serde_json::json!({ "sha": sha })).unwrap_or_default();
        lab.told(cx, repo, request.json(&body).done(cx).await).await?;
    }
    let mut review = Review::new(format!("approval-{number}"), ReviewVerdict::Approve);
    review.commit = now.sha;
    if let Some(text) = text {
        let note = note::post(lab, cx, repo, number, text).await;
        let note =
            Comment::from(note.map_err(|error| halfway(&error, "the approval was given, its text was not"))?);
        (review.id, review.author, review.created_at) = (note.id, note.author, note.created_at);
        review.body = Some(text.to_owned());
    }
    Ok(review)
}

/// Those who approve it now, as one page.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListReviews) -> Result<Page<Review>> {
    let list = List(("reviews", &op.repo, op.number));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let all = approvals(lab, cx, &op.repo, op.number).await?.approved_by;
    let end = page.offset + page.size;
    let more = all.len() as u64 > end;
    let reviews = all.into_iter().map(Review::from);
    let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let items = reviews.skip(skip).take(usize::try_from(page.size).unwrap_or(usize::MAX)).collect();
    Ok(page.page(&list, items, more))
}
