//! Providers are replaced, added and removed while calls go on: no call fails, none is answered by who is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use mosaic_core::engine::ProviderConfig;
use mosaic_core::engine::breaker::{BreakerConfig, BreakerState};
use mosaic_core::engine::limit::LimitsConfig;
use mosaic_core::engine::route::Rule;
use mosaic_core::error::{Delivery, ErrorKind, Outcome};
use mosaic_core::op::CacheState;
use mosaic_core::op::cicd::JobLog;
use mosaic_core::op::git::GetRepository;
use mosaic_core::orchestrator::{Change, Orchestrator, Source};
use mosaic_core::plugin::{Lifecycle, SlotState};
use mosaic_core::testkit::Fault;

use crate::support::*;
use crate::versions::*;

async fn one(bench: &Arc<Bench>) -> Orchestrator {
    Orchestrator::builder().provider_with("a", Version::new(1, bench), config()).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_thousand_reloads_under_load_and_no_call_notices() {
    under_load(Duration::from_millis(2)).await;
}

/// The same where calls, reloads and departures really run side by side.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn so_it_is_on_several_threads() {
    under_load(Duration::ZERO).await;
}

/// Readers, writers and readers of streams without a pause, against a thousand reloads.
async fn under_load(slow: Duration) {
    let bench = Arc::<Bench>::default();
    let new = |number| Version::new(number, &bench).slow(slow);
    let mosaic = Orchestrator::builder().provider("a", new(0)).seed(1).build().await.unwrap();
    let done = Arc::<AtomicBool>::default();
    let newest = Arc::<AtomicU64>::default();
    let callers: Vec<_> = (0..12u64)
        .map(|caller| {
            let (mosaic, done, newest) = (mosaic.clone(), Arc::clone(&done), Arc::clone(&newest));
            tokio::spawn(async move {
                let mut calls = 0u64;
                while !done.load(Ordering::SeqCst) {
                    let at_least = newest.load(Ordering::SeqCst);
                    calls += 1;
                    let answered = match caller % 3 {
                        0 => {
                            let answer = mosaic.with(fresh()).git().get_repository(get()).await.unwrap();
                            Some(answer.default_branch.clone())
                        }
                        1 => {
                            let name = format!("r{caller}-{calls}");
                            let answer = mosaic.git().create_repository(create(&name)).await.unwrap();
                            Some(answer.default_branch.clone())
                        }
                        _ => {
                            let log = JobLog::new("acme", "widget", "17", "test");
                            let lines: Vec<_> = mosaic.cicd().job_log(log).await.unwrap().collect().await;
                            assert_eq!(lines.len(), 5);
                            assert!(lines.iter().all(|line| line.is_ok()));
                            None
                        }
                    };
                    if let Some(version) = answered {
                        let version: u64 = version[1..].parse().unwrap();
                        assert!(version >= at_least, "{version} answered after the reload to {at_least}");
                    }
                    // Not all in step.
                    if !slow.is_zero() {
                        tokio::time::sleep(Duration::from_micros(caller * 70)).await;
                    }
                }
                calls
            })
        })
        .collect();
    let mut leaving = Vec::new();
    for number in 1..=1000 {
        leaving.push(mosaic.reload("a", new(number)).await.unwrap());
        newest.store(number, Ordering::SeqCst);
        if slow.is_zero() {
            tokio::task::yield_now().await;
        } else {
            tokio::time::sleep(Duration::from_micros(number % 7 * 300)).await;
        }
    }
    done.store(true, Ordering::SeqCst);
    let calls: u64 =
        futures_util::future::join_all(callers).await.into_iter().map(|calls| calls.unwrap()).sum();
    assert!(calls > 1000, "{calls} calls are no load");
    assert_eq!(version(&mosaic).await, "v1000");
    for applied in leaving {
        let departures = applied.settled().await;
        assert!(
            departures.iter().all(|departure| departure.in_time && departure.error.is_none()),
            "{departures:?}"
        );
        assert_eq!(departures.len(), 1);
    }
    assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
    let ended = bench.taken().iter().filter(|line| line.ends_with("dispose")).count();
    assert_eq!(ended, 1000, "all but the last are disposed of");
    let provider = &mosaic.status().providers[0];
    assert_eq!((provider.generation, provider.figures.failures, provider.in_flight), (1001, 0, 0));
    mosaic.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_new_instance_that_does_not_come_up_leaves_the_old_one_serving() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    for fails_at in ["initialize", "start", "health"] {
        bench.taken();
        let mut changes = mosaic.lifecycle();
        let error = mosaic.reload("a", Version::failing(2, &bench, fails_at)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.provider_id().unwrap().as_str()),
            (ErrorKind::Lifecycle, "a"),
            "{fails_at}"
        );
        assert_eq!(version(&mosaic).await, "v1", "{fails_at}");
        let log = bench.taken();
        assert_eq!(log[log.len() - 2..], ["2 stop", "2 dispose"], "{fails_at}");
        assert!(log.iter().all(|line| line.starts_with('2')), "nothing is done to the old one: {log:?}");
        let mut slots = Vec::new();
        let mut last = Vec::new();
        while let Ok(change) = changes.try_recv() {
            slots.push(change.slot);
            last.push((change.generation, change.to, change.error.is_some()));
        }
        let old: Vec<_> =
            last.iter().filter(|(generation, ..)| *generation == 1).map(|(_, to, _)| *to).collect();
        assert_eq!(old, [Lifecycle::Updating, Lifecycle::Running], "{fails_at}");
        let failed = last.iter().filter(|(_, to, why)| *to == Lifecycle::Failed && *why).count();
        assert_eq!((failed, last.last().unwrap().1), (1, Lifecycle::Disposed), "{fails_at}");
        assert!(slots.iter().all(|slot| slot.answers()), "{slots:?}");
        let provider = &mosaic.status().providers[0];
        assert_eq!((provider.generation, provider.slot), (1, SlotState::Running));
        assert!(provider.last_failure.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_end_where_they_began_and_new_ones_go_to_the_new_instance() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    mosaic.reload("a", Version::new(2, &bench).slow(Duration::from_millis(500))).await.unwrap();
    let running = tokio::spawn({
        let mosaic = mosaic.clone();
        async move { version(&mosaic).await }
    });
    tokio::task::yield_now().await;
    let applied = mosaic.reload("a", Version::new(3, &bench)).await.unwrap();
    assert_eq!(version(&mosaic).await, "v3");
    assert!(!bench.taken().contains(&"2 stop".to_string()), "a call is inside");
    assert_eq!(running.await.unwrap(), "v2");
    let departures = applied.settled().await;
    assert_eq!((departures[0].generation, departures[0].in_time), (2, true));
    assert_eq!(bench.taken(), ["2 stop", "2 dispose"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_still_inside_when_the_time_is_over_is_cut_off_and_knows_what_was_sent() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder()
        .provider("a", Version::new(1, &bench).slow(Duration::from_secs(25)))
        .drain(Duration::from_secs(5))
        .build()
        .await
        .unwrap();
    let git = mosaic.with(fresh()).git();
    let read = tokio::spawn(async move { git.get_repository(get()).await });
    let git = mosaic.git();
    let write = tokio::spawn(async move { git.create_repository(create("new")).await });
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    let applied = mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    let departures = applied.settled().await;
    assert!(!departures[0].in_time);
    assert_eq!(began.elapsed().as_secs(), 5);
    let error = read.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.provider_id().unwrap().as_str()), (ErrorKind::Cancelled, "a"));
    let error = write.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.delivered(), error.outcome()),
        (ErrorKind::Cancelled, Delivery::Unknown, Outcome::Unknown)
    );
    assert!(bench.made.lock().unwrap().is_empty());
    assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
    assert_eq!(version(&mosaic).await, "v2");
}

