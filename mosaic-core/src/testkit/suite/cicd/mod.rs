//! The behaviour suite of the cicd service: what every CI system does alike.
//!
//! Each behaviour makes the pipelines that it needs in a repository that is given, so they can run alone, in any order and
//! in a repository that is in use. What a pipeline is to do is a [`Draft`]; the provider's test writes it down in the
//! provider's language, or prepares it where the provider cannot create pipelines ([`World::prepared_by`]). [`run`] runs the
//! behaviours whose operations a provider declares. Systems differ: what one does otherwise its [`World`] says, trait by
//! trait ([`Trait`]), and [`lacks_are_needed`] shows that nothing is said to be lacking that is there.

mod artifacts;
mod cancel;
mod draft;
mod ground;
mod jobs;
mod lack;
mod listing;
mod logs;
mod missing;
mod pipelines;
mod rerun;
mod runs;
mod world;

pub use artifacts::{
    artifact_pages_cover_everything_once, artifacts_of_jobs_come_back, bad_artifact_names_are_refused,
    uploads_come_back_byte_for_byte,
};
pub use cancel::{cancelled_runs_end, cancelling_what_ended_changes_nothing};
pub use draft::{Draft, JobDraft, Step};
pub use jobs::{jobs_after_a_failure_are_skipped, jobs_wait_for_what_they_need};
pub use lack::Trait;
pub use listing::{bad_cursors_are_refused, run_pages_cover_everything_once, runs_are_filtered};
pub use logs::{inputs_arrive, logs_follow_running_jobs, logs_hold_what_was_printed};
pub use missing::missing_things_are_not_found;
pub use pipelines::{bad_definitions_are_refused, pipelines_are_created_and_listed};
pub use rerun::{failed_jobs_are_repeated_alone, runs_are_repeated_when_they_have_ended};
pub use runs::{a_failing_job_fails_the_run, a_run_goes_to_its_end};

use ground::Ground;
pub use world::{Prepared, World};

use super::Failure;
use crate::op::cicd::*;
use crate::op::{OpMeta, Operation as _, StreamOperation as _};

/// Each line: a behaviour and the operations it calls.
macro_rules! behaviours {
    ($ci:ident, $world:ident: $($behaviour:ident [$($op:ident)*],)*) => {
        $(if [$($op::META),*].iter().all(|meta: &&OpMeta| $world.operations().has(meta)) {
            $behaviour($ci, $world).await?;
        })*
    };
}

/// Runs every behaviour whose operations are declared, and stops at the first failure. The pipelines that it makes stay.
///
/// ```
/// use mosaic_core::op::cicd::CicdService;
/// use mosaic_core::testkit::suite::{Failure, cicd};
///
/// async fn behaves(ci: &impl CicdService, world: &cicd::World) -> Result<(), Failure> {
///     cicd::run(ci, world).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show.
pub async fn run(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    behaviours! { ci, world:
        missing_things_are_not_found [],
        bad_cursors_are_refused [ListRuns],
    }
    if world.creates() {
        behaviours! { ci, world:
            pipelines_are_created_and_listed [CreatePipeline ListPipelines],
            bad_definitions_are_refused [CreatePipeline TriggerRun],
        }
    }
    if !world.has_pipelines() {
        return Ok(());
    }
    behaviours! { ci, world:
        a_run_goes_to_its_end [TriggerRun GetRun],
        a_failing_job_fails_the_run [TriggerRun GetRun ListJobs],
        logs_hold_what_was_printed [TriggerRun GetRun ListJobs JobLog],
        logs_follow_running_jobs [TriggerRun GetRun ListJobs JobLog CancelRun],
        inputs_arrive [TriggerRun GetRun ListJobs JobLog],
        jobs_wait_for_what_they_need [TriggerRun GetRun ListJobs],
        jobs_after_a_failure_are_skipped [TriggerRun GetRun ListJobs],
        cancelled_runs_end [TriggerRun GetRun ListJobs CancelRun],
        cancelling_what_ended_changes_nothing [TriggerRun GetRun CancelRun],
        runs_are_repeated_when_they_have_ended [TriggerRun GetRun ListJobs JobLog CancelRun RerunRun],
        failed_jobs_are_repeated_alone [TriggerRun GetRun ListJobs RerunRun],
        runs_are_filtered [TriggerRun GetRun ListRuns],
        run_pages_cover_everything_once [TriggerRun GetRun ListRuns],
        artifacts_of_jobs_come_back [TriggerRun GetRun ListArtifacts DownloadArtifact],
        uploads_come_back_byte_for_byte [TriggerRun GetRun UploadArtifact ListArtifacts DownloadArtifact],
        artifact_pages_cover_everything_once [TriggerRun GetRun UploadArtifact ListArtifacts],
        bad_artifact_names_are_refused [TriggerRun GetRun UploadArtifact ListArtifacts],
    }
    Ok(())
}

/// Runs the suite once for each [`Trait`] that the provider is said to be without, asking for that one as well: it must fail.
/// What passes is said to be lacking for nothing.
///
/// ```
/// use mosaic_core::op::cicd::CicdService;
/// use mosaic_core::testkit::suite::{Failure, cicd};
///
/// async fn says_the_truth(ci: &impl CicdService, world: &cicd::World) -> Result<(), Failure> {
///     cicd::lacks_are_needed(ci, world).await
/// }
/// ```
///
/// # Errors
/// The first trait that the provider has after all, with the reason that was given.
pub async fn lacks_are_needed(ci: &impl CicdService, world: &World) -> Result<(), Failure> {
    for (lacked, _) in world.lacks() {
        if run(ci, &world.asking_for(lacked)).await.is_ok() {
            return Err(world.needless(lacked));
        }
    }
    Ok(())
}
