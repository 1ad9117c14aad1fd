//! Drives a run: begins each job when those that it needs have ended well, and ends the run after the last.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use mosaic_core::types::cicd::RunState;

use super::definition::{Definition, JobDefinition};
use super::job::run_job;
use super::queue::Ticket;
use super::record::RunRecord;
use super::root::Root;
use super::run::{Run, Stop};

/// A run that is about to begin: the jobs that wait for others, and those that have their tickets already.
pub(super) struct Drive {
    root: Arc<Root>,
    run: Arc<Run>,
    definition: Definition,
    waiting: Vec<JobDefinition>,
    first: Vec<(JobDefinition, Ticket)>,
}

type Working = FuturesUnordered<BoxFuture<'static, (String, Result<RunState>)>>;

impl Drive {
    /// Puts the jobs that need nothing into the queue.
    pub(super) fn new(root: Arc<Root>, run: Arc<Run>, mut definition: Definition) -> Self {
        let (first, waiting) = std::mem::take(&mut definition.jobs)
            .into_iter()
            .partition::<Vec<_>, _>(|job| job.needs.is_empty());
        let first = first.into_iter().map(|job| (job, root.queue.draw())).collect();
        Self { root, run, definition, waiting, first }
    }

    /// Runs it to its end.
    pub(super) async fn drive(mut self) {
        let (root, run) = (Arc::clone(&self.root), Arc::clone(&self.run));
        if let Err(error) = self.run_jobs().await {
            // The disk does not take what happened. It is not left looking as if it went on.
            tracing::error!(run = run.id, %error, "a run could not be written down");
            run.give_up(&format!("it could not be written down: {}", error.message()));
        }
        for job in &run.record().jobs {
            run.end_log(&job.name);
        }
        if let Err(error) = root.prune().await {
            tracing::warn!(%error, "old runs stay");
        }
    }

    async fn run_jobs(&mut self) -> Result<()> {
        let run = Arc::clone(&self.run);
        let limit = self.root.config.limits.run_timeout();
        let limit = self.definition.timeout.map_or(limit, |wanted| wanted.min(limit));
        let mut time_is_up = pin!(async {
            run.begun().await;
            tokio::time::sleep(limit).await;
        });
        let mut limited = false;
        let mut working = Working::new();
        let mut ended = BTreeMap::new();
        for (job, ticket) in std::mem::take(&mut self.first) {
            self.begin(&mut working, job, ticket);
        }
        loop {
            let next = tokio::select! {
                () = &mut time_is_up, if !limited => {
                    limited = true;
                    self.run.stop(Stop::TimeLimit(limit));
                    continue;
                }
                next = working.next() => next,
            };
            let Some((name, state)) = next else { break };
            match state {
                Ok(state) => {
                    ended.insert(name, state);
                    self.go_on(&mut working, &mut ended).await?;
                }
                Err(error) => {
                    // Nothing goes on that cannot be written down; what is at work ends first.
                    self.run.stop(Stop::Closed);
                    while working.next().await.is_some() {}
                    return Err(error);
                }
            }
        }
        let why = self.run.stopping();
        self.run.update(move |record| finish(record, why)).await
    }

    fn begin(&self, working: &mut Working, job: JobDefinition, ticket: Ticket) {
        let name = job.name.clone();
        let job = run_job(Arc::clone(&self.root), Arc::clone(&self.run), job, ticket);
        working.push(Box::pin(named(name, job)));
    }

    /// Begins the jobs whose needs have ended well, and leaves out those for which that cannot happen any more.
    async fn go_on(&mut self, working: &mut Working, ended: &mut BTreeMap<String, RunState>) -> Result<()> {
        let mut left_out = Vec::new();
        // Each job stands after those that it needs, so one look is enough.
        for job in std::mem::take(&mut self.waiting) {
            let broken = job.needs.iter().find(|need| {
                ended.get(*need).is_some_and(|state| *state != RunState::Succeeded && state.is_final())
            });
            if let Some(need) = broken {
                ended.insert(job.name.clone(), RunState::Skipped);
                left_out.push((job.name, format!("{need} did not end well")));
            } else if job.needs.iter().all(|need| ended.contains_key(need)) {
                let ticket = self.root.queue.draw();
                self.begin(working, job, ticket);
            } else {
                self.waiting.push(job);
            }
        }
        if left_out.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = left_out.iter().map(|(name, _)| name.clone()).collect();
        let cancelled = self.run.stopping() == Some(Stop::Cancelled);
        let update = self.run.update(move |record| {
            for (name, reason) in left_out {
                if let Some(job) = record.job_mut(&name) {
                    job.end(if cancelled { RunState::Cancelled } else { RunState::Skipped }, Some(reason));
                }
            }
        });
        update.await?;
        names.iter().for_each(|name| self.run.end_log(name));
        Ok(())
    }
}

async fn named<T>(name: String, work: impl Future<Output = T>) -> (String, T) {
    (name, work.await)
}

/// The end of a run follows from those of its jobs.
fn finish(record: &mut RunRecord, why: Option<Stop>) {
    let whole = record.jobs.iter().all(|job| job.state == RunState::Succeeded);
    let failed: Vec<_> = record.jobs.iter().filter(|job| job.state == RunState::Failed).collect();
    let (state, reason) = match why {
        _ if whole => (RunState::Succeeded, None),
        Some(Stop::Cancelled) if record.jobs.iter().any(|job| job.state == RunState::Cancelled) => {
            (RunState::Cancelled, Some("the run was cancelled".to_owned()))
        }
        _ => {
            let reasons = failed
                .iter()
                .map(|job| format!("{}: {}", job.name, job.reason.as_deref().unwrap_or("failed")));
            let reason = reasons.take(5).collect::<Vec<_>>().join("; ");
            let left = record.jobs.iter().find(|job| job.state != RunState::Succeeded);
            let reason =
                if reason.is_empty() { left.and_then(|job| job.reason.clone()) } else { Some(reason) };
            (RunState::Failed, reason)
        }
    };
    record.state = state;
    record.reason = reason;
    record.ended_at = Some(Timestamp::now());
}