#[tokio::test(start_paused = true)]
async fn an_open_stream_is_waited_for_and_then_cut_off() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder()
        .provider("a", Version::new(1, &bench).slow(Duration::from_secs(4)))
        .drain(Duration::from_secs(6))
        .build()
        .await
        .unwrap();
    let mut stream = mosaic.cicd().job_log(JobLog::new("acme", "widget", "17", "test")).await.unwrap();
    let applied = mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    assert!(stream.next().await.unwrap().is_ok(), "inside its time");
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(stream.next().await.is_none());
    assert!(!applied.settled().await[0].in_time);
    assert_eq!((bench.violations.load(Ordering::SeqCst), mosaic.status().providers[0].in_flight), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_hangs_is_bounded_and_said() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder()
        .provider("a", Version::failing(1, &bench, "stop hangs"))
        .build()
        .await
        .unwrap();
    let began = tokio::time::Instant::now();
    let applied = mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    assert_eq!((began.elapsed(), version(&mosaic).await.as_str()), (Duration::ZERO, "v2"));
    let departures = applied.settled().await;
    let error = departures[0].error.clone().unwrap();
    assert!(error.message().contains("stop did not end within 30s"), "{error}");
    assert_eq!(began.elapsed().as_secs(), 30);
    assert!(bench.taken().contains(&"1 dispose".to_string()));
}

