//! Jobs that wait for others.

use super::draft::{Draft, JobDraft, Step};
use super::{Ground, Trait, World};
use crate::op::cicd::{CicdService, ListJobs};
use crate::testkit::suite::Failure;
use crate::types::cicd::{Job, RunState};

/// A job begins after those that it needs have ended, and is listed after them. Left out where a run has one job only.
///
/// # Errors
/// The failure.
pub async fn jobs_wait_for_what_they_need(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/jobs_wait_for_what_they_need");
    if !ground.shows(Trait::SeveralJobs) {
        return Ok(());
    }
    let draft = Draft::of(JobDraft::prints("zero", "0"))
        .job(JobDraft::prints("middle", "1").needs(["zero"]))
        .job(JobDraft::prints("also", "1").needs(["zero"]))
        .job(JobDraft::prints("last", "2").needs(["middle", "also"]));
    let run = ground.run(&draft).await?;
    ground.ends(&run, RunState::Succeeded).await?;
    let jobs = ground.jobs(&run).await?;
    ground.equal("number of jobs", &jobs.len(), &4)?;
    for (at, job) in jobs.iter().enumerate() {
        ground.equal(&format!("state of {}", job.name), &job.state, &RunState::Succeeded)?;
        let wanted =
            draft.jobs.iter().find(|draft| draft.name == job.name).map_or(&[][..], |draft| &draft.needs);
        for need in wanted {
            let listed = if ground.shows(Trait::JobsInOrder) { &jobs[..at] } else { &jobs[..] };
            let before = listed.iter().find(|other| other.name == *need);
            ground.ensure(before.is_some(), || {
                format!("{} is listed before {need}, which it needs", job.name)
            })?;
            if let (Some(ended), Some(started)) = (before.and_then(|job| job.ended_at), job.started_at) {
                ground.ensure(ended <= started, || format!("{} began before {need} had ended", job.name))?;
            }
        }
    }
    for limit in [1, 3] {
        let list = |page| ci.list_jobs(ground.cx, ListJobs::of(ground.repo(), run.id.as_str()).page(page));
        let paged = arranged(&ground, ground.walk(limit, list).await?);
        ground.equal("jobs, page by page", &paged, &arranged(&ground, jobs.clone()))?;
    }
    Ok(())
}

/// Jobs as they come, or by id where they come in any order.
fn arranged<C: CicdService>(ground: &Ground<'_, C>, mut jobs: Vec<Job>) -> Vec<Job> {
    if !ground.shows(Trait::JobsInOrder) {
        jobs.sort_by(|one, other| one.id.cmp(&other.id));
    }
    jobs
}

/// A job that needs one that failed is skipped, and so is what needs that; a job beside them is not. Left out where a run has
/// one job only.
///
/// # Errors
/// The failure.
pub async fn jobs_after_a_failure_are_skipped(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/jobs_after_a_failure_are_skipped");
    if !ground.shows(Trait::SeveralJobs) {
        return Ok(());
    }
    let draft = Draft::of(JobDraft::new("bad").step(Step::Exit(1)))
        .job(JobDraft::prints("beside", "here"))
        .job(JobDraft::prints("after", "never").needs(["bad"]))
        .job(JobDraft::prints("later", "never").needs(["after", "beside"]));
    let run = ground.run(&draft).await?;
    ground.ends(&run, RunState::Failed).await?;
    let jobs = ground.jobs(&run).await?;
    let state = |name: &str| jobs.iter().find(|job| job.name == name).map(|job| job.state);
    ground.equal("state of bad", &state("bad"), &Some(RunState::Failed))?;
    for (name, regular, lacked) in [
        ("beside", RunState::Succeeded, Trait::JobsBeside),
        ("after", RunState::Skipped, Trait::ListsSkippedJobs),
        ("later", RunState::Skipped, Trait::ListsSkippedJobs),
    ] {
        let state = state(name);
        let excused =
            !ground.shows(lacked) && matches!(state, None | Some(RunState::Skipped | RunState::Cancelled));
        if !excused {
            ground.equal(&format!("state of {name}"), &state, &Some(regular))?;
        }
    }
    Ok(())
}
