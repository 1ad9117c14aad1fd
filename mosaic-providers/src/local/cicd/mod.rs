//! Pipelines of the embedded forge, run as processes of this machine.
//!
//! A pipeline is a file of a repository, `.mosaic/pipelines/<name>.yml`, in the [language](#the-language-of-pipelines) below.
//! A run is about one commit; each of its jobs gets a clean checkout of it, without a repository around, and an environment
//! in which nothing of this process is but what the configuration names.
//!
//! Running commands is off unless the configuration says `runCommands: true`: whoever may write to a repository then runs
//! commands with the rights of this process. The limits keep accidents small; they are no walls against an attacker.
//!
//! # The language of pipelines
//!
//! ```yaml
//! name: Build and test          # for people
//! timeout: 20m                  # the longest that a run may take: ms, s, m, h
//! env: { LEVEL: fast }          # variables of every job
//! jobs:
//!   build:
//!     run:                      # lines for `sh -eu`: the first that fails ends the job
//!       - make
//!       - make dist
//!     artifacts: ["dist/**"]    # files that are kept after it
//!   test:
//!     needs: [build]            # jobs that must end well before it
//!     run: make test            # one line, or a text of lines
//!     directory: src            # where it begins
//!     env: { LEVEL: full }
//!     timeout: 90s
//! ```
//!
//! Names of pipelines and jobs are 1 to 100 of `a-z A-Z 0-9 . _ -`, beginning with a letter, a digit or `_`. Anything the
//! language does not know is a fault, shown with line and column when the pipeline is created or triggered. A time limit can
//! only be shorter than that of the configuration.
//!
//! # What a job sees
//!
//! `INPUT_<NAME>` for each input of the run; the variables of the pipeline; `CI=true`; `MOSAIC_RUN`, `MOSAIC_JOB`,
//! `MOSAIC_PIPELINE`, `MOSAIC_REPOSITORY`, `MOSAIC_REFERENCE` and `MOSAIC_COMMIT`; `HOME`, the checkout; `TMPDIR`, a
//! directory of its own; `PATH`; and the variables of this process that the configuration lists. Its standard input is empty.
//! Its output is the log, in the order in which it was written.
//!
//! # How it ends
//!
//! When the shell of a job ends, whatever it left running is killed. A job that is cancelled or takes too long is asked to
//! end, and then killed with everything that it started. Where this process dies, the next one to open the directory kills
//! what is left of its jobs and says so in the records. One process, and one provider in it, owns a directory at a time.
//!
//! It needs Linux, git 2.38 or newer, `/bin/sh`, and a runtime of tokio with io and time enabled.

mod artifact;
mod config;
mod definition;
mod disk;
mod drive;
mod fault;
mod job;
mod list;
mod log;
mod names;
mod pipeline;
mod proc;
mod process;
mod queue;
mod record;
mod root;
mod run;
mod runs;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::cicd::{
    CancelRun, Cicd, CicdService, CreatePipeline, DownloadArtifact, GetRun, JobLog, ListArtifacts, ListJobs,
    ListPipelines, ListRuns, RerunRun, TriggerRun, UploadArtifact,
};
use mosaic_core::op::{ItemStream, OpSet};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::cicd::{Artifact, Job, Pipeline, PipelineRun};
use mosaic_core::types::{Chunk, Page, ServiceKind};

pub use config::{CicdLimits, LocalCicdConfig, LocalCicdFactory};
use root::Root;

/// Pipelines in a directory, of repositories in another.
///
/// ```
/// use futures_util::StreamExt as _;
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::cicd::{CicdService, CreatePipeline, JobLog, TriggerRun};
/// use mosaic_core::op::git::{CreateRepository, GitService};
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::local::cicd::{LocalCicd, LocalCicdConfig};
/// use mosaic_providers::local::git::LocalGit;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let (path, forge) = (directory.path().join("ci"), directory.path().join("forge"));
/// let (git, cx) = (LocalGit::open(&forge).await?, CallContext::new());
/// git.create_repository(&cx, CreateRepository::new("acme", "widget")).await?;
/// let ci = LocalCicd::open(LocalCicdConfig::new(path, &forge).run_commands(true)).await?;
/// let hello = "jobs:\n  greet:\n    run: echo hello\n";
/// ci.create_pipeline(&cx, CreatePipeline::new("acme", "widget", "hello", hello)).await?;
/// let run = ci.trigger_run(&cx, TriggerRun::new("acme", "widget", "hello")).await?;
/// let mut log = ci.job_log(&cx, JobLog::new("acme", "widget", run.id, "greet")).await?;
/// assert_eq!(log.next().await.transpose()?.as_ref().and_then(|chunk| chunk.as_text()), Some("hello\n"));
/// ci.stop().await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalCicd {
    info: PluginInfo,
    config: LocalCicdConfig,
    root: Mutex<Option<Arc<Root>>>,
    opening: tokio::sync::Mutex<()>,
}

