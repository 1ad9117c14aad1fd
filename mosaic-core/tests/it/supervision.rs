//! Instances that fail are restarted, and while they are not there calls go elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::engine::limit::BackoffConfig;
use mosaic_core::engine::route::{Rule, Standing};
use mosaic_core::error::{Error, ErrorKind, Outcome, Result};
use mosaic_core::op::CacheState;
use mosaic_core::orchestrator::{Builder, Change, Orchestrator, Source, SupervisionConfig};
use mosaic_core::plugin::{Factory, FactoryInput, Lifecycle, Plugin, SlotState};
use mosaic_core::types::ServiceKind;

use crate::support::*;
use crate::versions::*;

/// Waits of 1, 2, 4 .. seconds; given up with the fourth failure.
fn supervision() -> SupervisionConfig {
    SupervisionConfig {
        attempts: 3,
        backoff: BackoffConfig { jitter: false, ..SupervisionConfig::default().backoff },
        ..SupervisionConfig::default()
    }
}

/// `a` as given, and `b` in its place where it does not answer.
fn with_stand_in(a: Version, bench: &Arc<Bench>) -> Builder {
    Orchestrator::builder()
        .provider("a", a)
        .provider("b", Version::new(99, bench))
        .default_rule(Rule::any().to("a").fallback(["b"]))
        .supervision(supervision())
}

async fn seconds(time: f64) {
    tokio::time::sleep(Duration::from_secs_f64(time)).await;
}

#[tokio::test(start_paused = true)]
async fn a_given_instance_that_fails_is_started_again_and_calls_go_elsewhere_meanwhile() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = with_stand_in(a, &bench).build().await.unwrap();
    bench.taken();
    let mut changes = mosaic.lifecycle();
    strings.die();
    seconds(0.5).await;
    let a = || mosaic.status().providers[0].clone();
    assert_eq!((a().slot, a().lifecycle), (SlotState::Failed, Lifecycle::Failed));
    assert_eq!(a().last_failure.unwrap().message(), "the heart stopped");
    assert_eq!(version(&mosaic).await, "v99");
    let explanation = mosaic.explain(&fresh(), &get());
    let standings: Vec<_> =
        explanation.candidates.iter().map(|one| (one.provider.as_str(), one.standing)).collect();
    assert_eq!(standings, [("b", Standing::Good), ("a", Standing::Down)]);
    let write = mosaic.git().create_repository(create("new")).await.unwrap();
    assert_eq!(
        (write.provider().unwrap().as_str(), write.attempts()),
        ("b", 1),
        "nothing was sent: a write moves too"
    );
    assert!(bench.taken().is_empty(), "it waits");
    seconds(0.6).await;
    assert_eq!(bench.taken(), ["1 stop", "1 initialize", "1 start"]);
    assert_eq!((version(&mosaic).await.as_str(), a().generation, a().restarts), ("v1", 1, 1));
    let (running, failed) = (SlotState::Running, SlotState::Failed);
    assert_eq!(
        told(&mut changes),
        [(1, Lifecycle::Failed, failed), (1, Lifecycle::Running, SlotState::Starting)]
    );
    assert_eq!((a().slot, bench.violations.load(Ordering::SeqCst)), (running, 0));
    mosaic.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn what_does_not_come_up_again_is_given_up_and_a_reload_brings_it_back() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = with_stand_in(a, &bench).build().await.unwrap();
    let mut changes = mosaic.lifecycle();
    strings.fails_at("start");
    strings.die();
    seconds(1.1).await;
    assert_eq!(mosaic.status().providers[0].last_failure.clone().unwrap().message(), "it will not");
    seconds(2.0 + 4.0 + 1.0).await;
    let a = || mosaic.status().providers[0].clone();
    assert_eq!((a().slot, a().lifecycle, a().restarts), (SlotState::Empty, Lifecycle::Disposed, 0));
    let told = told(&mut changes);
    let empty = SlotState::Empty;
    assert_eq!(
        told[told.len() - 4..],
        [
            (1, Lifecycle::Failed, empty),
            (1, Lifecycle::Stopping, empty),
            (1, Lifecycle::Stopped, empty),
            (1, Lifecycle::Disposed, empty),
        ]
    );
    bench.taken();
    seconds(3600.0).await;
    assert!(bench.taken().is_empty(), "nobody tries any more");
    assert_eq!(version(&mosaic).await, "v99");
    // One that does not come up either leaves the slot as it was.
    mosaic.reload("a", Version::failing(2, &bench, "start")).await.unwrap_err();
    assert_eq!(a().slot, SlotState::Empty);
    mosaic.reload("a", Version::new(3, &bench)).await.unwrap();
    assert_eq!((version(&mosaic).await.as_str(), a().slot, a().generation), ("v3", SlotState::Running, 3));
}

