//! Pipelines of CircleCI.
#![doc = include_str!("docs.md")]

mod artifact;
mod change;
mod client;
mod config;
mod job;
mod list;
mod log;
mod pipeline;
mod run;
mod state;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::cicd::{
    CancelRun, Cicd, CicdService, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs, ListPipelines,
    ListRuns, RerunRun, TriggerRun,
};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{ItemStream, OpSet, Operation as _, StreamOperation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Artifact, Job, Pipeline, PipelineRun};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Chunk, Page, ServiceKind};
use serde::de::IgnoredAny;

use client::Server;
pub use config::{CircleCiConfig, CircleCiFactory, ParameterType};

use crate::http::at;

/// The cicd service of CircleCI.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::cicd::{CicdService, TriggerRun};
/// use mosaic_providers::circleci::{CircleCi, CircleCiConfig};
/// use mosaic_providers::http::Auth;
///
/// async fn build(token: &str) -> mosaic_core::Result<String> {
///     let ci = CircleCi::new(CircleCiConfig::new(Auth::token(token)))?;
///     let run = ci.trigger_run(&CallContext::new(), TriggerRun::new("acme", "widget", "circleci")).await?;
///     Ok(run.id)
/// }
/// ```
#[derive(Debug)]
pub struct CircleCi {
    info: PluginInfo,
    server: Arc<Server>,
}

impl CircleCi {
    /// The service; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: CircleCiConfig) -> Result<Self> {
        let server = Arc::new(Server::connect(&config)?);
        let mut operations = vec![
            TriggerRun::META,
            GetRun::META,
            ListRuns::META,
            CancelRun::META,
            RerunRun::META,
            ListJobs::META,
            ListArtifacts::META,
            JobLog::META,
            DownloadArtifact::META,
        ];
        // Names that come from parameters are anybody's.
        if server.parameter.is_none() {
            operations.push(ListPipelines::META);
        }
        let operations = server.client.declared(ServiceKind::Cicd, OpSet::of(&operations));
        let info = PluginInfo::new("circleci", env!("CARGO_PKG_VERSION"), operations);
        Ok(Self { info: info.reports_delivery(true), server })
    }
}

#[async_trait]
impl Plugin for CircleCi {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        let asked = self.server.client.get(at!["v2", "me"]).send::<IgnoredAny>(&CallContext::new()).await;
        match asked {
            Ok(_) => HealthReport::healthy(),
            // Without credentials nobody is anybody, and the service still answers.
            Err(error) if error.kind() == ErrorKind::Unauthenticated && self.server.anonymous => {
                HealthReport::healthy()
            }
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

impl CicdService for CircleCi {
    async fn trigger_run(&self, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
        run::trigger(&self.server, cx, op).await
    }
    async fn get_run(&self, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
        run::get(&self.server, cx, op).await
    }
    async fn list_pipelines(&self, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        pipeline::list(&self.server, cx, op).await
    }
    async fn list_runs(&self, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
        list::list(&self.server, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        change::cancel(&self.server, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        change::rerun(&self.server, cx, op).await
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        job::list(&self.server, cx, op).await
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
        self.server.client.vendor_write(cx, op).await
    }
}