impl LocalCicd {
    /// One that is not open yet: [`Plugin::initialize`] opens it.
    pub fn new(config: LocalCicdConfig) -> Self {
        let operations = OpSet::service(ServiceKind::Cicd);
        let info = PluginInfo::new("local", env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Self { info, config, root: Mutex::default(), opening: tokio::sync::Mutex::default() }
    }

    /// Opens the directory of the runs, which is made where it is not there, and the forge beside it.
    ///
    /// # Errors
    /// `Config` where a directory cannot be used, where another process owns that of the runs, where a limit makes no sense,
    /// or where `git` cannot be run or is older than 2.38.
    pub async fn open(config: LocalCicdConfig) -> Result<Self> {
        let ci = Self::new(config);
        ci.initialize().await?;
        Ok(ci)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Arc<Root>>> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn root(&self) -> Result<Arc<Root>> {
        self.slot().clone().ok_or_else(fault::not_open)
    }

    async fn close(&self) {
        let _opening = self.opening.lock().await;
        let root = self.slot().take();
        if let Some(root) = root {
            root.close().await;
        }
    }
}

impl Drop for LocalCicd {
    fn drop(&mut self) {
        // Stopping waits; where nobody did that, the tasks end what is under way as soon as they get to it.
        if let Some(root) = self.slot().take() {
            root.abandon();
        }
    }
}

#[async_trait]
impl Plugin for LocalCicd {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Cicd::handlers(self))
    }

    async fn initialize(&self) -> Result<()> {
        let _opening = self.opening.lock().await;
        if self.slot().is_none() {
            let root = Root::open(self.config.clone()).await?;
            *self.slot() = Some(root);
        }
        Ok(())
    }

    /// Ends every run that is under way, as `Failed`, and waits for it.
    async fn stop(&self) -> Result<()> {
        self.close().await;
        Ok(())
    }

    async fn dispose(&self) {
        self.close().await;
    }

    async fn health(&self) -> HealthReport {
        let Ok(root) = self.root() else { return HealthReport::unhealthy("the provider is not open") };
        let forge = root.forge.health().await;
        match root.probe().await {
            Ok(()) => forge,
            Err(error) => HealthReport::unhealthy(error.message().to_owned()),
        }
    }

    fn metrics(&self) -> Vec<Measure> {
        self.root()
            .map_or_else(|_| Vec::new(), |root| vec![Measure::new("runs_open", root.open_runs() as f64)])
    }
}

impl CicdService for LocalCicd {
    async fn trigger_run(&self, cx: &CallContext, op: TriggerRun) -> Result<PipelineRun> {
        runs::trigger(&self.root()?, cx, op).await
    }
    async fn get_run(&self, _: &CallContext, op: GetRun) -> Result<PipelineRun> {
        runs::get(&*self.root()?, &op)
    }
    async fn list_runs(&self, cx: &CallContext, op: ListRuns) -> Result<Page<PipelineRun>> {
        runs::list(&*self.root()?, cx, op).await
    }
    async fn cancel_run(&self, cx: &CallContext, op: CancelRun) -> Result<PipelineRun> {
        runs::cancel(&*self.root()?, cx, op).await
    }
    async fn rerun_run(&self, cx: &CallContext, op: RerunRun) -> Result<PipelineRun> {
        runs::rerun(&self.root()?, cx, op).await
    }
    async fn list_jobs(&self, _: &CallContext, op: ListJobs) -> Result<Page<Job>> {
        runs::jobs(&*self.root()?, &op)
    }
    async fn job_log(&self, _: &CallContext, op: JobLog) -> Result<ItemStream<Chunk>> {
        runs::log(&*self.root()?, &op)
    }

    async fn create_pipeline(&self, cx: &CallContext, op: CreatePipeline) -> Result<Pipeline> {
        pipeline::create(&*self.root()?, cx, op).await
    }
    async fn list_pipelines(&self, _: &CallContext, op: ListPipelines) -> Result<Page<Pipeline>> {
        pipeline::list(&*self.root()?, op).await
    }

    async fn upload_artifact(&self, cx: &CallContext, op: UploadArtifact) -> Result<Artifact> {
        artifact::upload(&*self.root()?, cx, op).await
    }
    async fn list_artifacts(&self, _: &CallContext, op: ListArtifacts) -> Result<Page<Artifact>> {
        artifact::list(&*self.root()?, op)
    }
    async fn download_artifact(&self, _: &CallContext, op: DownloadArtifact) -> Result<ItemStream<Chunk>> {
        artifact::download(&*self.root()?, op).await
    }
}