#[tokio::test(start_paused = true)]
async fn alone_it_says_why_it_does_not_answer_and_what_the_cache_has_stands_in() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = Orchestrator::builder().provider("a", a).supervision(supervision()).build().await.unwrap();
    mosaic.git().get_repository(get()).await.unwrap();
    seconds(61.0).await;
    strings.die();
    seconds(0.1).await;
    let stale = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!((stale.cache(), stale.default_branch.as_str()), (CacheState::Stale, "v1"));
    let error = mosaic.git().create_repository(create("new")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Lifecycle, Outcome::NotMade));
    for part in ["the heart stopped", "being restarted"] {
        assert!(error.message().contains(part), "{part} is missing in {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_inside_have_the_time_of_the_wait() {
    let bench = Arc::<Bench>::default();
    let quick = Version::new(1, &bench).slow(Duration::from_millis(900));
    let strings = quick.strings();
    let mosaic =
        Orchestrator::builder().provider("a", quick).supervision(supervision()).build().await.unwrap();
    let call = |after: u64| {
        let git = mosaic.with(fresh()).git();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(after)).await;
            git.get_repository(get()).await
        })
    };
    let (early, late) = (call(100), call(490));
    seconds(0.4).await;
    let _ = &late;
    strings.die();
    // The second begins when nobody answers any more.
    assert_eq!(late.await.unwrap().unwrap_err().kind(), ErrorKind::Lifecycle);
    assert!(early.await.unwrap().is_ok());
    assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn unhealthy_instances_are_restarted_where_that_is_wished() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = with_stand_in(a, &bench).build().await.unwrap();
    bench.taken();
    strings.fails_at("health");
    seconds(600.0).await;
    assert!(bench.taken().is_empty(), "by default health is not the instance's fault");
    mosaic
        .apply(Change::new().supervision(SupervisionConfig { unhealthy_probes: Some(3), ..supervision() }))
        .await
        .unwrap();
    seconds(70.0).await;
    assert!(bench.taken().is_empty(), "two are not three");
    strings.fails_at("");
    seconds(30.0).await;
    strings.fails_at("health");
    seconds(70.0).await;
    assert!(bench.taken().is_empty(), "they are counted in a row");
    seconds(10.5).await;
    strings.fails_at("");
    seconds(1.0).await;
    assert_eq!(bench.taken(), ["1 stop", "1 initialize", "1 start"]);
    assert_eq!((version(&mosaic).await.as_str(), mosaic.status().providers[0].restarts), ("v1", 1));
}

/// Makes a new version each time, and keeps the strings of the last.
struct Counting {
    bench: Arc<Bench>,
    made: Arc<AtomicU64>,
    strings: Arc<Mutex<Option<Strings>>>,
    /// The numbers whose making or start fails.
    fails: fn(u64) -> &'static str,
}

#[async_trait]
impl Factory for Counting {
    fn provider(&self) -> &str {
        "counting"
    }
    fn service(&self) -> ServiceKind {
        ServiceKind::Git
    }
    fn config_schema(&self) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
    async fn create(&self, _: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let fails = (self.fails)(number);
        if fails == "making" {
            return Err(Error::new(ErrorKind::Config, "it cannot be made"));
        }
        let version = Version::failing(number, &self.bench, fails);
        *self.strings.lock().unwrap() = Some(version.strings());
        Ok(Arc::new(version))
    }
}

async fn counting(
    bench: &Arc<Bench>,
    fails: fn(u64) -> &'static str,
) -> (Orchestrator, Arc<Mutex<Option<Strings>>>) {
    let strings = Arc::<Mutex<Option<Strings>>>::default();
    let factory =
        Counting { bench: Arc::clone(bench), made: Arc::default(), strings: Arc::clone(&strings), fails };
    let mosaic = Orchestrator::builder()
        .factories([Box::new(factory) as Box<dyn Factory>])
        .provider_from("a", "counting", ServiceKind::Git, serde_json::json!({}), config())
        .supervision(supervision())
        .build()
        .await
        .unwrap();
    (mosaic, strings)
}

