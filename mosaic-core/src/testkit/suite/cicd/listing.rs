//! Runs in lists.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::cicd::{CicdService, ListRuns};
use crate::testkit::suite::Failure;
use crate::types::cicd::{PipelineRun, RunState};
use crate::types::{Cursor, PageRequest};

/// Runs are listed by pipeline, by state and by what they were asked for on; a filter that a system lacks is `Unsupported`.
///
/// # Errors
/// The failure.
pub async fn runs_are_filtered(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/runs_are_filtered");
    let good = ground.pipeline(&Draft::of(JobDraft::prints("one", "hello"))).await?;
    let bad = ground.pipeline(&Draft::of(JobDraft::new("one").step(Step::Exit(1)))).await?;
    let listed = |run: PipelineRun| match ground.shows(Trait::ListsTimes) {
        true => run,
        false => PipelineRun { started_at: None, ended_at: None, ..run },
    };
    let first = listed(ground.ends(&ground.trigger(&good).await?, RunState::Succeeded).await?);
    let failed = listed(ground.ends(&ground.trigger(&bad).await?, RunState::Failed).await?);
    let call = |op: ListRuns| ci.list_runs(ground.cx, op.page(PageRequest::first(100)));
    let list = async |op: ListRuns| Ok::<_, Failure>(ground.done("list_runs", call(op).await)?.items);
    let apart = ground.tells_apart(&good);
    if apart {
        let there = list(ground.runs_of(&good)).await?;
        ground.equal("runs of a pipeline", &there, &vec![first.clone()])?;
    }
    let failures = ground.runs_of(&bad).state(RunState::Failed);
    if !ground.shows(Trait::FiltersByState) {
        let got = call(failures).await;
        ground.refused("list_runs of a state", got, ErrorKind::Unsupported)?;
    } else if apart {
        ground.equal("failed runs of a pipeline", &list(failures).await?, &vec![failed.clone()])?;
        let none = list(ground.runs_of(&good).state(RunState::Failed)).await?;
        ground.equal("failed runs of the other", &none, &vec![])?;
    }
    if !ground.shows(Trait::FiltersByReference) {
        let got = call(ground.runs_of(&good).reference(world.unused())).await;
        ground.refused("list_runs of a branch", got, ErrorKind::Unsupported)?;
    } else {
        if let Some(reference) = &first.reference
            && apart
        {
            let there = list(ground.runs_of(&good).reference(reference.as_str())).await?;
            ground.equal("runs of a pipeline on a branch", &there, &vec![first.clone()])?;
        }
        let elsewhere = list(ground.runs_of(&good).reference(world.unused())).await?;
        ground.equal("runs on a branch that is not there", &elsewhere, &vec![])?;
    }
    let all = list(ListRuns::of(ground.repo())).await?;
    let newest: Vec<_> = all.iter().filter(|run| **run == first || **run == failed).collect();
    ground.equal("the runs without a filter, newest first", &newest, &vec![&failed, &first])
}

/// Pages of runs have each one exactly once, newest first, whatever the limit.
///
/// # Errors
/// The failure.
pub async fn run_pages_cover_everything_once(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/run_pages_cover_everything_once");
    let pipeline = ground.pipeline(&Draft::of(JobDraft::prints("one", "hello"))).await?;
    let mut made = Vec::new();
    for _ in 0..5 {
        let run = ground.trigger(&pipeline).await?;
        if !ground.shows(Trait::QueuesEveryRun) {
            ground.ends(&run, RunState::Succeeded).await?;
        }
        made.push(run);
    }
    for run in &made {
        ground.ends(run, RunState::Succeeded).await?;
    }
    let expected: Vec<_> = made.iter().rev().map(|run| run.id.as_str()).collect();
    let apart = ground.tells_apart(&pipeline);
    for limit in 1..=6 {
        let runs =
            ground.walk(limit, |page| ci.list_runs(ground.cx, ground.runs_of(&pipeline).page(page))).await?;
        // Where runs of other pipelines cannot be left out, those of this one must still come once and in order.
        let ours = runs.iter().map(|run| run.id.as_str()).filter(|id| apart || expected.contains(id));
        let ids: Vec<_> = ours.collect();
        ground.equal(&format!("runs in pages of {limit}"), &ids, &expected)?;
    }
    Ok(())
}

/// A cursor that the provider did not make is `Invalid`.
///
/// # Errors
/// The failure.
pub async fn bad_cursors_are_refused(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/bad_cursors_are_refused");
    let page = PageRequest::first(10).at(Cursor::new("no cursor of yours"));
    let got = ci.list_runs(ground.cx, ListRuns::of(ground.repo()).page(page)).await;
    ground.refused("list_runs", got, ErrorKind::Invalid)
}
