//! Pull requests: opened, read and changed.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreatePullRequest, GetPullRequest, ListPullRequests, UpdatePullRequest};
use mosaic_core::types::git::{PullRequest, PullRequestState};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cloud::{Cloud, conflict, invalid, named, repo, unsupported};
use super::super::page::{self, Listing, MOST_PULL_REQUESTS, Place};
use super::super::wire::{self, Account, login, moment, reference, text};
use super::{branch, commit};
use crate::forge::names::{self, BranchName, is_object_id};
use crate::http::{List, Path};

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    id: i64,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    state: String,
    author: Option<Account>,
    source: Option<Side>,
    destination: Option<Side>,
    merge_commit: Option<Short>,
    #[serde(default, deserialize_with = "wire::list")]
    reviewers: Vec<Account>,
    #[serde(default, deserialize_with = "wire::list")]
    pub(super) participants: Vec<super::review::Participant>,
    #[serde(default, deserialize_with = "moment")]
    created_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_on: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
struct Side {
    branch: Option<Named>,
    commit: Option<Short>,
    repository: Option<Whole>,
}

#[derive(Debug, Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

/// A commit by an id that is mostly shortened to twelve digits.
#[derive(Debug, Deserialize)]
struct Short {
    #[serde(default)]
    hash: String,
}

#[derive(Debug, Deserialize)]
struct Whole {
    #[serde(default)]
    full_name: String,
}

impl Side {
    fn branch(&self) -> &str {
        self.branch.as_ref().map(|branch| branch.name.as_str()).unwrap_or_default()
    }

    fn repository(&self) -> Option<&str> {
        self.repository.as_ref().map(|whole| whole.full_name.as_str()).filter(|name| !name.is_empty())
    }
}

impl Wire {
    pub(super) fn number(&self) -> u64 {
        wire::number(self.id)
    }

    pub(super) fn state(&self) -> PullRequestState {
        match self.state.as_str() {
            "MERGED" => PullRequestState::Merged,
            "DECLINED" | "SUPERSEDED" => PullRequestState::Closed,
            _ => PullRequestState::Open,
        }
    }

    fn target(&self) -> &str {
        self.destination.as_ref().map(Side::branch).unwrap_or_default()
    }

    /// The repository with the changes, where it is another one.
    fn fork(&self) -> Option<RepoRef> {
        let (source, target) =
            (self.source.as_ref()?.repository()?, self.destination.as_ref()?.repository()?);
        (source != target).then(|| reference(source))
    }

    /// The branch with the changes, with its owner before it where it is of another repository.
    fn source(&self) -> String {
        let branch = self.source.as_ref().map(Side::branch).unwrap_or_default();
        match self.fork() {
            Some(fork) => format!("{}:{branch}", fork.owner),
            None => branch.to_owned(),
        }
    }

    /// The id of the commit at the head, perhaps shortened.
    pub(super) fn head(&self) -> Option<&str> {
        let commit = self.source.as_ref()?.commit.as_ref()?;
        Some(commit.hash.as_str()).filter(|hash| !hash.is_empty())
    }

    /// The id of the commit that brought it in, perhaps shortened.
    pub(super) fn merge_commit(&self) -> Option<&str> {
        let merged = self.state() == PullRequestState::Merged;
        self.merge_commit
            .as_ref()
            .map(|commit| commit.hash.as_str())
            .filter(|hash| merged && !hash.is_empty())
    }

    /// The pull request with the whole ids of its commits.
    pub(super) async fn whole(self, cloud: &Cloud, cx: &CallContext, of: &RepoRef) -> Result<PullRequest> {
        let head = match self.head() {
            Some(hash) => commit::whole(cloud, cx, &self.fork().unwrap_or_else(|| of.clone()), hash).await?,
            None => None,
        };
        let merge = match self.merge_commit() {
            Some(hash) => commit::whole(cloud, cx, of, hash).await?,
            None => None,
        };
        let mut pull = PullRequest::from(self);
        (pull.head, pull.merge_commit) = (head, merge);
        Ok(pull)
    }
}

