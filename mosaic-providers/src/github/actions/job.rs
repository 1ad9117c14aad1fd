//! Jobs of a run.

use std::cmp::Reverse;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::ListJobs;
use mosaic_core::types::cicd::{Job, RunState};
use mosaic_core::types::{Page, RepoRef};

use super::hub::{Hub, at_actions, number};
use super::wire;
use crate::github::client::MOST;
use crate::http::{List, Numbered};
use crate::run_state::github as state;

/// How many pages of jobs are read at most.
const PAGES: usize = 20;

pub(super) async fn list(hub: &Hub, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
    let run = number(&op.run)?;
    let list = List(("cicd.list_jobs", &op.repo, run));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let mut jobs = all(hub, cx, &op.repo, run).await?;
    // GitHub's order is no order of time. What has not begun comes last.
    jobs.sort_by_key(|job| (Reverse(began(job)), job.started_at.filter(|_| began(job)), job.id));
    Ok(part.cut(&list, jobs.into_iter().map(read).collect()))
}

/// The jobs of the latest attempt.
async fn all(hub: &Hub, cx: &CallContext, repo: &RepoRef, run: u64) -> Result<Vec<wire::Job>> {
    let mut all = Vec::new();
    for page in 1..=PAGES {
        let path = at_actions(repo, "runs").part(run).part("jobs");
        let request =
            hub.client.get(path).query("filter", "latest").query("per_page", MOST).query("page", page);
        let read: wire::Jobs = request.send(cx).await?;
        let full = read.jobs.len() >= MOST;
        all.extend(read.jobs);
        if !full {
            return Ok(all);
        }
    }
    let text = format!("a run with more than {} jobs cannot be listed in their order", PAGES * MOST);
    Err(Error::new(ErrorKind::Unsupported, text))
}

impl wire::Job {
    pub(super) fn state(&self) -> RunState {
        state::read(self.status.as_deref(), self.conclusion.as_deref())
    }
}

fn began(job: &wire::Job) -> bool {
    !matches!(job.state(), RunState::Queued | RunState::Blocked | RunState::Skipped)
        && job.started_at.is_some()
}

fn read(wire: wire::Job) -> Job {
    let (state, began) = (wire.state(), began(&wire));
    let mut job = Job::new(wire.id.to_string(), wire.name, state);
    job.started_at = wire.started_at.filter(|_| began);
    job.ended_at = wire.completed_at.filter(|_| state.is_final());
    let bad = |step: &&wire::Step| matches!(step.conclusion.as_deref(), Some("failure" | "timed_out"));
    let culprit = wire.steps.iter().flatten().find(bad).filter(|_| state == RunState::Failed);
    job.reason = match (culprit, state::reason(wire.conclusion.as_deref())) {
        (_, Some(reason)) if state.is_final() => Some(reason.to_owned()),
        (Some(step), _) => Some(format!("step `{}` failed", step.name)),
        _ => None,
    };
    job.vendor_state = state::own(wire.status, wire.conclusion);
    job
}
