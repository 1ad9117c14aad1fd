//! The operations on runs: begun, fetched, listed, cancelled and repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::ItemStream;
use mosaic_core::op::cicd::{CancelRun, GetRun, JobLog, ListJobs, ListRuns, RerunRun, TriggerRun};
use mosaic_core::op::git::{GetFile, GetRepository, GitService as _};
use mosaic_core::types::cicd::{Job, PipelineRun, RunState};
use mosaic_core::types::{Chunk, Page, RepoRef, Timestamp};
use tokio::sync::oneshot;

use super::definition::{self, Definition};
use super::disk::blocking;
use super::drive::Drive;
use super::list::page;
use super::log::follow;
use super::record::{JobRecord, RunRecord};
use super::root::Root;
use super::run::{Run, Stop};
use super::{fault, names};

/// What a new run is about.
struct Plan {
    repo: RepoRef,
    pipeline: String,
    reference: String,
    commit: String,
    inputs: BTreeMap<String, String>,
    definition: Definition,
    text: String,
}

pub(super) async fn trigger(root: &Arc<Root>, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
    allowed(root)?;
    let path = names::pipeline_path(&op.pipeline)?;
    names::input_variables(&op.inputs)?;
    let found = root.forge.find_commit(&op.repo, op.at.as_deref()).await?;
    let missing = || {
        fault::not_found(format!(
            "there is no pipeline {} in {} at {}",
            op.pipeline, op.repo, found.reference
        ))
    };
    let commit = found.commit.clone().ok_or_else(missing)?;
    let file = root.forge.get_file(cx, GetFile::of(&op.repo, path).at(commit.as_str())).await;
    let file = file.map_err(|error| if error.kind() == ErrorKind::NotFound { missing() } else { error })?;
    let Some(text) = file.content.as_text() else {
        return Err(fault::invalid(format!("pipeline {}: the definition is no UTF-8 text", op.pipeline)));
    };
    let definition = definition::parse(&op.pipeline, text, root.config.limits.jobs)?;
    let plan = Plan {
        repo: op.repo,
        pipeline: op.pipeline,
        reference: found.reference,
        commit,
        inputs: op.inputs,
        definition,
        text: text.to_owned(),
    };
    begin(root, cx, plan).await
}

pub(super) async fn rerun(root: &Arc<Root>, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
    let run = root.run(&op.repo, &op.run)?;
    allowed(root)?;
    let old = run.record();
    if !old.state.is_final() {
        return Err(fault::conflict(format!("run {} has not ended: it cannot be repeated yet", op.run)));
    }
    let path = run.definition_path();
    let text = blocking(move || {
        std::fs::read_to_string(path).map_err(|e| fault::disk("read the definition of a run", e))
    });
    let text = text.await?;
    let mut definition = definition::parse(&old.pipeline, &text, root.config.limits.jobs)?;
    // The new run of a part of the jobs is about that part only; so is a run that repeats it.
    let again: BTreeSet<_> = old
        .jobs
        .iter()
        .filter(|job| !op.failed_only || job.state != RunState::Succeeded)
        .map(|job| job.name.clone())
        .collect();
    if again.is_empty() {
        return Err(fault::conflict(format!(
            "every job of run {} ended well: there is none to repeat",
            op.run
        )));
    }
    definition.jobs.retain(|job| again.contains(&job.name));
    for job in &mut definition.jobs {
        job.needs.retain(|need| again.contains(need));
    }
    let plan = Plan {
        repo: old.repo.clone(),
        pipeline: old.pipeline.clone(),
        reference: old.reference.clone(),
        commit: old.commit.clone(),
        inputs: old.inputs.clone(),
        definition,
        text,
    };
    begin(root, cx, plan).await
}

fn allowed(root: &Root) -> Result<()> {
    if root.config.run_commands { Ok(()) } else { Err(fault::switched_off()) }
}

