//! Builds of a Jenkins server.
#![doc = include_str!("docs.md")]

mod artifact;
mod client;
mod config;
mod crumb;
mod log;
mod pipeline;
mod run;
mod start;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::cicd::{
    CancelRun, Cicd, CicdService, CreatePipeline, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs,
    ListPipelines, ListRuns, RerunRun, TriggerRun,
};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{ItemStream, OpSet, Operation as _, StreamOperation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Artifact, Job, Pipeline, PipelineRun};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Chunk, Page, ServiceKind};
use serde::de::IgnoredAny;

use client::Server;
pub use config::{JenkinsConfig, JenkinsFactory};

use crate::http::at;

/// The cicd service of a Jenkins server.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::cicd::{CicdService, TriggerRun};
/// use mosaic_providers::http::Auth;
/// use mosaic_providers::jenkins::{JenkinsCi, JenkinsConfig};
///
/// async fn build(token: &str) -> mosaic_core::Result<String> {
///     let config = JenkinsConfig::new("https://ci.example.org").auth(Auth::basic("ada", token));
///     let ci = JenkinsCi::new(config)?;
///     let run = ci.trigger_run(&CallContext::new(), TriggerRun::new("acme", "widget", "build")).await?;
///     Ok(run.id)
/// }
/// ```
#[derive(Debug)]
pub struct JenkinsCi {
    info: PluginInfo,
    server: Arc<Server>,
}

impl JenkinsCi {
    /// A server; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: JenkinsConfig) -> Result<Self> {
        let server = Arc::new(Server::connect(&config)?);
        let operations = OpSet::of(&[
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
        ]);
        let operations = server.client.declared(ServiceKind::Cicd, operations);
        let info = PluginInfo::new("jenkins", env!("CARGO_PKG_VERSION"), operations);
        Ok(Self { info: info.reports_delivery(true), server })
    }
}

#[async_trait]
impl Plugin for JenkinsCi {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        // Without credentials nobody is anybody.
        let (path, tree) = match self.server.anonymous {
            true => (at!["api", "json"], "mode"),
            false => (at!["me", "api", "json"], "id"),
        };
        let request = self.server.client.get(path).query("tree", tree);
        match request.send::<IgnoredAny>(&CallContext::new()).await {
            Ok(_) => HealthReport::healthy(),
            Err(error) if matches!(error.kind(), ErrorKind::RateLimited | ErrorKind::Throttled) => {
                HealthReport::degraded(error.message().to_owned())
            }
            Err(error) => HealthReport::unhealthy(error.message().to_owned()),
        }
    }

    fn metrics(&self) -> Vec<Measure> {
        self.server.client.measures()
    }

    async fn refresh(&self) -> Result<()> {
        self.server.client.renew().await
    }
}

impl CicdService for JenkinsCi {
    async fn trigger_run(&self, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
        start::trigger(&self.server, cx, op).await
    }
    async fn get_run(&self, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
        run::get(&self.server, cx, op).await
    }
    async fn create_pipeline(&self, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
        pipeline::create(&self.server, cx, op).await
    }
    async fn list_pipelines(&self, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        pipeline::list(&self.server, cx, op).await
    }
    async fn list_runs(&self, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
        run::list(&self.server, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        run::cancel(&self.server, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        start::rerun(&self.server, cx, op).await
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        run::jobs(&self.server, cx, op).await
    }
    async fn list_artifacts(&self, cx: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
        artifact::list(&self.server, cx, op).await
    }
    async fn job_log(&self, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        log::open(&self.server, cx, op).await
    }
    async fn download_artifact(&self, cx: &CallContext, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
        artifact::download(&self.server, cx, op).await
    }
    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfCicd>) -> Result<VendorAnswer> {
        self.server.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfCicd>) -> Result<VendorAnswer> {
        let client = &self.server.client;
        client.may_be_called()?;
        client.vendor_answer(self.server.write(cx, || client.vendor_request(&op)).await?)
    }
}
