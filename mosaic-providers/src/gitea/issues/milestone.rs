//! Sprints: milestones, which have an end and no begin, and are open or closed.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, Result};
use mosaic_core::op::project::{CreateSprint, ListIssues, ListSprints, PlanSprint};
use mosaic_core::types::project::{Sprint, SprintPlan, SprintState};
use mosaic_core::types::{IssueRef, Page, PageRequest, ProjectKey, RepoRef, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::super::git::repository;
use super::super::server::{Server, conflict, invalid, named, not_found, page, repo, unsupported};
use super::super::wire::{self, Many, moment, text};
use super::{issue, list};
use crate::forge::{names, tracker};
use crate::http::List;

/// The longest name that a sprint may have.
const NAME_MAX: usize = 255;

#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    state: String,
    #[serde(default, deserialize_with = "moment")]
    due_on: Option<Timestamp>,
}

impl Wire {
    fn sprint(self, project: &ProjectKey) -> Sprint {
        let state = if self.state == "closed" { SprintState::Closed } else { SprintState::Planned };
        let mut sprint = Sprint::new(wire::number(self.id).to_string(), project, self.title, state);
        (sprint.goal, sprint.ends_at) = (text(self.description), self.due_on);
        sprint
    }
}

fn no_begin<T>() -> Result<T> {
    Err(unsupported("startsAt: a milestone has an end, and no begin"))
}

fn check_goal(goal: Option<&str>) -> Result<()> {
    goal.map_or(Ok(()), |goal| names::body("goal", goal).map(|_| ()))
}

/// A milestone of a repository. Its title would be an answer too, so what is no number is not asked for.
pub(super) async fn fetch(server: &Server, cx: &CallContext, of: &RepoRef, sprint: &str) -> Result<Wire> {
    let missing = || not_found(format!("there is no sprint {} in {of}", names::shown(sprint)));
    let id: i64 = sprint.parse().map_err(|_| missing())?;
    if id <= 0 || id.to_string() != sprint {
        return Err(missing());
    }
    server.client.get(repo(of)?.part("milestones").part(id)).send(cx).await
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
    let reference = tracker::repository(&op.project)?;
    names::line("name", &op.name)?;
    if op.name.trim().is_empty() || op.name.chars().count() > NAME_MAX {
        return Err(invalid(format!("name: a sprint has a name of 1 to {NAME_MAX} characters")));
    }
    check_goal(op.goal.as_deref())?;
    if let (Some(begin), Some(end)) = (op.starts_at, op.ends_at)
        && end < begin
    {
        return Err(invalid("endsAt: a sprint does not end before it begins"));
    }
    if op.starts_at.is_some() {
        return no_begin();
    }
    let body = named(json!({ "title": op.name, "description": op.goal, "due_on": op.ends_at }));
    let request = server.client.post(repo(&reference)?.part("milestones")).json(&body);
    Ok(request.send::<Wire>(cx).await?.sprint(&op.project))
}

/// Those that are due first come first.
pub(super) async fn list(server: &Server, cx: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
    let reference = tracker::repository(&op.project)?;
    let list = List(("sprints", &op.project, op.state));
    let part = server.part(&list, &op.page)?;
    let state = match op.state {
        None => "all",
        Some(SprintState::Planned) => "open",
        Some(SprintState::Closed) => "closed",
        Some(SprintState::Active) => {
            repository::fetch(server, cx, &reference).await?;
            return Ok(Page::last(Vec::new()));
        }
    };
    let request = server.client.get(repo(&reference)?.part("milestones")).query("state", state);
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(|wire| wire.sprint(&op.project)).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}

/// Everything that a plan names is looked at before anything is changed. The changes are calls of their own: the milestone first,
/// then each issue.
pub(super) async fn plan(server: &Server, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
    let reference = tracker::repository(&op.project)?;
    check_goal(op.goal.as_deref())?;
    if let Some(number) = op.add_issues.iter().find(|number| op.remove_issues.contains(number)) {
        return Err(invalid(format!("issue {number} is both to be put in and to be taken out")));
    }
    if let (Some(begin), Some(end)) = (op.starts_at, op.ends_at)
        && end < begin
    {
        return Err(invalid("endsAt: a sprint does not end before it begins"));
    }
    let now = fetch(server, cx, &reference, &op.sprint).await?;
    let closed = now.state == "closed";
    let state = match op.state {
        None => None,
        Some(SprintState::Closed) => Some("closed"),
        Some(_) if closed => {
            return Err(conflict(format!("sprint {} of {} is closed and stays so", op.sprint, op.project)));
        }
        Some(SprintState::Planned) => Some("open"),
        Some(SprintState::Active) => {
            return Err(unsupported("state: a milestone is open or closed, and does not begin"));
        }
    };
    if op.starts_at.is_some() {
        return no_begin();
    }
    let mut moves = Vec::new();
    let all = op.add_issues.iter().map(|number| (*number, true));
    for (number, put) in all.chain(op.remove_issues.iter().map(|number| (*number, false))) {
        let issue = IssueRef::new(&op.project, number);
        let inside = issue::fetch(server, cx, &issue).await?.sprint().as_deref() == Some(op.sprint.as_str());
        if inside != put && !moves.contains(&(number, put)) {
            moves.push((number, put));
        }
    }
    let mut steps = 0;
    let mut done = |result: Result<()>| {
        let result = if steps > 0 { result.map_err(Error::after_a_step) } else { result };
        steps += 1;
        result
    };
    let id = wire::number(now.id);
    if op.goal.is_some() || op.ends_at.is_some() || state.is_some() {
        let body = named(json!({ "description": op.goal, "due_on": op.ends_at, "state": state }));
        let request = server.client.patch(repo(&reference)?.part("milestones").part(id)).json(&body);
        done(request.send::<IgnoredAny>(cx).await.map(|_| ()))?;
    }
    for (number, put) in moves {
        let (_, path) = issue::place(&IssueRef::new(&op.project, number))?;
        let milestone: Value = if put { json!(id) } else { json!(0) };
        let request = server.client.patch(path).json(&json!({ "milestone": milestone }));
        done(request.send::<IgnoredAny>(cx).await.map(|_| ()))?;
    }
    let result = planned(server, cx, &op.project, &reference, &op.sprint).await;
    if steps > 0 { result.map_err(Error::after_a_step) } else { result }
}

/// The sprint and all issues that are planned for it.
async fn planned(
    server: &Server,
    cx: &CallContext,
    project: &ProjectKey,
    of: &RepoRef,
    sprint: &str,
) -> Result<SprintPlan, Error> {
    let now = fetch(server, cx, of, sprint).await?.sprint(project);
    let (mut numbers, mut request) = (Vec::new(), PageRequest::first(100));
    loop {
        let op = ListIssues::of(project).sprint(sprint).page(request);
        let page = list::list(server, cx, op).await?;
        numbers.extend(page.items.iter().map(|issue| issue.issue.number));
        match page.next {
            Some(next) => request = PageRequest::first(100).at(next),
            None => break,
        }
    }
    numbers.sort_unstable();
    Ok(SprintPlan::new(now, numbers))
}