#[tokio::test(start_paused = true)]
async fn an_idle_instance_leaves_though_a_call_is_under_way_elsewhere_when_that_ends() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder()
        .provider("a", Version::new(1, &bench))
        .provider("b", Version::new(7, &bench).slow(Duration::from_secs(3)))
        .default_rule(Rule::any().to("a"))
        .rule(Rule::new("org:slow").to("b"))
        .build()
        .await
        .unwrap();
    let git = mosaic.git();
    let elsewhere = tokio::spawn(async move { git.get_repository(GetRepository::new("slow", "x")).await });
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    let applied = mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits for others");
    let departures = applied.settled().await;
    assert!(departures[0].in_time && began.elapsed() <= Duration::from_secs(3));
    assert!(elsewhere.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn breakers_limits_and_latencies_survive() {
    let (old, _) = forge_with_widget();
    let config = ProviderConfig {
        breaker: BreakerConfig { failures_in_a_row: 2, ..BreakerConfig::default() },
        limits: LimitsConfig { rate: Some((3, Duration::from_secs(3600))), ..LimitsConfig::default() },
        ..config()
    };
    let mosaic = single(&old, config).build().await.unwrap();
    old.fault(Fault::DelayAnswer(Duration::from_millis(300)));
    assert!(mosaic.with(fresh()).git().get_repository(get()).await.is_ok());
    let before = mosaic.status().providers[0].clone();
    let (new, _) = forge_with_widget();
    mosaic.reload("a", new.clone()).await.unwrap();
    let after = mosaic.status().providers[0].clone();
    assert_eq!((after.latency, after.figures), (before.latency, before.figures));
    for _ in 0..2 {
        new.fault(Fault::error(ErrorKind::Protocol));
        mosaic.with(fresh()).git().get_repository(get()).await.unwrap_err();
    }
    let state = || mosaic.status().providers[0].breakers[0].1;
    assert_eq!(state(), BreakerState::Open);
    let (newer, _) = forge_with_widget();
    mosaic.reload("a", newer.clone()).await.unwrap();
    assert_eq!(state(), BreakerState::Open);
    let error = mosaic.with(fresh()).git().get_repository(get()).await.unwrap_err();
    assert_eq!((error.kind(), newer.seen()), (ErrorKind::CircuitOpen, 0));
    // Its time over, the breaker lets a call through, and the limiter has no unit left for it.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let error = mosaic.with(fresh()).git().get_repository(get()).await.unwrap_err();
    assert_eq!((error.kind(), newer.seen()), (ErrorKind::Throttled, 0));
}

#[tokio::test(start_paused = true)]
async fn treated_otherwise_without_a_new_instance() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    bench.taken();
    let slower = ProviderConfig { timeout: Duration::from_millis(1), ..config() };
    mosaic.apply(Change::new().treat("a", slower)).await.unwrap();
    assert_eq!(
        mosaic.with(fresh()).git().get_repository(get()).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
    mosaic.apply(Change::new().treat("a", config())).await.unwrap();
    assert_eq!((version(&mosaic).await, bench.taken()), ("v1".into(), Vec::new()));
    // The instance has had three ways to it by now, and leaves when nobody is on any of them.
    assert!(mosaic.reload("a", Version::new(2, &bench)).await.unwrap().settled().await[0].in_time);
    assert_eq!(bench.taken(), ["2 initialize", "2 start", "1 stop", "1 dispose"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_cache_learned_stays_only_where_the_data_is_the_same() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    let look = || async {
        let answer = mosaic.git().get_repository(get()).await.unwrap();
        (answer.default_branch.clone(), answer.cache() == CacheState::Hit)
    };
    assert_eq!(look().await, ("v1".into(), false));
    assert_eq!(look().await, ("v1".into(), true));
    mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    assert_eq!(look().await, ("v2".into(), false));
    let same = Source::from(Version::new(3, &bench)).same_data();
    mosaic.reload("a", same).await.unwrap();
    assert_eq!(look().await, ("v2".into(), true));
    let off = mosaic_core::engine::cache::CacheConfig { enabled: false, ..Default::default() };
    mosaic.apply(Change::new().cache(off)).await.unwrap();
    assert_eq!((look().await, look().await), (("v3".into(), false), ("v3".into(), false)));
}

#[tokio::test(start_paused = true)]
async fn who_is_inside_another_is_not_said_to_be_cut_off() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder()
        .provider("a", Version::new(1, &bench))
        .provider("b", Version::new(7, &bench).slow(Duration::from_secs(20)))
        .default_rule(Rule::any().to("a"))
        .rule(Rule::new("org:slow").to("b"))
        .drain(Duration::from_secs(5))
        .build()
        .await
        .unwrap();
    let git = mosaic.git();
    let elsewhere = tokio::spawn(async move { git.get_repository(GetRepository::new("slow", "x")).await });
    tokio::task::yield_now().await;
    let applied = mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    assert!(applied.settled().await[0].in_time, "nobody was inside");
    assert!(elsewhere.await.unwrap().is_ok());
    // A stream counts from its begin to its end, read or not.
    let log = || JobLog::new("acme", "widget", "17", "test");
    let read = mosaic.cicd().job_log(log()).await.unwrap().collect::<Vec<_>>().await;
    assert_eq!(read.len(), 5);
    let unread = mosaic.cicd().job_log(log()).await.unwrap();
    let applied = mosaic.reload("a", Version::new(3, &bench)).await.unwrap();
    assert!(!applied.settled().await[0].in_time);
    drop(unread);
    assert!(mosaic.reload("a", Version::new(4, &bench)).await.unwrap().settled().await[0].in_time);
    assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
}

/// A provider whose calls take longer than anybody waits, and a call inside it.
async fn stuck(bench: &Arc<Bench>) -> (Orchestrator, tokio::task::JoinHandle<ErrorKind>) {
    let patient = ProviderConfig { timeout: Duration::from_secs(1000), ..config() };
    let mosaic = Orchestrator::builder()
        .provider_with("a", Version::new(1, bench).slow(Duration::from_secs(500)), patient)
        .time_limit(Duration::from_secs(1000))
        .drain(Duration::from_secs(3600))
        .build()
        .await
        .unwrap();
    let git = mosaic.with(fresh()).git();
    let call = tokio::spawn(async move { git.get_repository(get()).await.unwrap_err().kind() });
    tokio::task::yield_now().await;
    (mosaic, call)
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cuts_off_who_is_inside_before_it_stops_a_plugin() {
    let bench = Arc::<Bench>::default();
    let (mosaic, call) = stuck(&bench).await;
    let began = tokio::time::Instant::now();
    mosaic.shutdown().await;
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(call.await.unwrap(), ErrorKind::Cancelled);
    assert_eq!((began.elapsed().as_secs(), bench.violations.load(Ordering::SeqCst)), (30, 0));
    assert_eq!(bench.taken()[2..], ["1 stop", "1 dispose"]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_the_whole_time_of_those_who_leave() {
    let bench = Arc::<Bench>::default();
    let (mosaic, call) = stuck(&bench).await;
    let applied = mosaic.reload("a", Version::new(2, &bench)).await.unwrap();
    let began = tokio::time::Instant::now();
    mosaic.shutdown().await;
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(call.await.unwrap(), ErrorKind::Cancelled);
    assert!(!applied.settled().await[0].in_time);
    assert_eq!(bench.violations.load(Ordering::SeqCst), 0);
}
