//! Reviews of pull requests.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{ListReviews, ReviewPullRequest};
use mosaic_core::types::git::{Review, ReviewVerdict};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::server::{Server, invalid, named, page, repo};
use super::super::wire::{self, Many, User, login, moment, text};
use crate::forge::names;
use crate::http::{List, Path};

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    state: String,
    #[serde(default)]
    body: Option<String>,
    user: Option<User>,
    #[serde(default)]
    commit_id: Option<String>,
    #[serde(default)]
    pub(super) comments_count: i64,
    #[serde(default, deserialize_with = "moment")]
    submitted_at: Option<Timestamp>,
}

impl Wire {
    pub(super) fn id(&self) -> u64 {
        wire::number(self.id)
    }

    /// The review, unless it is a request for one, is not given yet, or only holds comments on lines.
    fn said(self) -> Option<Review> {
        let verdict = match self.state.as_str() {
            "APPROVED" => ReviewVerdict::Approve,
            "REQUEST_CHANGES" => ReviewVerdict::RequestChanges,
            "COMMENT" => ReviewVerdict::Comment,
            _ => return None,
        };
        let mut review = Review::new(self.id().to_string(), verdict);
        (review.body, review.author) = (text(self.body), login(self.user));
        (review.commit, review.created_at) = (text(self.commit_id), self.submitted_at);
        (verdict != ReviewVerdict::Comment || review.body.is_some()).then_some(review)
    }
}

pub(super) fn place(of: &RepoRef, number: u64) -> Result<Path> {
    Ok(repo(of)?.part("pulls").part(number).part("reviews"))
}

pub(super) async fn send(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    number: u64,
    body: &Value,
) -> Result<Wire> {
    server.client.post(place(of, number)?).json(body).send(cx).await
}

pub(super) async fn review(server: &Server, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let said = op.body.as_deref().is_some_and(|body| !body.trim().is_empty());
    let event = match op.verdict {
        ReviewVerdict::Approve => "APPROVED",
        _ if !said => return Err(invalid("body: a review that does not approve must say something")),
        ReviewVerdict::RequestChanges => "REQUEST_CHANGES",
        ReviewVerdict::Comment => "COMMENT",
    };
    let body = named(json!({ "event": event, "body": op.body }));
    let wire = send(server, cx, &op.repo, op.number, &body).await?;
    let id = wire.id().to_string();
    Ok(wire.said().unwrap_or_else(|| Review::new(id, op.verdict)))
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListReviews) -> Result<Page<Review>> {
    let list = List(("reviews", &op.repo, op.number));
    let part = server.part(&list, &op.page)?;
    let request = server.client.get(place(&op.repo, op.number)?);
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().filter_map(Wire::said).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}