#[tokio::test(start_paused = true)]
async fn one_that_a_factory_made_is_made_anew_and_what_the_cache_learned_stays() {
    let bench = Arc::<Bench>::default();
    let (mosaic, strings) = counting(&bench, |number| match number {
        2 => "making",
        3 => "health",
        _ => "",
    })
    .await;
    mosaic.git().get_repository(get()).await.unwrap();
    bench.taken();
    let mut changes = mosaic.lifecycle();
    strings.lock().unwrap().clone().unwrap().die();
    seconds(1.0 + 2.0 + 4.0 + 0.1).await;
    assert_eq!(version(&mosaic).await, "v4");
    assert_eq!(mosaic.git().get_repository(get()).await.unwrap().cache(), CacheState::Hit);
    let log = bench.taken();
    assert_eq!(
        log,
        ["1 stop", "1 dispose", "3 initialize", "3 start", "3 stop", "3 dispose", "4 initialize", "4 start"]
    );
    let a = &mosaic.status().providers[0];
    assert_eq!((a.generation, a.restarts, a.slot), (3, 1, SlotState::Running));
    let ends: Vec<_> =
        told(&mut changes).into_iter().filter(|(_, to, _)| *to == Lifecycle::Disposed).collect();
    let (failed, disposed) = (SlotState::Failed, Lifecycle::Disposed);
    assert_eq!(ends, [(1, disposed, failed), (2, disposed, failed)]);
    // It goes on to be watched. The window over, the failures before are forgotten.
    seconds(31.0 * 60.0).await;
    strings.lock().unwrap().clone().unwrap().die();
    seconds(0.1).await;
    assert_eq!(mosaic.status().providers[0].slot, SlotState::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_factory_that_makes_no_more_is_given_up_too() {
    let bench = Arc::<Bench>::default();
    let (mosaic, strings) = counting(&bench, |number| if number == 1 { "" } else { "making" }).await;
    strings.lock().unwrap().clone().unwrap().die();
    seconds(60.0).await;
    assert_eq!(mosaic.status().providers[0].slot, SlotState::Empty);
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert!(error.message().contains("it cannot be made"), "{error}");
    mosaic.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_reload_while_it_waits_for_its_restart_takes_its_place() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = with_stand_in(a, &bench).build().await.unwrap();
    strings.die();
    seconds(0.5).await;
    bench.taken();
    mosaic.reload("a", Version::new(2, &bench)).await.unwrap().settled().await;
    assert_eq!(version(&mosaic).await, "v2");
    assert_eq!(bench.taken(), ["2 initialize", "2 start", "1 stop", "1 dispose"]);
    seconds(60.0).await;
    assert!(bench.taken().is_empty(), "the failed one is not started again");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_one_that_waits_for_its_restart() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = Orchestrator::builder().provider("a", a).build().await.unwrap();
    strings.die();
    seconds(0.5).await;
    bench.taken();
    mosaic.shutdown().await;
    assert_eq!(bench.taken(), ["1 stop", "1 dispose"]);
    assert_eq!(mosaic.status().providers[0].lifecycle, Lifecycle::Disposed);
}

#[tokio::test(start_paused = true)]
async fn one_that_a_factory_makes_and_that_dies_after_every_start_is_given_up() {
    let bench = Arc::<Bench>::default();
    let (mosaic, strings) = counting(&bench, |_| "").await;
    let die = || strings.lock().unwrap().clone().unwrap().die();
    let a = || mosaic.status().providers[0].clone();
    for (restarts, wait) in [(1, 1.0), (2, 2.0), (3, 4.0)] {
        die();
        seconds(wait - 0.1).await;
        assert_eq!((a().slot, a().restarts), (SlotState::Failed, restarts - 1), "the waits grow");
        seconds(0.2).await;
        assert_eq!((a().slot, a().restarts), (SlotState::Running, restarts));
    }
    die();
    seconds(3600.0).await;
    assert_eq!((a().slot, a().lifecycle, a().restarts), (SlotState::Empty, Lifecycle::Disposed, 3));
    assert_eq!(bench.taken().iter().filter(|line| line.ends_with("start")).count(), 4);
    // A reload is a new chance with all its attempts.
    mosaic.apply(Change::new().remake("a")).await.unwrap();
    die();
    seconds(1.1).await;
    assert_eq!((a().slot, a().restarts), (SlotState::Running, 4));
}

#[tokio::test(start_paused = true)]
async fn a_given_plugin_is_not_put_in_its_own_place() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let source = Source::from(a);
    let providers = || [("a".to_string(), source.clone(), config())];
    let mosaic = Orchestrator::builder()
        .provider("a", Version::new(0, &bench))
        .supervision(supervision())
        .build()
        .await
        .unwrap();
    mosaic.apply(Change::new().exactly(providers())).await.unwrap().settled().await;
    bench.taken();
    let error = mosaic.reload("a", source.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.message().contains("this very plugin"), "{error}");
    assert!(bench.taken().is_empty(), "it works on");
    strings.die();
    seconds(0.5).await;
    assert_eq!(mosaic.reload("a", source.clone()).await.unwrap_err().kind(), ErrorKind::Config);
    let departures = mosaic.apply(Change::new().exactly(providers())).await.unwrap().settled().await;
    assert!(departures.is_empty() && bench.taken().is_empty(), "it waits for its restart");
    seconds(0.6).await;
    assert_eq!(version(&mosaic).await, "v1");
    assert_eq!(bench.taken(), ["1 stop", "1 initialize", "1 start"]);
    assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn one_that_a_factory_makes_is_made_anew_by_the_same_configuration_while_it_waits() {
    let bench = Arc::<Bench>::default();
    let (mosaic, strings) = counting(&bench, |_| "").await;
    strings.lock().unwrap().clone().unwrap().die();
    seconds(0.5).await;
    let source = Source::factory("counting", ServiceKind::Git, serde_json::json!({}));
    let change = Change::new().exactly([("a".to_string(), source, config())]);
    assert_eq!(mosaic.apply(change).await.unwrap().settled().await.len(), 1);
    assert_eq!(version(&mosaic).await, "v2");
}

#[tokio::test(start_paused = true)]
async fn a_failed_instance_gets_no_call_though_its_slot_is_in_the_middle_of_a_change() {
    for comes_up in [false, true] {
        let bench = Arc::<Bench>::default();
        let a = Version::new(1, &bench);
        let strings = a.strings();
        let mosaic = with_stand_in(a, &bench).build().await.unwrap();
        let new = if comes_up {
            Version::new(2, &bench).slow_start(Duration::from_secs(20))
        } else {
            Version::failing(2, &bench, "start hangs")
        };
        let reload = tokio::spawn({
            let mosaic = mosaic.clone();
            async move { mosaic.reload("a", new).await }
        });
        seconds(1.0).await;
        strings.die();
        seconds(0.1).await;
        assert_eq!(version(&mosaic).await, "v99");
        mosaic.apply(Change::new().treat("b", config())).await.unwrap();
        assert_eq!(version(&mosaic).await, "v99", "another change does not bring it back");
        bench.taken();
        if comes_up {
            let departures = reload.await.unwrap().unwrap().settled().await;
            assert_eq!((departures.len(), departures[0].in_time), (1, true));
            assert_eq!(version(&mosaic).await, "v2");
            assert_eq!(bench.taken(), ["2 start", "1 stop", "1 dispose"]);
        } else {
            assert!(reload.await.unwrap().is_err());
            seconds(0.1).await;
            assert_eq!(mosaic.status().providers[0].slot, SlotState::Failed);
            seconds(1.0).await;
            assert_eq!(version(&mosaic).await, "v1", "it is restarted");
        }
        mosaic.shutdown().await;
        assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn fewer_attempts_in_the_middle_of_a_restart_give_it_up() {
    let bench = Arc::<Bench>::default();
    let a = Version::new(1, &bench);
    let strings = a.strings();
    let mosaic = with_stand_in(a, &bench).build().await.unwrap();
    strings.fails_at("start hangs");
    strings.die();
    seconds(2.0).await;
    mosaic
        .apply(Change::new().supervision(SupervisionConfig { attempts: 1, ..supervision() }))
        .await
        .unwrap();
    seconds(60.0).await;
    let a = mosaic.status().providers[0].clone();
    assert_eq!((a.slot, a.lifecycle), (SlotState::Empty, Lifecycle::Disposed));
    assert_eq!(bench.taken().last().unwrap(), "1 dispose");
    let explanation = format!("{:?}", mosaic.explain(&fresh(), &get()));
    assert!(!explanation.contains("being restarted"), "{explanation}");
    mosaic.shutdown().await;
}
