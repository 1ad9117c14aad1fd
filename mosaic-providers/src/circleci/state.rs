//! Where pipelines, workflows and jobs stand.

use std::collections::BTreeMap;

use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;

use super::wire;
use crate::run_state::circleci::WORDS;

/// How long a pipeline may be without a workflow, in seconds; then nothing of it is to be run.
const EMPTY: i64 = 300;

impl wire::Workflow {
    pub(super) fn state(&self) -> RunState {
        WORDS.read(&self.status, self.stopped_at.is_some())
    }

    /// Whether it only makes the definition of the others.
    pub(super) fn prepares(&self) -> bool {
        self.tag.as_deref() == Some("setup")
    }
}

impl wire::Job {
    /// What it is in a workflow that has ended, or has not.
    pub(super) fn state(&self, over: bool) -> RunState {
        match WORDS.read(&self.status, over || self.stopped_at.is_some()) {
            // What still waits when everything is over was not run.
            RunState::Queued if over => RunState::Skipped,
            state => state,
        }
    }
}

/// A time of CircleCI's.
pub(super) fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// The workflows that count: of those that were repeated the newest.
pub(super) fn counted(workflows: &[wire::Workflow]) -> Vec<&wire::Workflow> {
    let mut newest: BTreeMap<(&str, bool), &wire::Workflow> = BTreeMap::new();
    for workflow in workflows {
        let known = newest.entry((&workflow.name, workflow.prepares())).or_insert(workflow);
        if time(workflow.created_at.as_deref()) > time(known.created_at.as_deref()) {
            *known = workflow;
        }
    }
    workflows.iter().filter(|one| newest.values().any(|newest| newest.id == one.id)).collect()
}

/// Where a pipeline stands, by its workflows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) state: RunState,
    /// CircleCI's word that decided it.
    pub(super) word: String,
    pub(super) attempt: Option<u64>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
}

/// Combines the workflows of a pipeline: as long as one of them goes on, so does the run; then the worst end is the end.
pub(super) fn standing(pipeline: &wire::Pipeline, all: &[wire::Workflow], now: Timestamp) -> Standing {
    let counted = counted(all);
    let (state, word) = decide(pipeline, &counted, now);
    let same = |one: &wire::Workflow, other: &wire::Workflow| {
        (&one.name, one.prepares()) == (&other.name, other.prepares())
    };
    let attempts = counted.iter().map(|one| all.iter().filter(|other| same(one, other)).count() as u64);
    let times = |of: fn(&wire::Workflow) -> Option<&str>| counted.iter().filter_map(move |one| time(of(one)));
    let ended_at = times(|one| one.stopped_at.as_deref()).max().filter(|_| state.is_final());
    Standing {
        state,
        word,
        attempt: attempts.max(),
        started_at: times(|one| one.created_at.as_deref()).min(),
        ended_at,
    }
}

fn decide(pipeline: &wire::Pipeline, counted: &[&wire::Workflow], now: Timestamp) -> (RunState, String) {
    use RunState::{Blocked, Cancelled, Failed, Queued, Running, Skipped, Succeeded};
    if counted.is_empty() {
        return (empty(pipeline, now), pipeline.state.clone());
    }
    for wanted in [Running, Queued, Blocked, Failed, Cancelled] {
        if let Some(found) = counted.iter().find(|workflow| workflow.state() == wanted) {
            return (wanted, found.status.clone());
        }
    }
    if pipeline.state == "errored" {
        return (Failed, pipeline.state.clone());
    }
    // What is to be run is only known when the first workflow has ended.
    if matches!(pipeline.state.as_str(), "setup" | "setup-pending" | "pending") {
        return (Running, pipeline.state.clone());
    }
    let best = counted.iter().find(|workflow| workflow.state() == Succeeded).or_else(|| counted.first());
    let word = best.map(|workflow| workflow.status.clone()).unwrap_or_default();
    (best.map_or(Skipped, |workflow| workflow.state()), word)
}

/// What a pipeline without workflows is.
fn empty(pipeline: &wire::Pipeline, now: Timestamp) -> RunState {
    if pipeline.state == "errored" || !pipeline.errors.is_empty() {
        return RunState::Failed;
    }
    let since = time(pipeline.updated_at.as_deref()).or_else(|| time(pipeline.created_at.as_deref()));
    match since {
        Some(since) if pipeline.state == "created" && now.as_second() - since.as_second() > EMPTY => {
            RunState::Skipped
        }
        _ => RunState::Queued,
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
