//! Milestones as sprints.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::project::{CreateSprint, ListSprints, PlanSprint};
use mosaic_core::types::project::{Sprint, SprintPlan, SprintState};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use serde::Serialize;
use serde_json::json;

use super::issue::{at_issue, fetch};
use super::wire::{Milestone, Row};
use super::{MOST, at_repo, whole_page};
use crate::forge::{names, tracker};
use crate::http::{Client, List, Path, limit_of};

/// The longest title that GitHub keeps, in characters.
const TITLE_MAX: usize = 255;

/// How many pages of milestones, or of the issues of one, are read.
const PAGES: u64 = 20;

/// The number of a milestone.
///
/// # Errors
/// `NotFound` where the id is none.
pub(super) fn number(repo: &RepoRef, sprint: &str) -> Result<u64> {
    sprint.parse().map_err(|_| {
        Error::new(ErrorKind::NotFound, format!("there is no sprint {} in {repo}", names::shown(sprint)))
    })
}

fn at_milestone(repo: &RepoRef, number: u64) -> Path {
    at_repo(repo).part("milestones").part(number)
}

/// A time as GitHub takes it: in whole seconds.
fn whole(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Milestones have an end and no begin.
fn check_begin(begin: Option<Timestamp>) -> Result<()> {
    match begin {
        None => Ok(()),
        Some(_) => {
            let text =
                "starts_at: a milestone of GitHub has a day on which it ends, and none on which it begins";
            Err(Error::new(ErrorKind::Unsupported, text))
        }
    }
}

#[derive(Serialize)]
struct New<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_on: Option<String>,
}

/// Makes a sprint.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
    let repo = tracker::repository(&op.project)?;
    names::line("name", &op.name)?;
    if op.name.trim().is_empty() || op.name.chars().count() > TITLE_MAX {
        let text = format!("name: use one line of 1 to {TITLE_MAX} characters");
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    if let Some(goal) = &op.goal {
        names::body("goal", goal)?;
    }
    check_begin(op.starts_at)?;
    let new = New { title: &op.name, description: op.goal.as_deref(), due_on: op.ends_at.map(whole) };
    let made: Milestone = client.post(at_repo(&repo).part("milestones")).json(&new).send(cx).await?;
    Ok(made.sprint(&op.project))
}

/// Every row of a list.
///
/// # Errors
/// `Unsupported` where there are more than 2,000.
async fn all<T, F>(what: &str, fetch: impl Fn(u64) -> F) -> Result<Vec<T>>
where
    F: Future<Output = Result<(Vec<T>, bool)>>,
{
    let mut rows = Vec::new();
    for page in 1..=PAGES {
        let (found, more) = fetch(page).await?;
        rows.extend(found);
        if !more {
            return Ok(rows);
        }
    }
    let text = format!("there are more than {} {what}, which cannot be put in order", PAGES * MOST as u64);
    Err(Error::new(ErrorKind::Unsupported, text))
}

/// Lists sprints in the order in which they were made. GitHub lists milestones in others only, so all are read.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
    let repo = tracker::repository(&op.project)?;
    let list = List(("sprints", &op.project, &op.state));
    let after: u64 = list.after(&op.page)?.unwrap_or(0);
    let state = match op.state {
        None => "all",
        Some(SprintState::Planned) => "open",
        Some(SprintState::Closed) => "closed",
        Some(SprintState::Active) => return Ok(Page::last(Vec::new())),
    };
    let fetch =
        |page| whole_page(cx, client.get(at_repo(&repo).part("milestones")).query("state", state), page);
    let mut rows: Vec<Milestone> = all("milestones", fetch).await?;
    rows.sort_by_key(|milestone| milestone.number);
    let limit = limit_of(&op.page, MOST);
    let rows: Vec<_> = rows.into_iter().filter(|row| row.number > after).take(limit + 1).collect();
    let page = list.page(rows, limit, |row| row.number);
    Ok(Page::new(page.items.into_iter().map(|row| row.sprint(&op.project)).collect(), page.next))
}

#[derive(Serialize)]
struct Change<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_on: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

/// Plans a sprint: everything that it names is looked at before anything is changed; then the issues are changed one by one,
/// and the milestone last. Doing it again completes what was left half-made.
pub(super) async fn plan(client: &Client, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
    let repo = tracker::repository(&op.project)?;
    let number = number(&repo, &op.sprint)?;
    if let Some(goal) = &op.goal {
        names::body("goal", goal)?;
    }
    if let Some(both) = op.add_issues.iter().find(|issue| op.remove_issues.contains(issue)) {
        let text = format!("add_issues, remove_issues: {both} is in both");
        return Err(Error::new(ErrorKind::Invalid, text));
    }
    let now: Milestone = client.get(at_milestone(&repo, number)).send(cx).await.map_err(Error::refused)?;
    if now.is_closed() && op.state.is_some_and(|state| state != SprintState::Closed) {
        let text = format!("sprint {number} of {repo} is closed and stays so");
        return Err(Error::new(ErrorKind::Conflict, text));
    }
    if op.state == Some(SprintState::Active) {
        let text = "a milestone of GitHub is open or closed, and not at work";
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    check_begin(op.starts_at)?;
    let mut moves = Vec::new();
    for (issues, to) in [(&op.add_issues, Some(number)), (&op.remove_issues, None)] {
        for issue in issues {
            let at = fetch(client, cx, &repo, *issue).await.map_err(Error::refused)?.milestone();
            let moved = if to.is_some() { at != to } else { at == Some(number) };
            if moved && !moves.contains(&(*issue, to)) {
                moves.push((*issue, to));
            }
        }
    }
    for (issue, to) in moves {
        client.patch(at_issue(&repo, issue)).json(&json!({ "milestone": to })).done(cx).await?;
    }
    let change = Change {
        description: op.goal.as_deref(),
        due_on: op.ends_at.map(whole),
        state: op.state.map(|state| if state == SprintState::Closed { "closed" } else { "open" }),
    };
    let changes = change.description.is_some() || change.due_on.is_some() || change.state.is_some();
    let now =
        if changes { client.patch(at_milestone(&repo, number)).json(&change).send(cx).await? } else { now };
    let fetch = |page| {
        let request = client.get(at_repo(&repo).part("issues")).query("milestone", number);
        whole_page(cx, request.query("state", "all"), page)
    };
    let rows: Vec<Row> = all("issues", fetch).await?;
    let mut issues: Vec<_> = rows.iter().filter(|row| !row.is_pull_request()).map(Row::number).collect();
    issues.sort_unstable();
    Ok(SprintPlan::new(now.sprint(&op.project), issues))
}
