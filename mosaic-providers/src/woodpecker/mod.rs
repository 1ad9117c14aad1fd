//! Runs of a Woodpecker server.
#![doc = include_str!("docs.md")]

mod client;
mod config;
mod job;
mod log;
mod pipeline;
mod run;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::cicd::{
    CancelRun, Cicd, CicdService, GetRun, JobLog, ListJobs, ListPipelines, ListRuns, RerunRun, TriggerRun,
};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{ItemStream, OpSet, Operation as _, StreamOperation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Job, Pipeline, PipelineRun};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Chunk, Page, ServiceKind};

use client::Server;
pub use config::{WoodpeckerConfig, WoodpeckerFactory};

use crate::http::at;

/// The cicd service of a Woodpecker server.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::cicd::{CicdService, TriggerRun};
/// use mosaic_providers::http::Auth;
/// use mosaic_providers::woodpecker::{Woodpecker, WoodpeckerConfig};
///
/// async fn build(token: &str) -> mosaic_core::Result<String> {
///     let config = WoodpeckerConfig::new("https://ci.example.org/api").auth(Auth::token(token));
///     let ci = Woodpecker::new(config)?;
///     let run = ci.trigger_run(&CallContext::new(), TriggerRun::new("acme", "widget", "woodpecker")).await?;
///     Ok(run.id)
/// }
/// ```
#[derive(Debug)]
pub struct Woodpecker {
    info: PluginInfo,
    server: Arc<Server>,
}

impl Woodpecker {
    /// A server; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: WoodpeckerConfig) -> Result<Self> {
        let server = Arc::new(Server::connect(&config)?);
        let mut operations = vec![
            TriggerRun::META,
            GetRun::META,
            ListRuns::META,
            CancelRun::META,
            RerunRun::META,
            ListJobs::META,
            JobLog::META,
        ];
        // Names that come from variables are anybody's.
        if server.variable.is_none() {
            operations.push(ListPipelines::META);
        }
        let operations = server.client.declared(ServiceKind::Cicd, OpSet::of(&operations));
        let info = PluginInfo::new("woodpecker", env!("CARGO_PKG_VERSION"), operations);
        Ok(Self { info: info.reports_delivery(true), server })
    }
}

#[async_trait]
impl Plugin for Woodpecker {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        match self.server.client.get(at!["user"]).done(&CallContext::new()).await {
            Ok(_) => HealthReport::healthy(),
            // Without credentials nobody is anybody, and the server still answers.
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

impl CicdService for Woodpecker {
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
        run::list(&self.server, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        run::cancel(&self.server, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        run::rerun(&self.server, cx, op).await
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        job::list(&self.server, cx, op).await
    }
    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfCicd>) -> Result<VendorAnswer> {
        self.server.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfCicd>) -> Result<VendorAnswer> {
        self.server.client.vendor_write(cx, op).await
    }
    async fn job_log(&self, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        log::open(&self.server, cx, op).await
    }
}
