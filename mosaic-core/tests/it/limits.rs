//! Limits of our own: waited for, never held against the provider, never by the wrong layer.

use std::time::Duration;

use mosaic_core::engine::breaker::{BreakerConfig, BreakerState};
use mosaic_core::engine::limit::LimitsConfig;
use mosaic_core::engine::{ProviderConfig, RetryConfig};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git;
use mosaic_core::testkit::{Fault, Place};
use tokio::time::Instant;

use crate::support::*;

fn ask(n: u32) -> git::GetRepository {
    git::GetRepository::new(format!("o{n}"), "widget")
}

#[tokio::test(start_paused = true)]
async fn the_rate_is_waited_for_and_is_no_failure_of_the_provider() {
    let (forge, _) = forge_with_widget();
    let config = ProviderConfig {
        limits: LimitsConfig { rate: Some((2, Duration::from_secs(2))), ..LimitsConfig::default() },
        breaker: BreakerConfig { failures_in_a_row: 1, ..BreakerConfig::default() },
        retry: RetryConfig { attempts: 1, ..config().retry },
        ..config()
    };
    let mosaic = single(&forge, config).build().await.unwrap();
    let began = Instant::now();
    for n in 0..4 {
        mosaic.git().get_repository(ask(n)).await.unwrap();
    }
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    assert_eq!(forge.seen(), 4);
    assert_eq!(mosaic.status().providers[0].breakers[0].1, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn our_own_throttle_moves_on_where_waiting_takes_too_long() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let config = ProviderConfig {
        limits: LimitsConfig { rate: Some((1, Duration::from_secs(3600))), ..LimitsConfig::default() },
        ..config()
    };
    let mosaic = pair_with(&a, &b, config).build().await.unwrap();
    let began = Instant::now();
    for expected in ["a", "b"] {
        let answer = mosaic.git().get_repository(git::GetRepository::new(expected, "widget")).await.unwrap();
        assert_eq!(answer.provider().unwrap().as_str(), expected);
    }
    let error = mosaic.git().get_repository(ask(0)).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::Throttled, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_are_bounded() {
    let (forge, _) = forge_with_widget();
    let limits = LimitsConfig { concurrency: Some(3), ..LimitsConfig::default() };
    let mosaic = single(&forge, ProviderConfig { limits, ..config() }).build().await.unwrap();
    let (watch, most) = (forge.clone(), std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0)));
    let seen_most = most.clone();
    forge.plan(move |_, _| {
        seen_most.fetch_max(watch.under_way(), std::sync::atomic::Ordering::SeqCst);
        Some(Fault::Delay(Duration::from_millis(50)))
    });
    let calls = (0..30).map(|n| {
        let git = mosaic.git();
        async move { git.get_repository(ask(n)).await.unwrap() }
    });
    let began = Instant::now();
    futures_util::future::join_all(calls).await;
    assert_eq!(most.load(std::sync::atomic::Ordering::SeqCst), 3);
    assert_eq!(began.elapsed(), Duration::from_millis(500));
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_give_everything_back() {
    let (forge, _) = forge_with_widget();
    let limits = LimitsConfig { concurrency: Some(1), ..LimitsConfig::default() };
    let breaker =
        BreakerConfig { failures_in_a_row: 1, open_for: Duration::from_secs(1), ..BreakerConfig::default() };
    let config = ProviderConfig { limits, breaker, ..config() };
    let mosaic =
        single(&forge, ProviderConfig { retry: RetryConfig { attempts: 1, ..config.retry }, ..config })
            .build()
            .await
            .unwrap();
    forge.fault(Fault::error(ErrorKind::Provider));
    mosaic.git().get_repository(ask(0)).await.unwrap_err();
    tokio::time::advance(Duration::from_secs(2)).await;
    // The one trial of the half-open breaker is dropped in the middle.
    forge.fault(Fault::Hang(Place::AfterSending));
    let git = mosaic.git();
    assert!(tokio::time::timeout(Duration::from_millis(5), git.get_repository(ask(1))).await.is_err());
    assert_eq!((forge.under_way(), mosaic.status().providers[0].in_flight), (0, 0));
    assert!(mosaic.git().get_repository(ask(2)).await.is_ok(), "its slot and its turn came back");
}
