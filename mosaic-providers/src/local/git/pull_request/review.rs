//! Reviews of pull requests: kept in the record of what they are about.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{ListReviews, ReviewPullRequest};
use mosaic_core::types::git::{PullRequestState, Review, ReviewVerdict};
use mosaic_core::types::{Cursor, Page, Timestamp};

use super::super::fault;
use super::super::names;
use super::super::object::ObjectId;
use super::super::store::Store;
use super::record::Record;

/// Adds a review. A remark may be made at any time; the others are about something that can still be merged.
pub(in crate::local::git) async fn review(
    store: &Store,
    cx: &CallContext,
    op: ReviewPullRequest,
) -> Result<Review> {
    if op.verdict != ReviewVerdict::Approve && op.body.as_deref().is_none_or(|body| body.trim().is_empty()) {
        return Err(fault::invalid("body: a review that does not approve must say something"));
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let repo = store.writable(&op.repo).await?;
    let tips = repo.tips().await?;
    let mut record = repo.pull(op.number, &tips).await?;
    if op.verdict != ReviewVerdict::Comment && record.state(&tips) != PullRequestState::Open {
        return Err(fault::conflict(format!(
            "pull request {} of {} is not open any more",
            op.number, op.repo
        )));
    }
    let now = Timestamp::now();
    let head = tips.get(&record.source).filter(|_| record.state(&tips) == PullRequestState::Open);
    let mut review = Review::new(format!("{}-{}", op.number, record.reviews.len() + 1), op.verdict)
        .author(cx.caller().name())
        .commit(head.map_or_else(|| record.head.clone(), ObjectId::to_string))
        .created_at(now);
    review.body = op.body;
    record.reviews.push(review.clone());
    record.updated_at = now;
    cx.mark_sent();
    repo.write(&Record::file(op.number), &record).await?;
    Ok(review)
}

/// Lists reviews; the cursor is how many came before.
pub(in crate::local::git) async fn list_reviews(store: &Store, op: ListReviews) -> Result<Page<Review>> {
    let skip = op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<usize>()).transpose();
    let skip =
        skip.map_err(|_| fault::invalid("page.cursor: it was not made by this provider"))?.unwrap_or(0);
    let repo = store.repo(&op.repo).await?;
    let reviews = repo.pull(op.number, &repo.tips().await?).await?.reviews;
    let limit = op.page.limit();
    let next = (reviews.len() > skip.saturating_add(limit)).then(|| Cursor::new((skip + limit).to_string()));
    Ok(Page::new(reviews.into_iter().skip(skip).take(limit).collect(), next))
}
