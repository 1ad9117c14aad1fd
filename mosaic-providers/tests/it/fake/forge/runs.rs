//! Runs of pipelines: each look at them moves them on by one step, so that tests see every state and none waits for a clock.
//!
//! A run is queued, then running; its jobs begin when what they need ended well, do one step a look, and end; a job after a
//! failure is skipped. [`Step::WaitForEver`] ends only by [`Forge::cancel_run`].

use std::collections::BTreeMap;

use mosaic_core::testkit::suite::cicd::{Draft, Step};
use mosaic_core::types::cicd::RunState;

use super::{ArtifactFile, Forge, JobRun, Refusal, Run, State, now};

/// A run that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Trigger {
    pub(crate) pipeline: String,
    pub(crate) reference: String,
    pub(crate) commit: String,
    pub(crate) event: String,
    pub(crate) actor: String,
    pub(crate) inputs: BTreeMap<String, String>,
    pub(crate) program: Draft,
}

impl Forge {
    /// Queues a run.
    pub(crate) fn trigger_run(&self, repo: u64, trigger: Trigger) -> Run {
        let mut state = self.state();
        let id = state.fresh_id();
        let jobs = fresh_jobs(&mut state, &trigger.program);
        let number =
            state.runs.values().filter(|run| run.repo == repo).map(|run| run.number).max().unwrap_or(0) + 1;
        let now = now();
        let run = Run {
            id,
            repo,
            number,
            pipeline: trigger.pipeline,
            reference: trigger.reference,
            commit: trigger.commit,
            event: trigger.event,
            actor: trigger.actor,
            inputs: trigger.inputs,
            program: trigger.program,
            attempt: 1,
            state: RunState::Queued,
            jobs,
            artifacts: Vec::new(),
            before: Vec::new(),
            created_at: now,
            updated_at: now,
            started_at: None,
            ended_at: None,
        };
        state.runs.insert(id, run.clone());
        run
    }

    /// A copy of a run of this repository, which moves on afterwards.
    pub(crate) fn run(&self, repo: u64, id: u64) -> Option<Run> {
        let mut state = self.state();
        let run = state.runs.get(&id).filter(|run| run.repo == repo).cloned();
        advance(&mut state);
        run
    }

    /// Copies of the runs of a repository, newest first, which move on afterwards.
    pub(crate) fn runs(&self, repo: u64) -> Vec<Run> {
        let mut state = self.state();
        let runs = state.runs.values().rev().filter(|run| run.repo == repo).cloned().collect();
        advance(&mut state);
        runs
    }

    /// The run and the job that has this id, in whatever attempt; both move on afterwards.
    pub(crate) fn job(&self, repo: u64, id: u64) -> Option<(Run, JobRun)> {
        self.runs(repo).into_iter().find_map(|run| {
            let mut jobs = run.jobs.iter().chain(run.before.iter().flatten());
            let job = jobs.find(|job| job.id == id).cloned()?;
            Some((run, job))
        })
    }

    /// Cancels a run. `State` where it has ended.
    pub(crate) fn cancel_run(&self, repo: u64, id: u64) -> Result<(), Refusal> {
        let mut state = self.state();
        let Some(run) = state.runs.get_mut(&id).filter(|run| run.repo == repo) else {
            return Err(Refusal::missing("Not Found"));
        };
        if run.state.is_final() {
            return Err(Refusal::state("Cannot cancel a workflow run that is completed."));
        }
        let now = now();
        for job in run.jobs.iter_mut().filter(|job| !job.state.is_final()) {
            (job.state, job.ended_at) = (RunState::Cancelled, Some(now));
        }
        (run.state, run.updated_at, run.ended_at) = (RunState::Cancelled, now, Some(now));
        Ok(())
    }

    /// Repeats a run that has ended, under its own id as the next attempt: all jobs, or those that did not end well and what
    /// needs them. `State` where it has not ended, or where no job failed.
    pub(crate) fn rerun(&self, repo: u64, id: u64, failed_only: bool) -> Result<Run, Refusal> {
        let mut state = self.state();
        let Some(run) = state.runs.get(&id).filter(|run| run.repo == repo).cloned() else {
            return Err(Refusal::missing("Not Found"));
        };
        if !run.state.is_final() {
            return Err(Refusal::state("This workflow is already running"));
        }
        if failed_only && run.jobs.iter().all(|job| job.state == RunState::Succeeded) {
            return Err(Refusal::state("This workflow run has no failed jobs"));
        }
        let mut jobs = fresh_jobs(&mut state, &run.program);
        if failed_only {
            let old = run.jobs.iter().filter(|job| job.state == RunState::Succeeded);
            for old in old {
                if let Some(job) = jobs.iter_mut().find(|job| job.name == old.name) {
                    *job = JobRun { id: job.id, ..old.clone() };
                }
            }
        }
        let run = state.runs.get_mut(&id).unwrap();
        let now = now();
        run.before.push(std::mem::replace(&mut run.jobs, jobs));
        run.attempt += 1;
        (run.state, run.updated_at, run.started_at, run.ended_at) = (RunState::Queued, now, None, None);
        Ok(run.clone())
    }

