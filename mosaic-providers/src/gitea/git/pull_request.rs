//! Pull requests: opened, read and changed.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::git::{CreatePullRequest, GetPullRequest, ListPullRequests, UpdatePullRequest};
use mosaic_core::types::git::{PullRequest, PullRequestState};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::server::{Server, conflict, invalid, named, page, repo};
use super::super::wire::{self, Many, User, login, moment, text};
use super::branch;
use super::repository;
use crate::forge::names::{self, BranchName};
use crate::http::List;

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    number: i64,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: Option<String>,
    user: Option<User>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    merged: bool,
    #[serde(default)]
    pub(super) mergeable: bool,
    #[serde(default)]
    merge_commit_sha: Option<String>,
    head: Option<Side>,
    base: Option<Side>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Side {
    /// The name of the branch, also where the branch is gone.
    #[serde(default)]
    label: String,
    #[serde(default, rename = "ref")]
    reference: String,
    #[serde(default)]
    sha: String,
    repo: Option<repository::Wire>,
}

impl Side {
    fn branch(&self) -> &str {
        if self.label.is_empty() { &self.reference } else { &self.label }
    }
}

impl Wire {
    pub(super) fn number(&self) -> u64 {
        wire::number(self.number)
    }

    pub(super) fn state(&self) -> PullRequestState {
        match (self.merged, self.state.as_str()) {
            (true, _) => PullRequestState::Merged,
            (false, "closed") => PullRequestState::Closed,
            _ => PullRequestState::Open,
        }
    }

    /// The commit at the head.
    pub(super) fn head(&self) -> Option<&str> {
        self.head.as_ref().map(|head| head.sha.as_str()).filter(|sha| !sha.is_empty())
    }

    /// The commit that brought it in.
    pub(super) fn merge_commit(&self) -> Option<&str> {
        self.merge_commit_sha.as_deref().filter(|sha| self.merged && !sha.is_empty())
    }

    /// The branch with the changes, with its owner before it where it is of another repository.
    fn source(&self) -> String {
        let Some(head) = &self.head else { return String::new() };
        let owner = |side: &Side| side.repo.as_ref().map(|repo| repo.reference());
        let base = self.base.as_ref().and_then(owner);
        match owner(head).filter(|head| Some(head) != base.as_ref()) {
            Some(fork) if base.is_some() => format!("{}:{}", fork.owner, head.branch()),
            _ => head.branch().to_owned(),
        }
    }

    fn target(&self) -> &str {
        self.base.as_ref().map(Side::branch).unwrap_or_default()
    }
}

impl From<Wire> for PullRequest {
    fn from(wire: Wire) -> Self {
        let mut pull = PullRequest::new(wire.number(), "", wire.source(), wire.target(), wire.state());
        pull.head = wire.head().map(str::to_owned);
        pull.merge_commit = wire.merge_commit().map(str::to_owned);
        (pull.title, pull.body, pull.author) = (wire.title, text(wire.body), login(wire.user));
        (pull.created_at, pull.updated_at) = (wire.created_at, wire.updated_at);
        pull
    }
}

/// Checks the branches that a pull request is to join.
///
/// # Errors
/// `Invalid`.
pub(super) fn branches(source: &str, target: &str) -> Result<()> {
    BranchName::parse("source", source)?;
    BranchName::parse("target", target)?;
    if source == target {
        return Err(invalid(format!("a branch cannot be brought into itself: both are {source}")));
    }
    Ok(())
}

pub(super) async fn open(server: &Server, cx: &CallContext, of: &RepoRef, body: &Value) -> Result<Wire> {
    server.client.post(repo(of)?.part("pulls")).json(body).send(cx).await
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
    names::title(&op.title)?;
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    branches(&op.source, &op.target)?;
    let body = named(json!({ "title": op.title, "body": op.body, "head": op.source, "base": op.target }));
    Ok(open(server, cx, &op.repo, &body).await?.into())
}

pub(super) async fn fetch(server: &Server, cx: &CallContext, of: &RepoRef, number: u64) -> Result<Wire> {
    server.client.get(repo(of)?.part("pulls").part(number)).send(cx).await
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
    Ok(fetch(server, cx, &op.repo, op.number).await?.into())
}

/// To the server a merged pull request is a closed one: of the two only what was asked for is shown, so a page may have fewer
/// items than it could.
pub(super) async fn list(
    server: &Server,
    cx: &CallContext,
    op: ListPullRequests,
) -> Result<Page<PullRequest>> {
    let list = List(("pull_requests", &op.repo, op.state));
    let part = server.part(&list, &op.page)?;
    let state = match op.state {
        None => "all",
        Some(PullRequestState::Open) => "open",
        Some(PullRequestState::Merged | PullRequestState::Closed) => "closed",
    };
    let request = server.client.get(repo(&op.repo)?.part("pulls")).query("state", state);
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let asked = |pull: &Wire| op.state.is_none_or(|state| state == pull.state());
    let items = answer.value.0.into_iter().filter(asked).map(PullRequest::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}

/// The server takes up the fields one after the other and may stop in the middle. So what can be seen before is looked at before,
/// and another target is set by a request of its own before the rest.
pub(super) async fn update(server: &Server, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
    if let Some(title) = &op.title {
        names::title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    if let Some(target) = &op.target {
        BranchName::parse("target", target)?;
    }
    let now = fetch(server, cx, &op.repo, op.number).await?;
    let (number, source) = (op.number, now.source());
    if op.target.as_deref() == Some(source.as_str()) {
        return Err(invalid(format!("target: {source} is the source of pull request {number} itself")));
    }
    let state = now.state();
    if state == PullRequestState::Merged && op.open.is_some() {
        return Err(conflict(format!("pull request {number} is merged: it stays as it is")));
    }
    if op.open == Some(true) && state == PullRequestState::Closed {
        let target = op.target.as_deref().unwrap_or(now.target());
        if let Some(twin) = open_between(server, cx, &op.repo, target, &source).await? {
            let text = format!("pull request {} brings {source} into {target} already", twin.number());
            return Err(conflict(text));
        }
    }
    let change = async |body: Value| {
        let request = server.client.patch(repo(&op.repo)?.part("pulls").part(number));
        request.json(&named(body)).send::<Wire>(cx).await
    };
    let open = op.open.map(|open| if open { "open" } else { "closed" });
    let rest = json!({ "title": op.title, "body": op.body, "state": open });
    let turned = match op.target.as_deref().filter(|target| *target != now.target()) {
        Some(target) => {
            branch::fetch(server, cx, &op.repo, target).await?;
            Some(change(json!({ "base": target })).await?)
        }
        None => None,
    };
    let more = op.title.is_some() || op.body.is_some() || op.open.is_some();
    match turned {
        Some(turned) if !more => Ok(turned.into()),
        Some(_) => change(rest).await.map(PullRequest::from).map_err(Error::after_a_step),
        None => Ok(change(rest).await?.into()),
    }
}

/// The open pull request that brings one branch into another.
pub(super) async fn open_between(
    server: &Server,
    cx: &CallContext,
    of: &RepoRef,
    target: &str,
    source: &str,
) -> Result<Option<Wire>> {
    let place = repo(of)?.part("pulls").part(target).part(source);
    let latest: Option<Wire> = server.client.get(place).find(cx).await?;
    Ok(latest.filter(|pull| pull.state() == PullRequestState::Open))
}
