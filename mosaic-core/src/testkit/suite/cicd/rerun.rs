//! Runs that are repeated.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::cicd::{CancelRun, CicdService, RerunRun};
use crate::testkit::suite::Failure;
use crate::types::cicd::RunState;

/// A run that has ended is repeated with its commit and inputs, as a new run or a new attempt; one that has not is a
/// `Conflict`.
///
/// # Errors
/// The failure.
pub async fn runs_are_repeated_when_they_have_ended(
    ci: &impl CicdService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/runs_are_repeated_when_they_have_ended");
    let (cx, repo) = (ground.cx, ground.repo());
    if ground.shows(Trait::RepeatsOnlyWhatEnded) {
        let waiting = ground.run(&Draft::of(JobDraft::new("one").step(Step::WaitForEver))).await?;
        ground.begun(&waiting).await?;
        let got = ci.rerun_run(cx, RerunRun::of(repo, waiting.id.as_str())).await;
        ground.refused("rerun_run of a run that has not ended", got, ErrorKind::Conflict)?;
        ground.done("cancel_run", ci.cancel_run(cx, CancelRun::of(repo, waiting.id.as_str())).await)?;
    }

    let given = ground.shows(Trait::Inputs) && ground.shows(Trait::RepeatsInputs);
    let step = if given { Step::PrintInput("word".into()) } else { Step::Print("once more".into()) };
    let mut op = ground.asks_for(&ground.pipeline(&Draft::of(JobDraft::new("one").step(step))).await?);
    if given {
        op = op.inputs([("word".to_owned(), "once more".to_owned())]);
    }
    let first = ground.done("trigger_run", ci.trigger_run(cx, op).await)?;
    let first = ground.ends(&first, RunState::Succeeded).await?;
    let again = ci.rerun_run(cx, RerunRun::of(repo, first.id.as_str())).await;
    let again = ground.done("rerun_run", again)?;
    let log = ground.log(&again, "one").await?;
    ground.ensure(log.contains("once more"), || format!("what it says is not in the log: {log:?}"))?;
    let again = ground.ends(&again, RunState::Succeeded).await?;
    ground.equal("commit of the repeated run", &again.commit, &first.commit)?;
    if again.id != first.id {
        ground.equal("the first run afterwards", &ground.get(&first).await?, &first)?;
    }
    Ok(())
}

/// A run is repeated without the jobs that ended well, where that is asked for; it is `Unsupported` where that cannot be.
///
/// # Errors
/// The failure.
pub async fn failed_jobs_are_repeated_alone(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/failed_jobs_are_repeated_alone");
    if !ground.shows(Trait::RepeatsFailedJobs) {
        let run = ground.run(&Draft::of(JobDraft::new("bad").step(Step::Exit(1)))).await?;
        ground.ends(&run, RunState::Failed).await?;
        let op = RerunRun::of(ground.repo(), run.id.as_str()).failed_only(true);
        let got = ci.rerun_run(ground.cx, op).await;
        return ground.refused("rerun_run of the failed jobs", got, ErrorKind::Unsupported);
    }
    let draft = Draft::of(JobDraft::prints("good", "fine"))
        .job(JobDraft::new("bad").needs(["good"]).step(Step::Exit(1)))
        .job(JobDraft::prints("after", "never").needs(["bad"]));
    let first = ground.run(&draft).await?;
    ground.ends(&first, RunState::Failed).await?;
    let good = ground.job(&first, "good").await?;
    let op = RerunRun::of(ground.repo(), first.id.as_str()).failed_only(true);
    let again = ground.done("rerun_run", ci.rerun_run(ground.cx, op).await)?;
    ground.ends(&again, RunState::Failed).await?;
    let jobs = ground.jobs(&again).await?;
    let state = |name: &str| jobs.iter().find(|job| job.name == name).map(|job| job.state);
    ground.equal("the job that failed", &state("bad"), &Some(RunState::Failed))?;
    if ground.shows(Trait::ListsSkippedJobs) {
        ground.equal("the job after it", &state("after"), &Some(RunState::Skipped))?;
    }
    // It is left out, or shown as it ended the first time.
    let repeated = jobs.iter().find(|job| job.name == "good");
    ground.ensure(
        repeated.is_none_or(|job| job.ended_at == good.ended_at),
        || "the job that ended well was run again",
    )
}
