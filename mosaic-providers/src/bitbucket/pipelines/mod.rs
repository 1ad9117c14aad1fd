//! The cicd service of Bitbucket Pipelines.

mod definition;
mod log;
mod run;
mod state;
mod step;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::{
    CancelRun, Cicd, CicdService, GetRun, JobLog, ListJobs, ListPipelines, ListRuns, RerunRun, TriggerRun,
};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{
    ItemStream, OpMeta, OpSet, Operation as _, StreamOperation as _, VendorRead, VendorWrite,
};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Job, Pipeline, PipelineRun};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Chunk, Page, ServiceKind};

use super::cloud::Cloud;
use super::config::{BitbucketConfig, PROVIDER};

/// A definition is one file for all pipelines, and artifacts of steps cannot be asked for: both are left out.
const OFFERED: &[&OpMeta] = &[
    TriggerRun::META,
    GetRun::META,
    ListPipelines::META,
    ListRuns::META,
    CancelRun::META,
    RerunRun::META,
    ListJobs::META,
    JobLog::META,
];

/// Runs, steps and logs of Bitbucket Pipelines; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::cicd::{CicdService, TriggerRun};
/// use mosaic_providers::bitbucket::{BitbucketConfig, BitbucketPipelines};
/// use mosaic_providers::http::Auth;
///
/// async fn deploy(token: &str) -> mosaic_core::Result<String> {
///     let ci = BitbucketPipelines::new(BitbucketConfig::new(Auth::token(token)))?;
///     let op = TriggerRun::new("acme", "widget", "deploy").at("main");
///     Ok(ci.trigger_run(&CallContext::new(), op).await?.id)
/// }
/// ```
#[derive(Debug)]
pub struct BitbucketPipelines {
    info: PluginInfo,
    cloud: Cloud,
}

impl BitbucketPipelines {
    /// The cicd service; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: BitbucketConfig) -> Result<Self> {
        let cloud = Cloud::new(&config)?;
        let operations = cloud.client.declared(ServiceKind::Cicd, OpSet::of(OFFERED));
        let info = PluginInfo::new(PROVIDER, env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Ok(Self { info, cloud })
    }
}

#[async_trait]
impl Plugin for BitbucketPipelines {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        self.cloud.health().await
    }

    async fn refresh(&self) -> Result<()> {
        self.cloud.client.renew().await
    }

    fn metrics(&self) -> Vec<Measure> {
        self.cloud.client.measures()
    }
}

impl CicdService for BitbucketPipelines {
    async fn trigger_run(&self, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
        run::trigger(&self.cloud, cx, op).await
    }
    async fn get_run(&self, cx: &CallContext, op: GetRun) -> Result<PipelineRun> {
        run::get(&self.cloud, cx, op).await
    }
    async fn list_pipelines(&self, cx: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        definition::list(&self.cloud, cx, op).await
    }
    async fn list_runs(&self, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
        run::list(&self.cloud, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        run::cancel(&self.cloud, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        run::again(&self.cloud, cx, op).await
    }
    async fn list_jobs(&self, cx: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        step::list(&self.cloud, cx, op).await
    }
    async fn job_log(&self, cx: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        log::open(&self.cloud, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfCicd>) -> Result<VendorAnswer> {
        self.cloud.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfCicd>) -> Result<VendorAnswer> {
        self.cloud.client.vendor_write(cx, op).await
    }
}
