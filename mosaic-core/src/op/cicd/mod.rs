//! The cicd service: runs, their logs and artifacts.

mod run;

pub use run::{GetRun, JobLog, TriggerRun, UploadArtifact};

use super::service::service;
use crate::types::cicd::{Artifact, LogChunk, PipelineRun};

service! {
    /// Runs of pipelines, their logs and artifacts.
    pub trait CicdService, client Cicd, table CICD = "cicd";

    /// Start a run.
    fn trigger_run(TriggerRun) -> PipelineRun { Create on repo, cost = 5, invalidates = [run] }
    /// Fetch one run.
    fn get_run(GetRun) -> PipelineRun { Read on repo, ttl = 5, tags = [run] }
    /// Keep a file with a run.
    fn upload_artifact(UploadArtifact) -> Artifact { Idempotent on repo, cost = 2, invalidates = [artifact] }
    streams {
        /// Read the log of a job from its beginning, and follow it while the job runs.
        fn job_log(JobLog) -> LogChunk { Read on repo }
    }
}