    /// Repeats a run that has ended as a run of its own, as forges do that have no attempts.
    pub(crate) fn run_again(&self, repo: u64, id: u64) -> Result<Run, Refusal> {
        let Some(run) = self.run(repo, id) else { return Err(Refusal::missing("Not Found")) };
        if !run.state.is_final() {
            return Err(Refusal::state("The run has not ended"));
        }
        Ok(self.trigger_run(
            repo,
            Trigger {
                pipeline: run.pipeline,
                reference: run.reference,
                commit: run.commit,
                event: run.event,
                actor: run.actor,
                inputs: run.inputs,
                program: run.program,
            },
        ))
    }

    /// Moves every run on by one step, as each look at them does.
    pub(crate) fn advance_runs(&self) {
        advance(&mut self.state());
    }
}

fn fresh_jobs(state: &mut State, program: &Draft) -> Vec<JobRun> {
    let job = |draft: &mosaic_core::testkit::suite::cicd::JobDraft| JobRun {
        id: state.fresh_id(),
        name: draft.name.clone(),
        needs: draft.needs.clone(),
        state: RunState::Queued,
        exit_code: None,
        log: String::new(),
        done: 0,
        started_at: None,
        ended_at: None,
    };
    program.jobs.iter().map(job).collect()
}

fn advance(state: &mut State) {
    let ids: Vec<_> = state.runs.values().filter(|run| !run.state.is_final()).map(|run| run.id).collect();
    for id in ids {
        let fresh = state.fresh_id();
        if let Some(run) = state.runs.get_mut(&id) {
            step(run, fresh);
        }
    }
}

/// One step of a run: it begins, or each job that can do so does one step, or it ends.
fn step(run: &mut Run, fresh: u64) {
    let now = now();
    run.updated_at = now;
    if run.state == RunState::Queued {
        (run.state, run.started_at) = (RunState::Running, Some(now));
        return;
    }
    let states: BTreeMap<_, _> = run.jobs.iter().map(|job| (job.name.clone(), job.state)).collect();
    let mut left = Vec::new();
    for (job, draft) in run.jobs.iter_mut().zip(&run.program.jobs) {
        match job.state {
            RunState::Queued => {
                let needs: Vec<_> = job.needs.iter().filter_map(|name| states.get(name)).collect();
                if needs.iter().any(|state| state.is_final() && **state != RunState::Succeeded) {
                    (job.state, job.ended_at) = (RunState::Skipped, Some(now));
                } else if needs.iter().all(|state| **state == RunState::Succeeded) {
                    (job.state, job.started_at) = (RunState::Running, Some(now));
                }
            }
            RunState::Running => {
                let status = match draft.steps.get(job.done) {
                    None => Some(0),
                    Some(Step::Print(text)) => {
                        job.log.push_str(&format!("{text}\n"));
                        None
                    }
                    Some(Step::PrintInput(name)) => {
                        let value = run.inputs.get(name).map(String::as_str).unwrap_or_default();
                        job.log.push_str(&format!("{value}\n"));
                        None
                    }
                    Some(Step::LeaveFile { path, content }) => {
                        left.push((job.id, path.clone(), content.clone()));
                        None
                    }
                    Some(Step::Exit(status)) => Some(*status),
                    Some(Step::WaitForEver) => continue,
                };
                job.done += 1;
                if let Some(status) = status {
                    job.state = if status == 0 { RunState::Succeeded } else { RunState::Failed };
                    (job.exit_code, job.ended_at) = (Some(i64::from(status)), Some(now));
                }
            }
            _ => {}
        }
    }
    for (at, (job, path, content)) in left.into_iter().enumerate() {
        // Jobs that leave a file in the same step are rare; the ids only have to differ within the run.
        let id = fresh * 100 + at as u64;
        run.artifacts.retain(|other| other.path != path);
        run.artifacts.push(ArtifactFile { id, job, path, content: content.into_bytes(), created_at: now });
    }
    if run.jobs.iter().all(|job| job.state.is_final()) {
        let failed = run.jobs.iter().any(|job| job.state == RunState::Failed);
        run.state = if failed { RunState::Failed } else { RunState::Succeeded };
        run.ended_at = Some(now);
    }
}
