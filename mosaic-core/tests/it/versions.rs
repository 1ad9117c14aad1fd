//! Versions of one provider, which notice who calls them when nobody may.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::cicd::{CicdService, JobLog};
use mosaic_core::op::git::{CreateRepository, GetRepository, Git, GitService};
use mosaic_core::op::{Cicd, ItemStream, OpSet, Operation, StreamOperation};
use mosaic_core::orchestrator::{LifecycleChange, Orchestrator};
use mosaic_core::plugin::{Alarm, HandlerTable, HealthReport, Lifecycle, Plugin, PluginInfo, SlotState};
use mosaic_core::types::Chunk;
use mosaic_core::types::git::Repository;
use tokio::sync::broadcast::Receiver;

use crate::support::get;

/// What all versions of one provider are measured by.
#[derive(Default)]
pub(crate) struct Bench {
    /// Calls that reached an instance before its start, or after its stop or its end.
    pub(crate) violations: AtomicU64,
    pub(crate) made: Mutex<Vec<String>>,
    pub(crate) log: Mutex<Vec<String>>,
}

impl Bench {
    /// What happened since this was asked last.
    pub(crate) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }
}

/// A provider that says of which version it is, and notices who calls it when nobody may.
pub(crate) struct Version {
    info: PluginInfo,
    number: u64,
    bench: Arc<Bench>,
    works: Arc<AtomicBool>,
    fails_at: Arc<Mutex<&'static str>>,
    slow: Duration,
    slow_start: Duration,
    alarm: Alarm,
}

impl Version {
    pub(crate) fn new(number: u64, bench: &Arc<Bench>) -> Self {
        let operations = OpSet::of(&[GetRepository::META, CreateRepository::META, JobLog::META]);
        Self {
            info: PluginInfo::new("version", number.to_string(), operations).reports_delivery(true),
            number,
            bench: Arc::clone(bench),
            works: Arc::default(),
            fails_at: Arc::default(),
            slow: Duration::from_millis(2),
            slow_start: Duration::ZERO,
            alarm: Alarm::new(),
        }
    }

    pub(crate) fn failing(number: u64, bench: &Arc<Bench>, fails_at: &'static str) -> Self {
        Self { fails_at: Arc::new(Mutex::new(fails_at)), ..Self::new(number, bench) }
    }

    pub(crate) fn slow(self, slow: Duration) -> Self {
        Self { slow, ..self }
    }

    pub(crate) fn slow_start(self, slow_start: Duration) -> Self {
        Self { slow_start, ..self }
    }

    /// How it is broken and mended from outside.
    pub(crate) fn strings(&self) -> Strings {
        Strings { fails_at: Arc::clone(&self.fails_at), alarm: self.alarm.clone() }
    }

    fn fails(&self, step: &str) -> bool {
        *self.fails_at.lock().unwrap() == step
    }

    /// Each call goes through here before and after it waits.
    fn inside(&self) {
        if !self.works.load(Ordering::SeqCst) {
            self.bench.violations.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn work(&self) {
        self.inside();
        pause(self.slow).await;
        self.inside();
    }

    fn step(&self, step: &str) -> Result<()> {
        self.bench.log.lock().unwrap().push(format!("{} {step}", self.number));
        if self.fails(step) { Err(Error::new(ErrorKind::Lifecycle, "it will not")) } else { Ok(()) }
    }
}

/// What a test holds of a version that it gave away.
#[derive(Clone)]
pub(crate) struct Strings {
    fails_at: Arc<Mutex<&'static str>>,
    alarm: Alarm,
}

impl Strings {
    /// The instance says that it can work no more.
    pub(crate) fn die(&self) {
        self.alarm.raise(Error::new(ErrorKind::Lifecycle, "the heart stopped"));
    }

    /// From now on it fails at this step; at none where it is empty.
    pub(crate) fn fails_at(&self, step: &'static str) {
        *self.fails_at.lock().unwrap() = step;
    }
}

impl GitService for Version {
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> Result<Repository> {
        self.work().await;
        Ok(Repository::of(op.repo, format!("v{}", self.number)))
    }
    async fn create_repository(&self, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
        cx.mark_sent();
        self.work().await;
        self.bench.made.lock().unwrap().push(op.repo.name.clone());
        Ok(Repository::of(op.repo, format!("v{}", self.number)))
    }
}

impl CicdService for Version {
    async fn job_log(&self, _: &CallContext, _: JobLog) -> Result<ItemStream<Chunk>> {
        self.work().await;
        let (works, bench, slow) = (Arc::clone(&self.works), Arc::clone(&self.bench), self.slow);
        let lines = futures_util::stream::iter(0..5).then(move |n| {
            let (works, bench) = (Arc::clone(&works), Arc::clone(&bench));
            async move {
                pause(slow).await;
                if !works.load(Ordering::SeqCst) {
                    bench.violations.fetch_add(1, Ordering::SeqCst);
                }
                Ok(Chunk::new(format!("{n}\n")))
            }
        });
        Ok(Box::pin(lines))
    }
}

#[async_trait]
impl Plugin for Version {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(Arc::clone(&self))).with(Cicd::handlers(self))
    }
    async fn initialize(&self) -> Result<()> {
        self.step("initialize")
    }
    async fn start(&self) -> Result<()> {
        if self.fails("start hangs") {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(self.slow_start).await;
        self.step("start")?;
        self.works.store(true, Ordering::SeqCst);
        Ok(())
    }
    async fn health(&self) -> HealthReport {
        if self.fails("health") { HealthReport::unhealthy("no pulse") } else { HealthReport::healthy() }
    }
    async fn stop(&self) -> Result<()> {
        self.works.store(false, Ordering::SeqCst);
        let stopped = self.step("stop");
        if self.fails("stop hangs") {
            std::future::pending::<()>().await;
        }
        stopped
    }
    async fn failed(&self) -> Error {
        self.alarm.raised().await
    }
    async fn dispose(&self) {
        self.works.store(false, Ordering::SeqCst);
        let _ = self.step("dispose");
    }
}

/// Some time, or only a chance for others.
async fn pause(time: Duration) {
    if time.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(time).await;
    }
}

/// A context that the cache has no part in.
pub(crate) fn fresh() -> CallContext {
    CallContext::new().cache(CacheUse::Bypass)
}

/// Which version answers.
pub(crate) async fn version(mosaic: &Orchestrator) -> String {
    mosaic.with(fresh()).git().get_repository(get()).await.unwrap().default_branch.clone()
}

/// Everything that was told of the lives of instances: number, state, state of the slot.
pub(crate) fn told(changes: &mut Receiver<LifecycleChange>) -> Vec<(u64, Lifecycle, SlotState)> {
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.push((change.generation, change.to, change.slot));
    }
    told
}
