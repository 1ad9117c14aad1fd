//! Runs that somebody cancels.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::op::cicd::{CancelRun, CicdService};
use crate::testkit::suite::Failure;
use crate::types::cicd::RunState;

/// A run that is cancelled ends as cancelled, and none of its jobs goes on or begins.
///
/// # Errors
/// The failure.
pub async fn cancelled_runs_end(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/cancelled_runs_end");
    let mut draft = Draft::of(JobDraft::prints("one", "begun").step(Step::WaitForEver));
    if ground.shows(Trait::SeveralJobs) {
        draft = draft.job(JobDraft::prints("two", "never").needs(["one"]));
    }
    let run = ground.run(&draft).await?;
    ground.begun(&run).await?;
    let cancel = || ci.cancel_run(ground.cx, CancelRun::of(ground.repo(), run.id.as_str()));
    ground.done("cancel_run", cancel().await)?;
    ground.ends(&run, RunState::Cancelled).await?;
    let jobs = ground.jobs(&run).await?;
    for job in &jobs {
        ground.ensure(matches!(job.state, RunState::Cancelled | RunState::Skipped), || {
            format!("job {} of a cancelled run is {:?}", job.name, job.state)
        })?;
    }
    let again = ground.done("cancel_run for the second time", cancel().await)?;
    ground.equal("state after the second time", &again.state, &RunState::Cancelled)
}

/// Cancelling a run that has ended leaves it as it ended.
///
/// # Errors
/// The failure.
pub async fn cancelling_what_ended_changes_nothing(
    ci: &impl CicdService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/cancelling_what_ended_changes_nothing");
    for (step, state) in [(Step::Exit(0), RunState::Succeeded), (Step::Exit(1), RunState::Failed)] {
        let run = ground.run(&Draft::of(JobDraft::new("one").step(step))).await?;
        let ended = ground.ends(&run, state).await?;
        let got = ci.cancel_run(ground.cx, CancelRun::of(ground.repo(), run.id.as_str())).await;
        ground.equal("answer of cancel_run", &ground.done("cancel_run", got)?.state, &state)?;
        ground.equal("the run afterwards", &ground.get(&run).await?, &ended)?;
    }
    Ok(())
}
