//! Plugins come up step by step, are seen to, and go down in order; a start that fails leaves nothing behind.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{GetRepository, Git, GitService};
use mosaic_core::op::{OpSet, Operation};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::plugin::{Factory, FactoryInput, HandlerTable, HealthReport, Lifecycle, Plugin, PluginInfo};
use mosaic_core::types::ServiceKind;

use crate::support::*;

type Log = Arc<Mutex<Vec<String>>>;

struct Walker {
    info: PluginInfo,
    name: &'static str,
    log: Log,
    fails_at: &'static str,
    asked: AtomicBool,
}

impl Walker {
    fn new(name: &'static str, log: &Log, fails_at: &'static str) -> Self {
        let info = PluginInfo::new("walker", "1", OpSet::of(&[GetRepository::META]));
        Self { info, name, log: log.clone(), fails_at, asked: AtomicBool::new(false) }
    }

    fn step(&self, step: &str) -> Result<()> {
        self.log.lock().unwrap().push(format!("{} {step}", self.name));
        if self.fails_at == step { Err(Error::new(ErrorKind::Lifecycle, "it will not")) } else { Ok(()) }
    }
}

impl GitService for Walker {}

#[async_trait]
impl Plugin for Walker {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
    async fn initialize(&self) -> Result<()> {
        self.step("initialize")
    }
    async fn start(&self) -> Result<()> {
        if self.fails_at == "hang" {
            std::future::pending::<()>().await;
        }
        self.step("start")
    }
    async fn health(&self) -> HealthReport {
        let first = !self.asked.swap(true, Ordering::SeqCst);
        assert!(self.fails_at != "panic" || first, "as the test wants it");
        match self.step("health") {
            Ok(()) => HealthReport::healthy(),
            Err(_) => HealthReport::unhealthy("no pulse"),
        }
    }
    async fn stop(&self) -> Result<()> {
        assert_ne!(self.fails_at, "panic", "as the test wants it");
        if self.fails_at == "stop hangs" {
            std::future::pending::<()>().await;
        }
        self.step("stop")
    }
    async fn dispose(&self) {
        let _ = self.step("dispose");
    }
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn up_in_order_and_down_again() {
    let log = Log::default();
    let mosaic = Orchestrator::builder().provider("one", Walker::new("one", &log, "")).build().await.unwrap();
    assert_eq!(taken(&log), ["one initialize", "one start", "one health"]);
    assert_eq!(mosaic.status().providers[0].lifecycle, Lifecycle::Running);
    let mut changes = mosaic.lifecycle();
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(taken(&log), ["one health", "one health"], "every thirty seconds");
    mosaic.shutdown().await;
    assert_eq!(taken(&log), ["one stop", "one dispose"]);
    let mut states = Vec::new();
    while let Ok(change) = changes.try_recv() {
        states.push(change.to);
    }
    assert_eq!(states, [Lifecycle::Stopping, Lifecycle::Stopped, Lifecycle::Disposed]);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(taken(&log).is_empty(), "nothing runs after the shutdown");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_stops_what_was_started() {
    for fails_at in ["initialize", "start", "health", "hang"] {
        let log = Log::default();
        let error = Orchestrator::builder()
            .provider("good", Walker::new("good", &log, ""))
            .provider("bad", Walker::new("bad", &log, fails_at))
            .build()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.provider_id().unwrap().as_str()),
            (ErrorKind::Lifecycle, "bad"),
            "{fails_at}"
        );
        let log = taken(&log);
        assert_eq!(
            log[log.len() - 4..],
            ["bad stop", "bad dispose", "good stop", "good dispose"],
            "{fails_at}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn health_is_what_was_said_last_and_silence_is_unhealthy() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let health = || {
        let (status, detail) = mosaic.status().providers[0].health.clone();
        (format!("{status:?}"), detail.unwrap_or_default())
    };
    forge.health_is(HealthReport::degraded("tired"));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(health(), ("Degraded".into(), "tired".into()));
    forge.health_hangs();
    tokio::time::sleep(Duration::from_secs(36)).await;
    assert_eq!(health().0, "Unhealthy");
    assert!(health().1.contains("within 5s"), "{}", health().1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_one_plugin_stops_neither_the_prober_nor_the_shutdown_of_others() {
    let log = Log::default();
    let mosaic = Orchestrator::builder()
        .provider("one", Walker::new("one", &log, ""))
        .provider("two", Walker::new("two", &log, "panic"))
        .build()
        .await
        .unwrap();
    taken(&log);
    tokio::time::sleep(Duration::from_secs(95)).await;
    assert_eq!(taken(&log).iter().filter(|line| *line == "one health").count(), 3);
    assert_eq!(format!("{:?}", mosaic.status().providers[1].health.0), "Unhealthy");
    mosaic.shutdown().await;
    assert_eq!(taken(&log), ["two dispose", "one stop", "one dispose"]);
}

#[tokio::test(start_paused = true)]
async fn several_who_shut_down_are_one_shutdown_and_a_dropped_one_is_taken_up() {
    let log = Log::default();
    let mosaic = Orchestrator::builder()
        .provider("one", Walker::new("one", &log, ""))
        .provider("two", Walker::new("two", &log, "stop hangs"))
        .build()
        .await
        .unwrap();
    taken(&log);
    assert!(tokio::time::timeout(Duration::from_secs(1), mosaic.shutdown()).await.is_err());
    futures_util::future::join(mosaic.shutdown(), mosaic.shutdown()).await;
    let log = taken(&log);
    assert_eq!(log.iter().filter(|line| line.ends_with("dispose")).count(), 2, "{log:?}");
    assert!(mosaic.status().providers.iter().all(|provider| provider.lifecycle == Lifecycle::Disposed));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_a_call_that_waits_to_try_again() {
    use mosaic_core::testkit::Fault;
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::error(ErrorKind::Provider));
    let git = mosaic.git();
    let running = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    mosaic.shutdown().await;
    assert_eq!(running.await.unwrap().unwrap().attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_dropped_in_the_middle_leaves_nothing_at_work() {
    let log = Log::default();
    let build = Orchestrator::builder()
        .provider("one", Walker::new("one", &log, ""))
        .provider("two", Walker::new("two", &log, "hang"))
        .build();
    assert!(tokio::time::timeout(Duration::from_secs(1), build).await.is_err());
    tokio::time::sleep(Duration::from_millis(1)).await;
    let began = ["one initialize", "one start", "one health", "two initialize"];
    assert_eq!(taken(&log), [&began[..], &["two stop", "two dispose", "one stop", "one dispose"]].concat());
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert!(taken(&log).is_empty(), "nobody is watched");
}

struct Walkers(Log);

#[async_trait]
impl Factory for Walkers {
    fn provider(&self) -> &str {
        "walker"
    }
    fn service(&self) -> ServiceKind {
        ServiceKind::Git
    }
    fn config_schema(&self) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        if input.config.get("legs").is_none() {
            return Err(Error::new(ErrorKind::Config, "legs: missing"));
        }
        Ok(Arc::new(Walker::new("made", &self.0, "")))
    }
}

#[tokio::test(start_paused = true)]
async fn factories_make_providers_and_every_fault_is_said_at_once() {
    let log = Log::default();
    let builder = || Orchestrator::builder().factories([Box::new(Walkers(log.clone())) as Box<dyn Factory>]);
    let legs = || serde_json::json!({ "legs": 2 });
    let from = |builder: mosaic_core::orchestrator::Builder, id: &str, product: &str, config| {
        builder.provider_from(id, product, ServiceKind::Git, config, Default::default())
    };
    let mosaic = from(builder(), "w", "walker", legs()).build().await.unwrap();
    assert_eq!(mosaic.status().providers[0].plugin, "walker 1");
    let bad = from(builder(), "w", "walker", serde_json::json!({}));
    let bad =
        from(from(from(bad, "not an id", "walker", legs()), "x", "flyer", legs()), "w", "walker", legs());
    let error = bad.build().await.unwrap_err();
    for part in ["legs: missing", "not a provider id", "\"flyer\"", "walker git"] {
        assert!(error.message().contains(part), "{part} is missing in {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_calls_under_way_and_takes_no_more() {
    use mosaic_core::testkit::Fault;
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::Delay(Duration::from_millis(500)));
    let git = mosaic.git();
    let running = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    mosaic.shutdown().await;
    assert!(running.await.unwrap().is_ok());
    for _ in 0..2 {
        assert_eq!(mosaic.git().get_repository(get()).await.unwrap_err().kind(), ErrorKind::Lifecycle);
    }
    assert_eq!(mosaic.status().providers[0].lifecycle, Lifecycle::Disposed);
}
