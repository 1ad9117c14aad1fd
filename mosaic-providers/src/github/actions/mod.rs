//! GitHub Actions.

mod artifact;
mod config;
mod dispatch;
mod hub;
mod job;
mod log;
mod pipeline;
mod run;
mod turn;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::{
    CancelRun, Cicd, CicdService, CreatePipeline, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs,
    ListPipelines, ListRuns, RerunRun, TriggerRun,
};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{ItemStream, OpMeta, Operation as _, StreamOperation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Artifact, Job, Pipeline, PipelineRun};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Chunk, Page, ServiceKind};

use super::client;
use super::config::{GitHubConfig, info};
pub use config::{ActionsConfig, GitHubActionsFactory};
use hub::Hub;

/// Workflows of GitHub, their runs, jobs, logs and artifacts; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::cicd::{CicdService, TriggerRun};
/// use mosaic_providers::github::{GitHubActions, GitHubConfig};
/// use mosaic_providers::http::Auth;
///
/// async fn build(token: &str) -> mosaic_core::Result<String> {
///     let ci = GitHubActions::new(GitHubConfig::new(Auth::token(token)))?;
///     let run = ci.trigger_run(&CallContext::new(), TriggerRun::new("acme", "widget", "build.yml")).await?;
///     Ok(run.id)
/// }
/// ```
#[derive(Debug)]
pub struct GitHubActions {
    info: PluginInfo,
    hub: Arc<Hub>,
}

const OFFERED: &[&OpMeta] = &[
    TriggerRun::META,
    GetRun::META,
    CreatePipeline::META,
    ListPipelines::META,
    ListRuns::META,
    CancelRun::META,
    RerunRun::META,
    ListJobs::META,
    ListArtifacts::META,
    JobLog::META,
    DownloadArtifact::META,
];

impl GitHubActions {
    /// The Actions of one GitHub; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitHubConfig) -> Result<Self> {
        let hub = Hub::connect(&config)?;
        Ok(Self { info: info(&hub.client, ServiceKind::Cicd, OFFERED), hub: Arc::new(hub) })
    }
}

#[async_trait]
impl Plugin for GitHubActions {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        client::health(&self.hub.client).await
    }

    fn metrics(&self) -> Vec<Measure> {
        self.hub.client.measures()
    }

    async fn refresh(&self) -> Result<()> {
        self.hub.client.renew().await
    }
}

impl CicdService for GitHubActions {
    async fn trigger_run(&self, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
        dispatch::trigger(&self.hub, cx, op).await
    }
    async fn get_run(&self, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
        run::get(&self.hub, cx, op).await
    }
    async fn create_pipeline(&self, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
        pipeline::create(&self.hub, cx, op).await
    }
    async fn list_pipelines(&self, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        pipeline::list(&self.hub, cx, op).await
    }
    async fn list_runs(&self, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
        run::list(&self.hub, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        run::cancel(&self.hub, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        run::rerun(&self.hub, cx, op).await
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        job::list(&self.hub, cx, op).await
    }
    async fn list_artifacts(&self, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
        artifact::list(&self.hub, cx, op).await
    }
    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfCicd>) -> Result<VendorAnswer> {
        self.hub.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfCicd>) -> Result<VendorAnswer> {
        self.hub.client.vendor_write(cx, op).await
    }
    async fn job_log(&self, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        log::open(&self.hub, cx, op).await
    }
    async fn download_artifact(&self, cx: &CallContext, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
        artifact::download(&self.hub, cx, op).await
    }
}
