//! The cicd service: GitLab's pipelines, jobs, logs and artifacts, one file per noun.

mod artifact;
mod job;
mod log;
mod pipeline;
mod run;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::*;
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{ItemStream, OpSet, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Artifact, Job, Pipeline, PipelineRun};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Chunk, Page, ServiceKind};

use super::client::GitLab;
use super::config::GitLabConfig;

/// Pipelines, jobs, logs and artifacts of a GitLab server.
///
/// ```
/// use mosaic_core::op::Operation as _;
/// use mosaic_core::op::cicd::UploadArtifact;
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitlab::{GitLabCi, GitLabConfig};
///
/// let gitlab = GitLabCi::new(GitLabConfig::default())?;
/// assert!(!gitlab.info().operations.has(UploadArtifact::META));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitLabCi {
    info: PluginInfo,
    lab: GitLab,
}

impl GitLabCi {
    /// A provider; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitLabConfig) -> Result<Self> {
        // Only a job itself may keep files, with a token that ends with it.
        let offered = OpSet::service(ServiceKind::Cicd).without(UploadArtifact::META);
        let lab = GitLab::connect(&config)?;
        let operations = lab.client.declared(ServiceKind::Cicd, offered);
        let info = PluginInfo::new("gitlab", env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Ok(Self { info, lab })
    }
}

#[async_trait]
impl Plugin for GitLabCi {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }
    async fn health(&self) -> HealthReport {
        self.lab.health().await
    }
    fn metrics(&self) -> Vec<Measure> {
        self.lab.client.measures()
    }
    async fn refresh(&self) -> Result<()> {
        self.lab.client.renew().await
    }
}

impl CicdService for GitLabCi {
    async fn trigger_run(&self, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
        run::trigger(&self.lab, cx, op).await
    }
    async fn get_run(&self, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
        run::get(&self.lab, cx, op).await
    }
    async fn list_runs(&self, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
        run::list(&self.lab, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        run::cancel(&self.lab, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        run::rerun(&self.lab, cx, op).await
    }
    async fn create_pipeline(&self, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
        pipeline::create(&self.lab, cx, op).await
    }
    async fn list_pipelines(&self, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        pipeline::list(&self.lab, cx, op).await
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        job::list(&self.lab, cx, op).await
    }
    async fn list_artifacts(&self, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
        artifact::list(&self.lab, cx, op).await
    }
    async fn download_artifact(&self, cx: &CallContext, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
        artifact::download(&self.lab, cx, op).await
    }
    async fn job_log(&self, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        log::read(&self.lab, cx, op).await
    }
    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfCicd>) -> Result<VendorAnswer> {
        self.lab.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfCicd>) -> Result<VendorAnswer> {
        self.lab.client.vendor_write(cx, op).await
    }
}
