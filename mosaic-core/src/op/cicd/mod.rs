//! The cicd service: pipelines, their runs, jobs, logs and artifacts.

mod artifact;
mod job;
mod pipeline;
mod run;

pub use artifact::{DownloadArtifact, ListArtifacts, UploadArtifact};
pub use job::{JobLog, ListJobs};
pub use pipeline::{CreatePipeline, ListPipelines};
pub use run::{CancelRun, GetRun, ListRuns, RerunRun, TriggerRun};

use super::service::service;
use super::vendor::{OfCicd, VendorRead, VendorWrite};
use crate::types::cicd::{Artifact, Job, Pipeline, PipelineRun};
use crate::types::vendor::VendorAnswer;
use crate::types::{Chunk, Page};

service! {
    /// Pipelines, their runs, jobs, logs and artifacts.
    pub trait CicdService, client Cicd, table CICD = "cicd";

    /// Start a run.
    fn trigger_run(TriggerRun) -> PipelineRun { Create on repo, cost = 5, invalidates = [run] }
    /// Fetch one run.
    fn get_run(GetRun) -> PipelineRun { Read on repo, ttl = 5, tags = [run] }
    /// Keep a file with a run.
    fn upload_artifact(UploadArtifact) -> Artifact { Idempotent on repo, cost = 2, invalidates = [artifact] }

    /// Create a pipeline. `Conflict` where there is one of this name.
    fn create_pipeline(CreatePipeline) -> Pipeline { Create on repo, cost = 2, invalidates = [pipeline] }
    /// List pipelines, ordered by name.
    fn list_pipelines(ListPipelines) -> Page<Pipeline> { Read on repo, ttl = 60, tags = [pipeline] }
    /// List runs, newest first.
    fn list_runs(ListRuns) -> Page<PipelineRun> { Read on repo, ttl = 5, tags = [run] }
    /// Cancel a run. One that has ended stays as it ended.
    fn cancel_run(CancelRun) -> PipelineRun { Idempotent on repo, invalidates = [run, job] }
    /// Run the same commit with the same inputs once more: as a new run, or as a new attempt of the old one, as the provider
    /// does it. `Conflict` where the run has not ended.
    fn rerun_run(RerunRun) -> PipelineRun { Create on repo, cost = 5, invalidates = [run, job] }
    /// List the jobs of a run, in the order in which they begin.
    fn list_jobs(ListJobs) -> Page<Job> { Read on repo, ttl = 5, tags = [job, run] }
    /// List the files that a run left behind, ordered by name.
    fn list_artifacts(ListArtifacts) -> Page<Artifact> { Read on repo, ttl = 5, tags = [artifact, run] }
    /// Fetch something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_read(VendorRead<OfCicd>) -> VendorAnswer { Read on about at path, vendor = true }
    /// Change something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_write(VendorWrite<OfCicd>) -> VendorAnswer {
        Irreversible on about at path, vendor = true, invalidates = [pipeline, run, job, artifact]
    }
    streams {
        /// Read the log of a job from its beginning, and follow it while the job runs.
        fn job_log(JobLog) -> Chunk { Read on repo }
        /// Read a file that a run left behind.
        fn download_artifact(DownloadArtifact) -> Chunk { Read on repo, cost = 2 }
    }
}