impl From<Wire> for PullRequest {
    fn from(wire: Wire) -> Self {
        let mut pull = PullRequest::new(wire.number(), "", wire.source(), wire.target(), wire.state());
        let full = |hash: Option<&str>| hash.filter(|hash| is_object_id(hash)).map(str::to_owned);
        (pull.head, pull.merge_commit) = (full(wire.head()), full(wire.merge_commit()));
        (pull.title, pull.body, pull.author) = (wire.title, text(wire.description), login(wire.author));
        (pull.created_at, pull.updated_at) = (wire.created_on, wire.updated_on);
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

pub(super) fn place(of: &RepoRef, number: u64) -> Result<Path> {
    Ok(repo(of)?.part("pullrequests").part(number))
}

/// Opens a pull request. A second one for the same branches would change the first, so that is looked for before.
///
/// # Errors
/// `Conflict` where there is one, `NotFound` without one of the branches.
pub(super) async fn open(cloud: &Cloud, cx: &CallContext, op: &CreatePullRequest) -> Result<Wire> {
    if let Some(twin) = open_between(cloud, cx, &op.repo, &op.target, &op.source).await? {
        return Err(twinned(&twin, &op.source, &op.target));
    }
    let body = named(json!({
        "type": "pullrequest",
        "title": op.title,
        "description": op.body,
        "source": { "branch": { "name": op.source } },
        "destination": { "branch": { "name": op.target } },
        "close_source_branch": false,
    }));
    let request = cloud.client.post(repo(&op.repo)?.part("pullrequests")).json(&body);
    match request.send(cx).await {
        // What is missing is told in words only.
        Err(error) if error.kind() == ErrorKind::Invalid => {
            for branch in [&op.target, &op.source] {
                branch::fetch(cloud, cx, &op.repo, branch).await?;
            }
            Err(error)
        }
        answer => answer,
    }
}

fn twinned(twin: &Wire, source: &str, target: &str) -> Error {
    conflict(format!("pull request {} brings {source} into {target} already", twin.number()))
}

pub(super) async fn create(cloud: &Cloud, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
    names::title(&op.title)?;
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    branches(&op.source, &op.target)?;
    let wire = open(cloud, cx, &op).await?;
    wire.whole(cloud, cx, &op.repo).await.map_err(Error::after_a_step)
}

pub(super) async fn fetch(cloud: &Cloud, cx: &CallContext, of: &RepoRef, number: u64) -> Result<Wire> {
    cloud.client.get(place(of, number)?).send(cx).await
}

pub(super) async fn get(cloud: &Cloud, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
    fetch(cloud, cx, &op.repo, op.number).await?.whole(cloud, cx, &op.repo).await
}

/// The ids of commits are shortened in lists, and then left out.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListPullRequests) -> Result<Page<PullRequest>> {
    let states: &[&str] = match op.state {
        None => &["OPEN", "MERGED", "DECLINED", "SUPERSEDED"],
        Some(PullRequestState::Open) => &["OPEN"],
        Some(PullRequestState::Merged) => &["MERGED"],
        Some(PullRequestState::Closed) => &["DECLINED", "SUPERSEDED"],
    };
    let mut filters: Vec<_> = states.iter().map(|state| ("state", *state)).collect();
    filters.push(("sort", "-created_on"));
    let listing = Listing {
        list: List(("pull_requests", &op.repo, op.state)),
        path: repo(&op.repo)?.part("pullrequests"),
        filters: &filters,
        most: MOST_PULL_REQUESTS,
    };
    listing.page(cloud, cx, &op.page, |wire: Wire| Some(PullRequest::from(wire))).await
}

/// How many pages of pull requests of forks are gone through to find the own one.
const MOST_PAGES: usize = 20;

/// The open pull request that brings one branch into another, both of this repository.
///
/// # Errors
/// `Unsupported` where too many forks bring branches of the same names, else those of any request.
pub(super) async fn open_between(
    cloud: &Cloud,
    cx: &CallContext,
    of: &RepoRef,
    target: &str,
    source: &str,
) -> Result<Option<Wire>> {
    let query = format!(
        "state = \"OPEN\" AND source.branch.name = \"{}\" AND destination.branch.name = \"{}\"",
        branch::quoted(source),
        branch::quoted(target)
    );
    let mut place = Some(Place { skip: 0, query: page::first(&[("q", &query)], MOST_PULL_REQUESTS) });
    for _ in 0..MOST_PAGES {
        let Some(at) = place.take() else { return Ok(None) };
        let path = repo(of)?.part("pullrequests");
        let (found, next) = page::read::<Wire>(cloud, cx, path, at, usize::MAX).await?;
        let same = |wire: &Wire| {
            wire.state() == PullRequestState::Open
                && wire.fork().is_none()
                && (wire.source().as_str(), wire.target()) == (source, target)
        };
        if let Some(wire) = found.into_iter().find(same) {
            return Ok(Some(wire));
        }
        place = next;
    }
    match place {
        None => Ok(None),
        Some(_) => Err(unsupported(
            "too many pull requests of forks join branches of these names to find the own one",
        )),
    }
}

/// Only open ones can be changed, and a closed one stays closed. Reviewers that a change does not name would be taken off, so all
/// are named.
pub(super) async fn update(cloud: &Cloud, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
    if let Some(title) = &op.title {
        names::title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    if let Some(target) = &op.target {
        BranchName::parse("target", target)?;
    }
    let now = fetch(cloud, cx, &op.repo, op.number).await?;
    let (number, source, state) = (op.number, now.source(), now.state());
    if op.target.as_deref() == Some(source.as_str()) {
        return Err(invalid(format!("target: {source} is the source of pull request {number} itself")));
    }
    let turned = op.target.as_deref().filter(|target| *target != now.target());
    let changes = op.title.is_some() || op.body.is_some() || turned.is_some();
    match (state, op.open) {
        (PullRequestState::Merged, Some(_)) => {
            return Err(conflict(format!("pull request {number} is merged: it stays as it is")));
        }
        (PullRequestState::Closed, Some(true)) => {
            return Err(unsupported(
                "a pull request that was declined cannot be opened again: open another one",
            ));
        }
        (PullRequestState::Merged | PullRequestState::Closed, _) if changes => {
            return Err(conflict(format!("pull request {number} is not open: it stays as it is")));
        }
        _ => {}
    }
    if let Some(target) = turned {
        branch::fetch(cloud, cx, &op.repo, target).await?;
        if let Some(twin) = open_between(cloud, cx, &op.repo, target, &source).await? {
            return Err(twinned(&twin, &source, target));
        }
    }
    let mut wire = now;
    if changes {
        let body = changed(&wire, &op, turned);
        wire = cloud.client.put(place(&op.repo, number)?).json(&body).send(cx).await?;
    }
    if op.open == Some(false) && state == PullRequestState::Open {
        let declined = decline(cloud, cx, &op.repo, number).await;
        wire = if changes { declined.map_err(Error::after_a_step)? } else { declined? };
    }
    let whole = wire.whole(cloud, cx, &op.repo).await;
    if changes || op.open == Some(false) { whole.map_err(Error::after_a_step) } else { whole }
}

fn changed(now: &Wire, op: &UpdatePullRequest, target: Option<&str>) -> Value {
    let reviewers: Vec<_> = now.reviewers.iter().filter_map(|who| who.uuid.as_ref()).collect();
    named(json!({
        "type": "pullrequest",
        "title": op.title.as_deref().unwrap_or(&now.title),
        "description": op.body.as_deref().or(now.description.as_deref()),
        "destination": target.map(|target| json!({ "branch": { "name": target } })),
        "reviewers": reviewers.iter().map(|uuid| json!({ "type": "user", "uuid": uuid })).collect::<Vec<_>>(),
    }))
}

/// Closes a pull request without merging it.
pub(super) async fn decline(cloud: &Cloud, cx: &CallContext, of: &RepoRef, number: u64) -> Result<Wire> {
    cloud.client.post(place(of, number)?.part("decline")).send(cx).await
}