/// Makes a run real and drives it, in a task of the root: a caller that goes away changes nothing.
async fn begin(root: &Arc<Root>, cx: &CallContext, plan: Plan) -> Result<PipelineRun> {
    let (tell, told) = oneshot::channel();
    let (task, cx) = (Arc::clone(root), cx.clone());
    root.tasks.spawn(async move {
        let driven = match enter(&task, &cx, plan).await {
            Ok((run, drive)) => {
                // Whoever asked may have gone away.
                let _ = tell.send(Ok(run));
                drive
            }
            Err(error) => {
                let _ = tell.send(Err(error));
                return;
            }
        };
        driven.drive().await;
    });
    let lost = |_| Error::new(ErrorKind::Internal, "the task of a run was given up");
    told.await.map_err(lost)?
}

/// Gives a run its number and its place in the queue.
async fn enter(root: &Arc<Root>, cx: &CallContext, plan: Plan) -> Result<(PipelineRun, Drive)> {
    let mut next = root.next.lock().await;
    if root.tasks.is_closed() {
        return Err(fault::not_open());
    }
    if root.open_runs() >= root.config.open_runs {
        return Err(fault::queue_full(root.config.open_runs));
    }
    let jobs = plan.definition.jobs.iter().map(|job| JobRecord::new(job.name.clone(), job.needs.clone()));
    let record = RunRecord {
        id: *next,
        repo: plan.repo,
        pipeline: plan.pipeline,
        reference: plan.reference,
        commit: plan.commit,
        inputs: plan.inputs,
        state: RunState::Queued,
        reason: None,
        created_at: Timestamp::now(),
        started_at: None,
        ended_at: None,
        jobs: jobs.collect(),
        artifacts: BTreeMap::new(),
    };
    // A number is used once, also where keeping the run fails half-way.
    *next += 1;
    cx.mark_sent();
    let run = root.publish(record, plan.text).await?;
    Ok((run.record().noun(), Drive::new(Arc::clone(root), run, plan.definition)))
}

pub(super) fn get(root: &Root, op: &GetRun) -> Result<PipelineRun> {
    Ok(root.run(&op.repo, &op.run)?.record().noun())
}

pub(super) async fn list(root: &Root, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
    let records: Vec<_> =
        root.all().iter().map(|run| run.record()).filter(|record| record.repo == op.repo).collect();
    if records.is_empty() {
        // No runs, or no repository?
        root.forge.get_repository(cx, GetRepository::of(&op.repo)).await?;
    }
    let wanted = records.into_iter().filter(|record| {
        op.pipeline.as_ref().is_none_or(|pipeline| record.pipeline == *pipeline)
            && op.reference.as_ref().is_none_or(|reference| record.reference == *reference)
            && op.state.is_none_or(|state| record.state == state)
    });
    // Keys rise while numbers fall.
    page("runs", wanted.map(|record| (u64::MAX - record.id, record.noun())), &op.page)
}

/// Cancels a run and waits until nothing of it lives. Dropping the call takes nothing back.
pub(super) async fn cancel(root: &Root, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
    let run = root.run(&op.repo, &op.run)?;
    if !run.record().state.is_final() {
        cx.mark_sent();
        run.stop(Stop::Cancelled);
        run.ended().await;
    }
    Ok(run.record().noun())
}

pub(super) fn jobs(root: &Root, op: &ListJobs) -> Result<Page<Job>> {
    let jobs = root.run(&op.repo, &op.run)?.record().jobs_as_begun();
    page("jobs", (0u64..).zip(jobs), &op.page)
}

pub(super) fn log(root: &Root, op: &JobLog) -> Result<ItemStream<Chunk>> {
    let run: Arc<Run> = root.run(&op.repo, &op.run)?;
    let record = run.record();
    let log = record.job(&op.job).and_then(|job| run.log(&job.name));
    let missing =
        || fault::not_found(format!("run {} of {} has no job {}", op.run, op.repo, fault::shown(&op.job)));
    Ok(follow(run.log_path(&op.job), log.ok_or_else(missing)?.subscribe()))
}
