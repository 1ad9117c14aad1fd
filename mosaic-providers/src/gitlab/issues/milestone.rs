//! Sprints: milestones, which are open or closed and have days, not times of a day.

use std::borrow::Cow;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::project::{CreateSprint, ListIssues, ListSprints, PlanSprint};
use mosaic_core::types::project::{Sprint, SprintPlan, SprintState};
use mosaic_core::types::{IssueRef, Page, PageRequest, ProjectKey, RepoRef, Timestamp};
use serde_json::{Map, Value, json};

use super::super::client::{GitLab, PAGE, counted, halfway, project, unsupported};
use super::super::wire::number;
use super::issue::{self, repository};
use super::list;
use super::wire::WireMilestone;
use crate::forge::names;
use crate::http::{List, Numbered};

/// The longest name that a sprint may have.
const NAME_MAX: usize = 255;

fn invalid(text: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, text)
}

/// A milestone of a project.
pub(super) async fn fetch(
    lab: &GitLab,
    cx: &CallContext,
    repo: &RepoRef,
    sprint: &str,
) -> Result<WireMilestone> {
    let path = project(repo)?.part("milestones").part(counted("sprint", sprint)?);
    lab.get(path).send(cx).await
}

fn check_goal(goal: Option<&str>) -> Result<()> {
    goal.map_or(Ok(()), |goal| names::body("goal", goal).map(drop))
}

fn check_days(begin: Option<Timestamp>, end: Option<Timestamp>) -> Result<()> {
    match (begin, end) {
        (Some(begin), Some(end)) if end < begin => {
            Err(invalid("endsAt: a sprint does not end before it begins"))
        }
        _ => Ok(()),
    }
}

/// The day of a time, as GitLab writes it.
fn day(at: Timestamp) -> Value {
    at.strftime("%Y-%m-%d").to_string().into()
}

/// What both making and changing say.
fn facts(goal: Option<String>, begin: Option<Timestamp>, end: Option<Timestamp>) -> Map<String, Value> {
    let mut body = Map::new();
    body.extend(goal.map(|goal| ("description".to_owned(), goal.into())));
    body.extend(begin.map(|at| ("start_date".to_owned(), day(at))));
    body.extend(end.map(|at| ("due_date".to_owned(), day(at))));
    body
}

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
    let repo = repository(&op.project)?;
    names::line("name", &op.name)?;
    if op.name.trim().is_empty() || op.name.chars().count() > NAME_MAX {
        return Err(invalid(format!("name: a sprint has a name of 1 to {NAME_MAX} characters")));
    }
    check_goal(op.goal.as_deref())?;
    check_days(op.starts_at, op.ends_at)?;
    let mut body = facts(op.goal, op.starts_at, op.ends_at);
    body.insert("title".into(), op.name.into());
    let made = lab.post(project(&repo)?.part("milestones")).json(&Value::Object(body));
    let made: WireMilestone = lab.told(cx, &repo, made.send(cx).await).await?;
    Ok(made.sprint(&op.project))
}

/// Those that are due first come first.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
    let repo = repository(&op.project)?;
    let list = List(("sprints", &op.project, op.state));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let state = match op.state {
        None => None,
        Some(SprintState::Planned) => Some("active"),
        Some(SprintState::Closed) => Some("closed"),
        Some(SprintState::Active) => {
            lab.project(cx, &repo).await?;
            return Ok(Page::last(Vec::new()));
        }
    };
    let request = lab.get(project(&repo)?.part("milestones")).maybe("state", state);
    let request = request.query("page", page.number()).query("per_page", page.size);
    let answer = request.full::<Vec<WireMilestone>>(cx).await?;
    let items = answer.value.into_iter().map(|wire| wire.sprint(&op.project)).collect();
    Ok(page.linked(&list, items, &answer.headers))
}

/// Everything that a plan names is looked at before anything is changed. The changes are calls of their own: the milestone
/// first, then each issue.
pub(super) async fn plan(lab: &GitLab, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
    let repo = repository(&op.project)?;
    check_goal(op.goal.as_deref())?;
    if let Some(twice) = op.add_issues.iter().find(|number| op.remove_issues.contains(number)) {
        return Err(invalid(format!("issue {twice} is both to be put in and to be taken out")));
    }
    check_days(op.starts_at, op.ends_at)?;
    let now = fetch(lab, cx, &repo, &op.sprint).await?;
    check_days(op.starts_at.or(now.starts_at()), op.ends_at.or(now.ends_at()))?;
    let mut body = facts(op.goal, op.starts_at, op.ends_at);
    match op.state {
        Some(SprintState::Planned | SprintState::Active) if now.is_closed() => {
            let text = format!("sprint {} of {} is closed and stays so", op.sprint, op.project);
            return Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered));
        }
        Some(SprintState::Active) => {
            return Err(unsupported("state: a milestone of GitLab is open or closed, and does not begin"));
        }
        Some(SprintState::Closed) if !now.is_closed() => {
            body.insert("state_event".into(), "close".into());
        }
        _ => {}
    }
    let mut moves = Vec::new();
    let put = op.add_issues.iter().map(|number| (*number, true));
    for (issue, put) in put.chain(op.remove_issues.iter().map(|number| (*number, false))) {
        let found = issue::fetch(lab, cx, &IssueRef::new(&op.project, issue)).await?;
        let inside = found.sprint().as_deref() == Some(op.sprint.as_str());
        if inside != put && !moves.contains(&(issue, put)) {
            moves.push((issue, put));
        }
    }
    let mut done = false;
    let late =
        |done: bool, error: Error| if done { halfway(&error, "a part of the plan was made") } else { error };
    let id = number(now.id);
    if !body.is_empty() {
        let request = lab.put(project(&repo)?.part("milestones").part(id)).json(&Value::Object(body));
        lab.told(cx, &repo, request.done(cx).await).await?;
        done = true;
    }
    for (issue, put) in moves {
        let (_, path) = issue::place(&IssueRef::new(&op.project, issue))?;
        let request = lab.put(path).json(&json!({ "milestone_id": if put { id } else { 0 } }));
        lab.told(cx, &repo, request.done(cx).await).await.map_err(|error| late(done, error))?;
        done = true;
    }
    planned(lab, cx, &op.project, &repo, &op.sprint).await.map_err(|error| late(done, error))
}

/// The sprint and all issues that are planned for it.
async fn planned(
    lab: &GitLab,
    cx: &CallContext,
    project: &ProjectKey,
    repo: &RepoRef,
    sprint: &str,
) -> Result<SprintPlan> {
    let now = fetch(lab, cx, repo, sprint).await?.sprint(project);
    let (mut numbers, mut request) = (Vec::new(), PageRequest::first(100));
    loop {
        let page = list::list(lab, cx, ListIssues::of(project).sprint(sprint).page(request)).await?;
        numbers.extend(page.items.iter().map(|issue| issue.issue.number));
        match page.next {
            Some(next) => request = PageRequest::first(100).at(next),
            None => break,
        }
    }
    numbers.sort_unstable();
    Ok(SprintPlan::new(now, numbers))
}
