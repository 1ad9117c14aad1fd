//! Pull requests: opened, changed, listed; the rest beside.

mod comment;
mod merge;
mod review;
mod wire;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreatePullRequest, GetPullRequest, ListPullRequests, UpdatePullRequest};
use mosaic_core::types::git::{PullRequest, PullRequestState};
use mosaic_core::types::{Page, RepoRef};
use serde::Serialize;

pub(super) use comment::{comment, list_comments};
pub(super) use merge::{merge, merge_branch};
pub(super) use review::{list_reviews, review};
use wire::Pull;

use super::{MOST, at_repo, whole_page};
use crate::forge::names::{self, BranchName};
use crate::http::{Client, List, Path, limit_of, sift};

fn at_pull(repo: &RepoRef, number: u64) -> Path {
    at_repo(repo).part("pulls").part(number)
}

async fn fetch(client: &Client, cx: &CallContext, repo: &RepoRef, number: u64) -> Result<Pull> {
    client.get(at_pull(repo, number)).send(cx).await
}

#[derive(Serialize)]
struct New<'a> {
    title: &'a str,
    head: &'a str,
    base: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

/// Opens a pull request. The source may be a branch of a fork: `owner:branch`.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
    names::hosted(&op.repo)?;
    names::title(&op.title)?;
    let source = match op.source.split_once(':') {
        Some((owner, branch)) => {
            names::owner(owner)?;
            branch
        }
        None => &op.source,
    };
    BranchName::parse("source", source)?;
    BranchName::parse("target", &op.target)?;
    if op.source == op.target {
        return Err(same(&op.target));
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let new = New { title: &op.title, head: &op.source, base: &op.target, body: op.body.as_deref() };
    Ok(client.post(at_repo(&op.repo).part("pulls")).json(&new).send::<Pull>(cx).await?.into())
}

fn same(branch: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("target: {branch} cannot be merged into itself"))
}

/// Fetches a pull request.
pub(super) async fn get(client: &Client, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
    names::hosted(&op.repo)?;
    Ok(fetch(client, cx, &op.repo, op.number).await?.into())
}

/// Lists pull requests, newest first. GitHub does not tell merged ones from closed ones when it is asked, only when it answers.
pub(super) async fn list(
    client: &Client,
    cx: &CallContext,
    op: ListPullRequests,
) -> Result<Page<PullRequest>> {
    names::hosted(&op.repo)?;
    let list = List(("pull_requests", &op.repo, &op.state));
    let offset = list.after(&op.page)?.unwrap_or(0);
    let state = match op.state {
        None => "all",
        Some(PullRequestState::Open) => "open",
        Some(PullRequestState::Merged | PullRequestState::Closed) => "closed",
    };
    let fetch = |page| {
        let request = client.get(at_repo(&op.repo).part("pulls")).query("state", state);
        whole_page(cx, request.query("sort", "created").query("direction", "desc"), page)
    };
    let keep = |pull: Pull| {
        let pull = PullRequest::from(pull);
        op.state.is_none_or(|state| state == pull.state).then_some(pull)
    };
    let found = sift(offset, limit_of(&op.page, MOST), MOST as u64, fetch, keep).await?;
    Ok(found.page(&list))
}

#[derive(Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// Changes a pull request. Where it is to be closed, opened or turned to another target it is looked at first: GitHub takes
/// closing a merged one for done.
pub(super) async fn update(client: &Client, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
    names::hosted(&op.repo)?;
    if let Some(title) = &op.title {
        names::title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    if let Some(target) = &op.target {
        BranchName::parse("target", target)?;
    }
    if op.open.is_some() || op.target.is_some() {
        let now = PullRequest::from(fetch(client, cx, &op.repo, op.number).await.map_err(Error::refused)?);
        if op.open.is_some() && now.state == PullRequestState::Merged {
            let text = format!("pull request {} of {} is merged", op.number, op.repo);
            return Err(Error::new(ErrorKind::Conflict, text));
        }
        if op.target.as_ref() == Some(&now.source) {
            return Err(same(&now.source));
        }
    }
    let change = Change {
        title: op.title.as_deref(),
        body: op.body.as_deref(),
        base: op.target.as_deref(),
        state: op.open.map(|open| if open { "open" } else { "closed" }),
    };
    Ok(client.patch(at_pull(&op.repo, op.number)).json(&change).send::<Pull>(cx).await?.into())
}
