//! Issues: made, read and changed.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::project::{CreateIssue, GetIssue, UpdateIssue};
use mosaic_core::types::project::{Issue, IssueState};
use mosaic_core::types::{IssueRef, ProjectKey, RepoRef};
use serde_json::{Map, Value, json};

use super::super::client::{GitLab, halfway, project, unsupported};
use super::super::wire::{Person, number};
use super::wire::WireIssue;
use super::{label, link};
use crate::forge::names;
use crate::http::{Path, at};

/// The longest title.
const TITLE_MAX: usize = 255;

/// The repository that a key stands for: the last part is the name, everything before is the owner.
///
/// # Errors
/// `Invalid` where the key is not `owner/name`.
pub(in crate::gitlab) fn repository(key: &ProjectKey) -> Result<RepoRef> {
    let Some((owner, name)) = key.as_str().rsplit_once('/') else {
        let text = format!("project: {} is no repository: give owner/name", names::shown(key.as_str()));
        return Err(Error::new(ErrorKind::Invalid, text));
    };
    let repo = RepoRef::new(owner, name);
    project(&repo)?;
    Ok(repo)
}

/// The path of an issue.
///
/// # Errors
/// `Invalid` where the key is no repository, `NotFound` where no issue has such a number.
pub(super) fn place(of: &IssueRef) -> Result<(RepoRef, Path)> {
    let repo = repository(&of.project)?;
    if of.number == 0 || i32::try_from(of.number).is_err() {
        return Err(Error::new(ErrorKind::NotFound, format!("there is no issue {of}")));
    }
    let path = project(&repo)?.part("issues").part(of.number);
    Ok((repo, path))
}

/// An issue as GitLab tells it.
pub(super) async fn fetch(lab: &GitLab, cx: &CallContext, of: &IssueRef) -> Result<WireIssue> {
    lab.get(place(of)?.1).send(cx).await
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetIssue) -> Result<Issue> {
    let (repo, _) = place(&op.issue)?;
    let issue = fetch(lab, cx, &op.issue).await?.issue(&repo);
    Ok(issue.links(link::of(lab, cx, &op.issue).await?))
}

fn check_title(title: &str) -> Result<()> {
    names::title(title)?;
    if title.chars().count() > TITLE_MAX {
        let text = format!("title: use at most {TITLE_MAX} characters");
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    Ok(())
}

/// What is sent to have somebody do it: the number that GitLab knows the person by, which is looked up; 0 for nobody.
async fn assignee(lab: &GitLab, cx: &CallContext, login: &str) -> Result<Value> {
    if login.is_empty() {
        return Ok(json!([0]));
    }
    names::line("assignee", login)?;
    let found: Vec<Person> = lab.get(at!["users"]).query("username", login).send(cx).await?;
    let Some(person) = found.first() else {
        let text = format!("assignee: GitLab knows nobody called {}", names::shown(login));
        return Err(Error::new(ErrorKind::Invalid, text).delivery(Delivery::Answered));
    };
    Ok(json!([number(person.id)]))
}

/// Whether the issue was given to whom it was to be: GitLab passes over people who may not see it.
fn assigned(issue: &Issue, login: Option<&str>) -> Result<()> {
    let login = login.filter(|login| !login.is_empty());
    let Some(login) =
        login.filter(|login| issue.assignee.as_deref().is_none_or(|now| !now.eq_ignore_ascii_case(login)))
    else {
        return Ok(());
    };
    let text = format!("assignee: GitLab does not give issues of this project to {}", names::shown(login));
    let refused = Error::new(ErrorKind::Invalid, text).delivery(Delivery::Answered);
    Err(halfway(&refused, format_args!("issue {} was written without", issue.issue)))
}

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
    let repo = repository(&op.project)?;
    check_title(&op.title)?;
    let mut body = Map::from_iter([("title".to_owned(), Value::from(op.title))]);
    if let Some(text) = op.body {
        names::body("body", &text)?;
        body.insert("description".into(), text.into());
    }
    if !op.labels.is_empty() {
        body.insert("labels".into(), label::joined(&op.labels)?.into());
    }
    let login = op.assignee.filter(|login| !login.is_empty());
    if let Some(login) = &login {
        body.insert("assignee_ids".into(), assignee(lab, cx, login).await?);
    }
    let request = lab.post(project(&repo)?.part("issues")).json(&Value::Object(body));
    let made: WireIssue = lab.told(cx, &repo, request.send(cx).await).await?;
    let issue = made.issue(&repo);
    assigned(&issue, login.as_deref())?;
    Ok(issue)
}

/// One request with everything that is to be otherwise.
pub(super) async fn update(lab: &GitLab, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
    let (repo, path) = place(&op.issue)?;
    let mut body = Map::new();
    if let Some(title) = op.title {
        check_title(&title)?;
        body.insert("title".into(), title.into());
    }
    if let Some(text) = op.body {
        names::body("body", &text)?;
        body.insert("description".into(), text.into());
    }
    let event = match op.state {
        None => None,
        Some(IssueState::Open) => Some("reopen"),
        Some(IssueState::Closed) => Some("close"),
        Some(IssueState::InProgress) => {
            return Err(unsupported("state: an issue of GitLab is open or closed, and nothing between"));
        }
    };
    body.extend(event.map(|event| ("state_event".to_owned(), event.into())));
    if let Some(labels) = &op.labels {
        body.insert("labels".into(), label::joined(labels)?.into());
    }
    if let Some(login) = &op.assignee {
        body.insert("assignee_ids".into(), assignee(lab, cx, login).await?);
    }
    if body.is_empty() {
        return get(lab, cx, GetIssue::of(&op.issue)).await;
    }
    let request = lab.put(path).json(&Value::Object(body));
    let changed: WireIssue = lab.told(cx, &repo, request.send(cx).await).await?;
    let issue = changed.issue(&repo);
    assigned(&issue, op.assignee.as_deref())?;
    let links =
        link::of(lab, cx, &op.issue).await.map_err(|error| halfway(&error, "the issue was changed"))?;
    Ok(issue.links(links))
}
