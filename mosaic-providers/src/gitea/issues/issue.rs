//! Issues: made, read and changed.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::project::{CreateIssue, GetIssue, UpdateIssue};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{IssueRef, RepoRef, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::server::{Server, invalid, named, not_found, repo, unsupported};
use super::super::wire::{self, User, login, moment, text};
use super::{label, link};
use crate::forge::{names, tracker};
use crate::http::Path;

/// The server cuts a longer title off without a word.
const TITLE_MAX: usize = 255;

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
    #[serde(default, deserialize_with = "wire::list")]
    labels: Vec<Named>,
    #[serde(default)]
    pub(super) milestone: Option<Milestone>,
    assignee: Option<User>,
    /// There where it is a pull request.
    #[serde(default)]
    pull_request: Option<IgnoredAny>,
    /// There where issues of several repositories are listed.
    #[serde(default)]
    repository: Option<Place>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    updated_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Milestone {
    #[serde(default)]
    pub(super) id: i64,
}

#[derive(Debug, Deserialize)]
struct Place {
    #[serde(default)]
    name: String,
    #[serde(default)]
    owner: String,
}

impl Wire {
    pub(super) fn number(&self) -> u64 {
        wire::number(self.number)
    }

    pub(super) fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    /// The id of the milestone that it is planned for.
    pub(super) fn sprint(&self) -> Option<String> {
        let id = self.milestone.as_ref().map(|milestone| wire::number(milestone.id));
        id.filter(|id| *id > 0).map(|id| id.to_string())
    }

    /// The repository that it says it is of.
    pub(super) fn repository(&self) -> Option<RepoRef> {
        self.repository.as_ref().map(|place| RepoRef::new(place.owner.as_str(), place.name.as_str()))
    }

    /// The issue, without its links.
    pub(super) fn issue(self, of: &RepoRef) -> Issue {
        let state = if self.state == "closed" { IssueState::Closed } else { IssueState::Open };
        let (number, sprint) = (self.number(), self.sprint());
        let mut issue = Issue::new(tracker::key(of), number, self.title, state);
        (issue.body, issue.author) = (text(self.body), login(self.user));
        (issue.assignee, issue.sprint) = (login(self.assignee), sprint);
        (issue.created_at, issue.updated_at) = (self.created_at, self.updated_at);
        let mut labels: Vec<_> = self.labels.into_iter().map(|label| label.name).collect();
        labels.sort_unstable();
        issue.labels(labels)
    }
}

/// The path of an issue.
///
/// # Errors
/// `Invalid` where the key is no repository, `NotFound` where no issue has such a number.
pub(super) fn place(of: &IssueRef) -> Result<(RepoRef, Path)> {
    let reference = tracker::repository(&of.project)?;
    if of.number == 0 || i64::try_from(of.number).is_err() {
        return Err(not_found(format!("there is no issue {of}")));
    }
    let path = repo(&reference)?.part("issues").part(of.number);
    Ok((reference, path))
}

/// An issue as the server sends it; a pull request, which has a number of the same row, is none.
pub(super) async fn fetch(server: &Server, cx: &CallContext, of: &IssueRef) -> Result<Wire> {
    let (_, path) = place(of)?;
    let wire: Wire = server.client.get(path).send(cx).await?;
    if wire.is_pull_request() {
        return Err(not_found(format!("{of} is a pull request, and no issue")));
    }
    Ok(wire)
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetIssue) -> Result<Issue> {
    let reference = tracker::repository(&op.issue.project)?;
    let issue = fetch(server, cx, &op.issue).await?.issue(&reference);
    Ok(issue.links(link::of(server, cx, &op.issue).await?))
}

fn check_title(title: &str) -> Result<()> {
    names::title(title)?;
    if title.chars().count() > TITLE_MAX {
        return Err(invalid(format!("title: use at most {TITLE_MAX} characters")));
    }
    Ok(())
}

/// Labels that the repository does not have are made first, in grey.
pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
    let reference = tracker::repository(&op.project)?;
    check_title(&op.title)?;
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let labels = label::wanted(server, cx, &reference, &op.labels).await?;
    let body = named(json!({
        "title": op.title,
        "body": op.body,
        "assignees": op.assignee.as_deref().filter(|login| !login.is_empty()).map(|login| [login]),
        "labels": (!labels.ids.is_empty()).then_some(&labels.ids),
    }));
    let request = server.client.post(repo(&reference)?.part("issues")).json(&body);
    let made = request.send::<Wire>(cx).await;
    let made = if labels.made { made.map_err(Error::after_a_step) } else { made };
    Ok(made?.issue(&reference))
}

/// Labels have a call of their own, and so has whoever is to do it: an unknown name is refused by then and nothing else was changed.
pub(super) async fn update(server: &Server, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
    let (reference, path) = place(&op.issue)?;
    if let Some(title) = &op.title {
        check_title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let state = match op.state {
        None => None,
        Some(IssueState::Open) => Some("open"),
        Some(IssueState::Closed) => Some("closed"),
        Some(IssueState::InProgress) => {
            return Err(unsupported("state: an issue is open or closed here, and nothing between"));
        }
    };
    label::check(op.labels.as_deref().unwrap_or_default())?;
    fetch(server, cx, &op.issue).await?;
    let mut steps = 0;
    let patch = async |body: Value| {
        server.client.patch(path.clone()).json(&named(body)).send::<IgnoredAny>(cx).await.map(|_| ())
    };
    let mut done = |result: Result<()>| {
        let result = if steps > 0 { result.map_err(Error::after_a_step) } else { result };
        steps += 1;
        result
    };
    if let Some(login) = &op.assignee {
        let logins = if login.is_empty() { vec![] } else { vec![login] };
        done(patch(json!({ "assignees": logins })).await)?;
    }
    if op.title.is_some() || op.body.is_some() || state.is_some() {
        done(patch(json!({ "title": op.title, "body": op.body, "state": state })).await)?;
    }
    if let Some(labels) = &op.labels {
        let put = async {
            let ids = label::wanted(server, cx, &reference, labels).await?.ids;
            let request = server.client.put(path.clone().part("labels")).json(&json!({ "labels": ids }));
            request.send::<IgnoredAny>(cx).await.map(|_| ())
        };
        done(put.await)?;
    }
    let result = get(server, cx, GetIssue::of(&op.issue)).await;
    if steps > 0 { result.map_err(Error::after_a_step) } else { result }
}
