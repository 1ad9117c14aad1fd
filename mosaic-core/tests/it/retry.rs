//! What is repeated on one provider, how often, and what ends it.

use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::engine::breaker::BreakerConfig;
use mosaic_core::engine::limit::RetryBudgetConfig;
use mosaic_core::engine::{ProviderConfig, RetryConfig};
use mosaic_core::error::{Delivery, Error, ErrorKind, Outcome};
use mosaic_core::op::{OpSet, Operation, git};
use mosaic_core::plugin::PluginInfo;
use mosaic_core::testkit::{Double, Fault, Place};
use mosaic_core::types::git::Repository;
use tokio::time::Instant;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_with_back_off() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    for fault in [Fault::DisconnectAfter, Fault::error(ErrorKind::Provider)] {
        forge.fault(fault);
    }
    let began = Instant::now();
    let answer = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!((answer.attempts(), forge.seen()), (3, 3));
    let waited = began.elapsed().as_millis();
    assert!((300..305).contains(&waited), "100 ms, then 200 ms, to the millisecond of a timer: {waited}");
    let kinds: Vec<_> = answer.trail().iter().map(|attempt| attempt.kind).collect();
    assert_eq!(kinds, [ErrorKind::Network, ErrorKind::Provider]);
}

#[tokio::test(start_paused = true)]
async fn a_write_is_repeated_only_when_it_was_not_sent() {
    let (forge, kept) = forge();
    let breaker = BreakerConfig { failures_in_a_row: 1000, ..BreakerConfig::default() };
    let mosaic = single(&forge, ProviderConfig { breaker, ..config() }).build().await.unwrap();
    forge.fault(Fault::DisconnectBefore);
    assert_eq!(mosaic.git().create_repository(create("one")).await.unwrap().attempts(), 2);

    for (name, fault, made) in [
        ("two", Fault::DisconnectAfter, true),
        ("three", Fault::DisconnectDuring, false),
        ("four", Fault::error_after(ErrorKind::Provider), true),
        ("five", Fault::Hang(Place::AfterExecution), true),
        ("six", Fault::Panic, false),
    ] {
        let seen = forge.seen();
        forge.fault(fault);
        let error = mosaic.git().create_repository(create(name)).await.unwrap_err();
        assert_eq!(forge.seen(), seen + 1, "{name} was tried once");
        assert_eq!(error.outcome(), Outcome::Unknown, "{name}");
        assert_eq!(kept.lock().unwrap().contains_key(name), made, "{name}");
    }
    forge.fault(Fault::Hang(Place::BeforeSending));
    let answer = mosaic.git().create_repository(create("seven")).await.unwrap();
    assert_eq!(answer.attempts(), 2, "a timeout before sending is known to have done nothing");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_does_not_report_delivery_is_unknown_for_writes() {
    let info = PluginInfo::new("quiet", "1", OpSet::EMPTY);
    let forge =
        Double::with_info(info).answer(|op: &git::CreateRepository| Ok(Repository::of(&op.repo, "main")));
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::DisconnectBefore);
    let error = mosaic.git().create_repository(create("one")).await.unwrap_err();
    assert_eq!((error.delivered(), forge.seen()), (Delivery::Unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_the_provider_honours_makes_a_write_repeatable_there() {
    for (honours, attempts) in [(true, 2), (false, 1)] {
        let info = PluginInfo::new("keyed", "1", OpSet::EMPTY).reports_delivery(true).honours_keys(honours);
        let forge =
            Double::with_info(info).answer(|op: &git::CreateRepository| Ok(Repository::of(&op.repo, "main")));
        let mosaic = single(&forge, config()).build().await.unwrap();
        forge.fault(Fault::DisconnectDuring);
        let cx = CallContext::new().idempotency_key("k1");
        let result = mosaic.with(cx).git().create_repository(create("one")).await;
        assert_eq!((result.is_ok(), forge.seen()), (honours, attempts));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_waited_for_when_there_is_time() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    let limited = || Fault::Error {
        error: Error::new(ErrorKind::RateLimited, "slow down").retry_after(Duration::from_secs(7)),
        executed: false,
    };
    forge.fault(limited());
    let began = Instant::now();
    mosaic.git().create_repository(create("one")).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(7));

    forge.fault(limited());
    let cx = CallContext::new().time_limit(Duration::from_secs(3));
    let began = Instant::now();
    let error = mosaic.with(cx).git().get_repository(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(began.elapsed(), Duration::ZERO, "no use in waiting for what comes too late");
}

#[tokio::test(start_paused = true)]
async fn a_credential_is_renewed_once_for_all_and_once_a_call() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.refresh_is(Ok(()));
    forge.plan(|number, _| (number < 8).then(|| Fault::error(ErrorKind::Unauthenticated)));
    let calls = (0..8).map(|n| {
        let git = mosaic.git();
        async move { git.get_repository(git::GetRepository::new(format!("org-{n}"), "widget")).await }
    });
    let results = futures_util::future::join_all(calls).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(forge.refreshes(), 1, "eight found it expired, one renewed it");

    forge.plan(|_, _| Some(Fault::error(ErrorKind::Unauthenticated)));
    let error = mosaic.git().get_repository(git::GetRepository::new("other", "widget")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!((forge.refreshes(), error.attempts().len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn an_answer_ends_it() {
    let (forge, _) = forge();
    let mosaic = single(&forge, config()).build().await.unwrap();
    for kind in [ErrorKind::NotFound, ErrorKind::Conflict, ErrorKind::Invalid, ErrorKind::PermissionDenied] {
        let seen = forge.seen();
        forge.fault(Fault::error(kind));
        let error = mosaic.git().get_repository(get()).await.unwrap_err();
        assert_eq!((error.kind(), forge.seen()), (kind, seen + 1));
        assert_eq!(error.operation_name(), Some(git::GetRepository::META.name));
        assert_eq!(error.provider_id().map(|id| id.as_str()), Some("a"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_the_call_and_of_nothing_else() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.fault(Fault::Panic);
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(!error.to_string().contains("the script says so"), "what a panic says may hold anything");
    assert!(format!("{error:?}").contains("the script says so"), "{error:?}");
    assert!(mosaic.git().get_repository(get()).await.is_ok());
    assert_eq!(forge.under_way(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_breaker_that_opens_in_the_middle_ends_the_loop() {
    let (forge, _) = forge_with_widget();
    let config = ProviderConfig {
        breaker: BreakerConfig { failures_in_a_row: 2, ..BreakerConfig::default() },
        retry: RetryConfig { attempts: 10, ..config().retry },
        ..config()
    };
    let mosaic = single(&forge, config).build().await.unwrap();
    forge.plan(|_, _| Some(Fault::error(ErrorKind::Provider)));
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!(
        (error.kind(), forge.seen()),
        (ErrorKind::Provider, 2),
        "the telling error, not the open breaker"
    );
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!((error.kind(), forge.seen()), (ErrorKind::CircuitOpen, 2));
    assert!(error.wait().is_some_and(|wait| wait > Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn the_retry_budget_bounds_all_calls_together() {
    let (forge, _) = forge_with_widget();
    let config = ProviderConfig {
        breaker: BreakerConfig { failures_in_a_row: 1000, failure_percent: 101, ..BreakerConfig::default() },
        retry: RetryConfig {
            budget: RetryBudgetConfig { percent: 0, reserve: 5, most: 5 },
            ..config().retry
        },
        ..config()
    };
    let mosaic = single(&forge, config).build().await.unwrap();
    forge.plan(|_, _| Some(Fault::error(ErrorKind::Provider)));
    for _ in 0..20 {
        mosaic.git().get_repository(get()).await.unwrap_err();
    }
    assert_eq!(forge.seen(), 25, "twenty calls and five retries");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_over_all_attempts() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.plan(|_, _| Some(Fault::Hang(Place::AfterSending)));
    let cx = CallContext::new().time_limit(Duration::from_millis(1500));
    let began = Instant::now();
    let error = mosaic.with(cx.clone()).git().get_repository(get()).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (ErrorKind::DeadlineExceeded, Duration::from_millis(1500)));
    let error = mosaic.with(cx).git().create_repository(create("one")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Timeout, Outcome::Unknown));
    assert_eq!(forge.under_way(), 0);
}

/// What a plugin says of the delivery counts, also where it forgot its mark.
#[tokio::test(start_paused = true)]
async fn a_plugin_that_says_unknown_is_believed() {
    let forge = Double::new().answer(|_: &git::CreateRepository| {
        Err(Error::new(ErrorKind::Network, "lost").delivery(Delivery::Unknown))
    });
    let mosaic = single(&forge, config()).build().await.unwrap();
    let error = mosaic.git().create_repository(create("one")).await.unwrap_err();
    assert_eq!((error.outcome(), forge.seen()), (Outcome::Unknown, 1));
}

/// A renewal that a caller began and gave up is gone on with, and not begun a second time.
#[tokio::test(start_paused = true)]
async fn a_renewal_outlives_the_call_that_began_it() {
    let (forge, _) = forge_with_widget();
    let mosaic = single(&forge, config()).build().await.unwrap();
    forge.refresh_is(Ok(()));
    forge.plan(|number, _| (number < 2).then(|| Fault::error(ErrorKind::Unauthenticated)));
    let git = mosaic.git();
    let hasty =
        tokio::spawn(async move { git.get_repository(git::GetRepository::new("hasty", "widget")).await });
    tokio::task::yield_now().await;
    hasty.abort();
    assert_eq!(forge.refreshes(), 1, "begun");
    assert!(mosaic.git().get_repository(get()).await.is_ok());
    assert_eq!(forge.refreshes(), 1, "and not begun again");
}

/// The same seed waits the same, another one does not.
#[tokio::test(start_paused = true)]
async fn the_jitter_of_waits_follows_from_the_seed() {
    let waited = async |seed| {
        let (forge, _) = forge_with_widget();
        let mosaic = single(&forge, ProviderConfig::default()).seed(seed).build().await.unwrap();
        forge.plan(|number, _| (number < 2).then(|| Fault::error(ErrorKind::Provider)));
        let began = Instant::now();
        mosaic.git().get_repository(get()).await.unwrap();
        began.elapsed()
    };
    assert_eq!(waited(1).await, waited(1).await);
    assert_ne!(waited(1).await, waited(2).await);
}
