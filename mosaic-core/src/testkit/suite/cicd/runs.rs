//! Runs: from the trigger to the end.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::op::cicd::CicdService;
use crate::testkit::suite::Failure;
use crate::types::cicd::RunState;

/// A run goes through its states in their order, ends well, and stays as it ended.
///
/// # Errors
/// The failure.
pub async fn a_run_goes_to_its_end(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/a_run_goes_to_its_end");
    let pipeline = ground.pipeline(&Draft::of(JobDraft::prints("one", "hello"))).await?;
    let run = ground.trigger(&pipeline).await?;
    ground.equal("repository of the run", &run.repo, ground.repo())?;
    let ended = ground.ends(&run, RunState::Succeeded).await?;
    ground.equal("id of the run", &ended.id, &run.id)?;
    if let Some(of) = &ended.pipeline {
        ground.equal("pipeline of the run", of, &pipeline.pipeline)?;
    }
    if let (Some(started), Some(ended)) = (ended.started_at, ended.ended_at) {
        ground.ensure(started <= ended, || format!("it ended at {ended}, before it began at {started}"))?;
    }
    ground.equal("the run, looked at once more", &ground.get(&run).await?, &ended)?;
    let other = ground.trigger(&pipeline).await?;
    ground.ensure(other.id != run.id, || "a second run has the id of the first")?;
    ground.ends(&other, RunState::Succeeded).await?;
    ground.equal("the first run after the second", &ground.get(&run).await?, &ended)
}

/// A job that ends with another status than 0 failed, and so did its run; the status can be read.
///
/// # Errors
/// The failure.
pub async fn a_failing_job_fails_the_run(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/a_failing_job_fails_the_run");
    let bad = JobDraft::new("bad").step(Step::Print("soon".into())).step(Step::Exit(3));
    if !ground.shows(Trait::SeveralJobs) {
        let run = ground.run(&Draft::of(bad)).await?;
        ground.ends(&run, RunState::Failed).await?;
        let job = ground.job(&run, "bad").await?;
        let got = (job.state, job.exit_code.unwrap_or(3));
        return ground.equal("the job that failed", &got, &(RunState::Failed, 3));
    }
    let draft = Draft::of(JobDraft::prints("good", "fine")).job(bad.needs(["good"]));
    let run = ground.run(&draft).await?;
    ground.ends(&run, RunState::Failed).await?;
    let jobs = ground.jobs(&run).await?;
    let state = |name: &str| {
        jobs.iter().find(|job| job.name == name).map(|job| (job.state, job.exit_code.unwrap_or(3)))
    };
    ground.equal("the job that failed", &state("bad"), &Some((RunState::Failed, 3)))?;
    ground.equal(
        "the other job",
        &jobs.iter().find(|job| job.name == "good").map(|job| job.state),
        &Some(RunState::Succeeded),
    )
}
