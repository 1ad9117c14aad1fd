//! The behaviour suite of the cicd service: what every CI system does alike.
//!
//! Each behaviour makes the pipelines that it needs in a repository that is given, so they can run alone, in any order and
//! in a repository that is in use. What a pipeline is to do is a [`Draft`]; the provider's test writes it down in the
//! provider's language. [`run`] runs the behaviours whose operations a provider declares.

mod artifacts;
mod cancel;
mod draft;
mod ground;
mod jobs;
mod listing;
mod logs;
mod missing;
mod pipelines;
mod rerun;
mod runs;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use artifacts::{
    artifact_pages_cover_everything_once, artifacts_of_jobs_come_back, bad_artifact_names_are_refused,
    uploads_come_back_byte_for_byte,
};
pub use cancel::{cancelled_runs_end, cancelling_what_ended_changes_nothing};
pub use draft::{Draft, JobDraft, Step};
pub use jobs::{jobs_after_a_failure_are_skipped, jobs_wait_for_what_they_need};
pub use listing::{bad_cursors_are_refused, run_pages_cover_everything_once, runs_are_filtered};
pub use logs::{inputs_arrive, logs_follow_running_jobs, logs_hold_what_was_printed};
pub use missing::missing_things_are_not_found;
pub use pipelines::{bad_definitions_are_refused, pipelines_are_created_and_listed};
pub use rerun::{failed_jobs_are_repeated_alone, runs_are_repeated_when_they_have_ended};
pub use runs::{a_failing_job_fails_the_run, a_run_goes_to_its_end};

use ground::Ground;

use super::Failure;
use crate::context::CallContext;
use crate::op::cicd::*;
use crate::op::{OpMeta, OpSet, Operation as _, StreamOperation as _};
use crate::types::RepoRef;

/// Where the suite works: a repository with at least one commit, what the provider declares, and its language.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::testkit::suite::cicd::{Draft, World};
/// use mosaic_core::types::{RepoRef, ServiceKind};
///
/// fn write(draft: &Draft) -> String {
///     draft.jobs.iter().map(|job| format!("job {}\n", job.name)).collect()
/// }
/// let world = World::new(RepoRef::new("acme", "widget"), OpSet::service(ServiceKind::Cicd), write).broken("no job");
/// assert_ne!(world.unused(), world.unused());
/// ```
pub struct World {
    cx: CallContext,
    repo: RepoRef,
    operations: OpSet,
    write: Box<dyn Fn(&Draft) -> String + Send + Sync>,
    broken: Option<String>,
    limit: Duration,
    prefix: String,
    used: AtomicUsize,
}

impl World {
    /// Pipelines of this repository, on a provider that declares these operations, written down by this function.
    pub fn new(
        repo: RepoRef,
        operations: OpSet,
        write: impl Fn(&Draft) -> String + Send + Sync + 'static,
    ) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        Self {
            cx: CallContext::new(),
            repo,
            operations,
            write: Box::new(write),
            broken: None,
            limit: Duration::from_secs(120),
            prefix: format!("suite-{now:x}"),
            used: AtomicUsize::new(0),
        }
    }

    /// The same world with another context for every call.
    #[must_use]
    pub fn context(mut self, cx: CallContext) -> Self {
        self.cx = cx;
        self
    }

    /// The same world with a definition that the provider must refuse; without it that behaviour is left out.
    #[must_use]
    pub fn broken(mut self, definition: impl Into<String>) -> Self {
        self.broken = Some(definition.into());
        self
    }

    /// The same world with another limit for what is waited for; 120 seconds by default. It says when to give up, not how
    /// soon something is to happen.
    #[must_use]
    pub fn wait_at_most(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The context of every call.
    pub fn cx(&self) -> &CallContext {
        &self.cx
    }

    /// The repository.
    pub fn repo(&self) -> &RepoRef {
        &self.repo
    }

    /// What the provider declares.
    pub fn operations(&self) -> OpSet {
        self.operations
    }

    /// The name of a pipeline that nobody made yet.
    pub fn unused(&self) -> String {
        format!("{}-{:03}", self.prefix, self.used.fetch_add(1, Ordering::Relaxed))
    }

    fn limit(&self) -> Duration {
        self.limit
    }

    fn write(&self, draft: &Draft) -> String {
        (self.write)(draft)
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("repo", &self.repo)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Each line: a behaviour and the operations it calls.
macro_rules! behaviours {
    ($ci:ident, $world:ident: $($behaviour:ident [$($op:ident)*],)*) => {
        $(if [$($op::META),*].iter().all(|meta: &&OpMeta| $world.operations.has(meta)) {
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
        pipelines_are_created_and_listed [CreatePipeline ListPipelines],
        bad_definitions_are_refused [CreatePipeline TriggerRun],
        a_run_goes_to_its_end [CreatePipeline TriggerRun GetRun],
        a_failing_job_fails_the_run [CreatePipeline TriggerRun GetRun ListJobs],
        logs_hold_what_was_printed [CreatePipeline TriggerRun GetRun ListJobs JobLog],
        logs_follow_running_jobs [CreatePipeline TriggerRun GetRun ListJobs JobLog CancelRun],
        inputs_arrive [CreatePipeline TriggerRun GetRun ListJobs JobLog],
        jobs_wait_for_what_they_need [CreatePipeline TriggerRun GetRun ListJobs],
        jobs_after_a_failure_are_skipped [CreatePipeline TriggerRun GetRun ListJobs],
        cancelled_runs_end [CreatePipeline TriggerRun GetRun ListJobs CancelRun],
        cancelling_what_ended_changes_nothing [CreatePipeline TriggerRun GetRun CancelRun],
        runs_are_repeated_when_they_have_ended [CreatePipeline TriggerRun GetRun ListJobs JobLog CancelRun RerunRun],
        failed_jobs_are_repeated_alone [CreatePipeline TriggerRun GetRun ListJobs RerunRun],
        runs_are_filtered [CreatePipeline TriggerRun GetRun ListRuns],
        run_pages_cover_everything_once [CreatePipeline TriggerRun GetRun ListRuns],
        bad_cursors_are_refused [ListRuns],
        artifacts_of_jobs_come_back [CreatePipeline TriggerRun GetRun ListArtifacts DownloadArtifact],
        uploads_come_back_byte_for_byte
            [CreatePipeline TriggerRun GetRun UploadArtifact ListArtifacts DownloadArtifact],
        artifact_pages_cover_everything_once [CreatePipeline TriggerRun GetRun UploadArtifact ListArtifacts],
        bad_artifact_names_are_refused [CreatePipeline TriggerRun GetRun UploadArtifact ListArtifacts],
    }
    Ok(())
}
