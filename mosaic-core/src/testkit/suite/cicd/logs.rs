//! Logs: whole, live, and with what the run was given.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::cicd::{CancelRun, CicdService, JobLog};
use crate::testkit::suite::Failure;
use crate::types::cicd::RunState;

/// The log of a job has what it printed, in order, also when it is read again; that of another job does not.
///
/// # Errors
/// The failure.
pub async fn logs_hold_what_was_printed(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/logs_hold_what_was_printed");
    let mut talker = JobDraft::new("talker");
    for at in 0..20 {
        talker = talker.step(Step::Print(format!("line number {at} of it")));
    }
    let several = ground.shows(Trait::SeveralJobs);
    let mut draft = Draft::of(talker);
    if several {
        draft = draft.job(JobDraft::prints("other", "something else"));
    }
    let run = ground.run(&draft).await?;
    // Read from the moment of the trigger on: it ends with the job.
    let live = ground.log(&run, "talker").await?;
    ground.ends(&run, RunState::Succeeded).await?;
    let places: Option<Vec<_>> = (0..20).map(|at| live.find(&format!("line number {at} of it"))).collect();
    ground.ensure(places.is_some_and(|places| places.is_sorted()), || {
        format!("lines are missing or out of order: {live:?}")
    })?;
    ground.equal("the log, read again", &ground.log(&run, "talker").await?, &live)?;
    if several {
        let other = ground.log(&run, "other").await?;
        ground.ensure(other.contains("something else") && !other.contains("line number"), || {
            format!("the log of one job is not that of another: {other:?}")
        })?;
    }
    let op = JobLog::of(ground.repo(), run.id.as_str(), world.missing());
    let got = ci.job_log(ground.cx, op).await.map(drop);
    ground.refused("job_log of a missing job", got, ErrorKind::NotFound)
}

/// What a running job prints is seen while it runs, by every reader; the streams end when the job does. Left out where logs
/// are kept at the end only.
///
/// # Errors
/// The failure.
pub async fn logs_follow_running_jobs(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/logs_follow_running_jobs");
    if !ground.shows(Trait::LiveLogs) {
        return Ok(());
    }
    let draft = Draft::of(JobDraft::prints("one", "it has begun").step(Step::WaitForEver));
    let run = ground.run(&draft).await?;
    let mut first = ground.open_log(&run, "one").await?;
    first.until("it has begun").await?;
    ground.equal(
        "state of the run while it is followed",
        &ground.get(&run).await?.state,
        &RunState::Running,
    )?;
    let mut second = ground.open_log(&run, "one").await?;
    second.until("it has begun").await?;
    // One that nobody reads any more stands in nobody's way.
    drop(ground.open_log(&run, "one").await?);
    let cancelled = ci.cancel_run(ground.cx, CancelRun::of(ground.repo(), run.id.as_str())).await;
    ground.done("cancel_run", cancelled)?;
    while first.more().await? {}
    while second.more().await? {}
    ground.ends(&run, RunState::Cancelled).await.map(|_| ())
}

/// What a run is given reaches its jobs; where it is given nothing, asking for that is `Unsupported`.
///
/// # Errors
/// The failure.
pub async fn inputs_arrive(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/inputs_arrive");
    let draft = Draft::of(JobDraft::new("one").step(Step::PrintInput("level".into())));
    let pipeline = ground.pipeline(&draft).await?;
    for value in ["quite full", "'; exit 9 #", "$(exit 9) `exit 9` ${HOME}"] {
        let op = ground.asks_for(&pipeline).inputs([("level".to_owned(), value.to_owned())]);
        if !ground.shows(Trait::Inputs) {
            let got = ci.trigger_run(ground.cx, op).await;
            return ground.refused("trigger_run with an input", got, ErrorKind::Unsupported);
        }
        let run = ground.done("trigger_run", ci.trigger_run(ground.cx, op).await)?;
        ground.ends(&run, RunState::Succeeded).await?;
        let log = ground.log(&run, "one").await?;
        ground.ensure(log.contains(value), || format!("the input {value:?} is not in the log: {log:?}"))?;
    }
    Ok(())
}
