//! What is not there.

use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::cicd::{
    CancelRun, CicdService, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs, ListRuns, RerunRun,
    TriggerRun, UploadArtifact,
};
use crate::op::{OpMeta, Operation as _, StreamOperation as _};
use crate::testkit::suite::Failure;
use crate::types::RepoRef;

/// Every declared operation on a pipeline, a run or a repository that does not exist is `NotFound`.
///
/// # Errors
/// The failure.
pub async fn missing_things_are_not_found(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    let ground = Ground::new(ci, world, "cicd/missing_things_are_not_found");
    let (cx, repo) = (ground.cx, ground.repo());
    let has = |meta: &OpMeta| world.operations().has(meta);
    let (run, kind) = (world.missing(), ErrorKind::NotFound);
    if has(TriggerRun::META) {
        if ground.shows(Trait::NamedPipelines) {
            let got = ci.trigger_run(cx, TriggerRun::of(repo, world.unused())).await;
            ground.refused("trigger_run of a missing pipeline", got, kind)?;
        }
        let nowhere = RepoRef::new(repo.owner.as_str(), world.unused());
        let got = ci.trigger_run(cx, TriggerRun::of(&nowhere, world.unused())).await;
        ground.refused("trigger_run in a missing repository", got, kind)?;
    }
    if has(ListRuns::META) {
        let nowhere = RepoRef::new(repo.owner.as_str(), world.unused());
        ground.refused(
            "list_runs of a missing repository",
            ci.list_runs(cx, ListRuns::of(&nowhere)).await,
            kind,
        )?;
    }
    if has(GetRun::META) {
        ground.refused("get_run", ci.get_run(cx, GetRun::of(repo, run)).await, kind)?;
    }
    if has(CancelRun::META) {
        ground.refused("cancel_run", ci.cancel_run(cx, CancelRun::of(repo, run)).await, kind)?;
    }
    if has(RerunRun::META) {
        ground.refused("rerun_run", ci.rerun_run(cx, RerunRun::of(repo, run)).await, kind)?;
    }
    if has(ListJobs::META) {
        ground.refused("list_jobs", ci.list_jobs(cx, ListJobs::of(repo, run)).await, kind)?;
    }
    if has(ListArtifacts::META) {
        ground.refused("list_artifacts", ci.list_artifacts(cx, ListArtifacts::of(repo, run)).await, kind)?;
    }
    if has(UploadArtifact::META) {
        let got = ci.upload_artifact(cx, UploadArtifact::of(repo, run, "a.txt", "text")).await;
        ground.refused("upload_artifact", got, kind)?;
    }
    if has(JobLog::META) {
        let got = ci.job_log(cx, JobLog::of(repo, run, "a")).await.map(drop);
        ground.refused("job_log", got, kind)?;
    }
    if has(DownloadArtifact::META) {
        let got = ci.download_artifact(cx, DownloadArtifact::of(repo, run, "a.txt")).await.map(drop);
        ground.refused("download_artifact", got, kind)?;
    }
    Ok(())
}
