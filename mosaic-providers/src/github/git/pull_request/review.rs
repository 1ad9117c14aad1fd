//! Reviews of pull requests.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::git::{ListReviews, ReviewPullRequest};
use mosaic_core::types::Page;
use mosaic_core::types::git::{Review, ReviewVerdict};
use serde::Serialize;

use super::super::{MOST, whole_page};
use super::at_pull;
use super::wire::ReviewRow;
use crate::forge::names;
use crate::http::{Client, List, limit_of, sift};

#[derive(Serialize)]
struct New<'a> {
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

/// Reviews a pull request.
pub(in super::super) async fn review(
    client: &Client,
    cx: &CallContext,
    op: ReviewPullRequest,
) -> Result<Review> {
    names::hosted(&op.repo)?;
    if op.verdict != ReviewVerdict::Approve && op.body.as_deref().is_none_or(|body| body.trim().is_empty()) {
        let text = "body: a review that does not approve must say something";
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let event = match op.verdict {
        ReviewVerdict::Approve => "APPROVE",
        ReviewVerdict::RequestChanges => "REQUEST_CHANGES",
        ReviewVerdict::Comment => "COMMENT",
    };
    let new = New { event, body: op.body.as_deref() };
    let made =
        client.post(at_pull(&op.repo, op.number).part("reviews")).json(&new).send::<ReviewRow>(cx).await?;
    made.review().ok_or_else(|| {
        Error::new(ErrorKind::Protocol, "GitHub took a review and did not submit it")
            .delivery(Delivery::Answered)
    })
}

/// Lists reviews, oldest first.
pub(in super::super) async fn list_reviews(
    client: &Client,
    cx: &CallContext,
    op: ListReviews,
) -> Result<Page<Review>> {
    names::hosted(&op.repo)?;
    let list = List(("reviews", &op.repo, op.number));
    let offset = list.after(&op.page)?.unwrap_or(0);
    let fetch = |page| whole_page(cx, client.get(at_pull(&op.repo, op.number).part("reviews")), page);
    let found = sift(offset, limit_of(&op.page, MOST), MOST as u64, fetch, ReviewRow::review).await?;
    Ok(found.page(&list))
}
