//! Reviews of pull requests: what each participant last said, and words beside it as comments.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{ListReviews, ReviewPullRequest};
use mosaic_core::types::git::{Review, ReviewVerdict};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;

use super::super::cloud::{Cloud, invalid};
use super::super::page::MOST;
use super::super::wire::{Account, login, moment};
use super::{comment, pull_request};
use crate::forge::names;
use crate::http::{List, Numbered, at};

/// Somebody who takes part in a pull request.
#[derive(Debug, Deserialize)]
pub(super) struct Participant {
    #[serde(default)]
    user: Option<Account>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    participated_on: Option<Timestamp>,
}

impl Participant {
    fn is(&self, uuid: &str) -> bool {
        self.user.as_ref().and_then(|user| user.uuid.as_deref()) == Some(uuid)
    }

    /// The review; none of somebody who only takes part. Whoever reviews has one, so the id is theirs.
    fn verdict(&self) -> Option<ReviewVerdict> {
        match self.state.as_deref() {
            Some("approved") => Some(ReviewVerdict::Approve),
            Some("changes_requested") => Some(ReviewVerdict::RequestChanges),
            _ => None,
        }
    }

    fn said(self) -> Option<Review> {
        let verdict = self.verdict()?;
        let id = self.user.as_ref().and_then(|user| user.uuid.clone()).unwrap_or_default();
        let mut review = Review::new(id, verdict);
        (review.author, review.created_at) = (login(self.user), self.participated_on);
        Some(review)
    }
}

/// A verdict is one call and a text is another, a comment; both are made one after the other.
pub(super) async fn review(cloud: &Cloud, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let said = op.body.as_deref().filter(|body| !body.trim().is_empty());
    let word = match op.verdict {
        ReviewVerdict::Approve => "approve",
        _ if said.is_none() => {
            return Err(invalid("body: a review that does not approve must say something"));
        }
        ReviewVerdict::RequestChanges => "request-changes",
        ReviewVerdict::Comment => {
            let comment =
                comment::post(cloud, cx, &op.repo, op.number, said.unwrap_or_default(), None).await?;
            let mut review = Review::new(comment.id, op.verdict);
            (review.author, review.created_at, review.body) = (comment.author, comment.created_at, op.body);
            return Ok(review);
        }
    };
    let mut review = judge(cloud, cx, &op, word).await?;
    if let Some(body) = said {
        comment::post(cloud, cx, &op.repo, op.number, body, None).await.map_err(Error::after_a_step)?;
    }
    review.body = op.body;
    Ok(review)
}

/// Says a verdict. One that was said before is a conflict to Bitbucket, and is as it should be.
async fn judge(cloud: &Cloud, cx: &CallContext, op: &ReviewPullRequest, word: &str) -> Result<Review> {
    let path = pull_request::place(&op.repo, op.number)?.part(word);
    let participant = match cloud.client.post(path).send::<Participant>(cx).await {
        Ok(participant) => participant,
        Err(error) if error.kind() == ErrorKind::Conflict => {
            match mine(cloud, cx, &op.repo, op.number).await? {
                Some(participant) if participant.verdict() == Some(op.verdict) => participant,
                _ => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    let id = participant.user.as_ref().and_then(|user| user.uuid.clone()).unwrap_or_default();
    match participant.said() {
        Some(review) if review.verdict == op.verdict => Ok(review),
        // Whatever the answer says of the state, the call succeeded.
        _ => Ok(Review::new(id, op.verdict)),
    }
}

/// What whoever asks said before of a pull request.
async fn mine(cloud: &Cloud, cx: &CallContext, of: &RepoRef, number: u64) -> Result<Option<Participant>> {
    let me: Account = cloud.client.get(at!["user"]).send(cx).await?;
    let Some(uuid) = me.uuid else { return Ok(None) };
    let all = pull_request::fetch(cloud, cx, of, number).await?.participants;
    Ok(all.into_iter().find(|one| one.is(&uuid) && one.state.is_some()))
}

/// Participants come with the pull request, all at once.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListReviews) -> Result<Page<Review>> {
    let list = List(("reviews", &op.repo, op.number));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let all = pull_request::fetch(cloud, cx, &op.repo, op.number).await?.participants;
    let mut all: Vec<_> = all.into_iter().filter_map(Participant::said).collect();
    all.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
    Ok(part.cut(&list, all))
}
