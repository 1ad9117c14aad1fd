//! When a call goes to another provider, and when it must not.

use std::time::Duration;

use mosaic_core::engine::ProviderConfig;
use mosaic_core::engine::breaker::{BreakerConfig, BreakerState};
use mosaic_core::engine::route::{Routing, Rule};
use mosaic_core::error::{Error, ErrorKind, Outcome};
use mosaic_core::op::git;
use mosaic_core::plugin::HealthReport;
use mosaic_core::testkit::{Double, Fault, Place};
use mosaic_core::types::git::Repository;

use crate::support::*;

fn no_breaker() -> ProviderConfig {
    let breaker =
        BreakerConfig { failures_in_a_row: 100_000, failure_percent: 101, ..BreakerConfig::default() };
    ProviderConfig { breaker, ..config() }
}

#[tokio::test(start_paused = true)]
async fn a_read_moves_on_after_its_attempts() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair_with(&a, &b, no_breaker()).build().await.unwrap();
    for kind in [ErrorKind::Network, ErrorKind::Provider, ErrorKind::Protocol, ErrorKind::RateLimited] {
        a.plan(move |_, _| Some(Fault::error(kind)));
        let (before, name) = (a.seen(), format!("{kind}"));
        let answer = mosaic.git().get_repository(git::GetRepository::new(name, "widget")).await.unwrap();
        assert_eq!(answer.provider().map(|id| id.as_str()), Some("b"), "{kind}");
        let tries = if kind == ErrorKind::Protocol { 1 } else { 3 };
        assert_eq!(a.seen() - before, tries, "{kind}");
        assert_eq!(u64::from(answer.attempts()), tries + 1, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_do_not_move() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair_with(&a, &b, no_breaker()).build().await.unwrap();
    let stopping = [
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Invalid,
        ErrorKind::PermissionDenied,
        ErrorKind::Unauthenticated,
        ErrorKind::Internal,
    ];
    for kind in stopping {
        a.fault(Fault::error(kind));
        assert_eq!(mosaic.git().get_repository(get()).await.unwrap_err().kind(), kind);
    }
    assert_eq!(b.seen(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_of_which_a_step_was_made_is_neither_repeated_nor_moved() {
    let refused = |kind| Error::new(kind, "not now").retry_after(Duration::from_millis(1)).refused();
    for kind in [
        ErrorKind::RateLimited,
        ErrorKind::Throttled,
        ErrorKind::Unauthenticated,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Invalid,
        ErrorKind::Provider,
        ErrorKind::Network,
    ] {
        let a = Double::new()
            .answer(move |_: &git::CreateRepository| Err::<Repository, _>(refused(kind).after_a_step()));
        let (b, made) = forge();
        let mosaic = pair_with(&a, &b, no_breaker()).build().await.unwrap();
        let error = mosaic.git().create_repository(create("one")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (kind, Outcome::Unknown), "{error:?}");
        assert_eq!((a.seen(), b.seen()), (1, 0), "{kind}");
        assert!(made.lock().unwrap().is_empty(), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_moves_only_when_it_certainly_did_not_run() {
    for (fault, moves) in [
        (Fault::DisconnectBefore, true),
        (Fault::Hang(Place::BeforeSending), true),
        (Fault::error(ErrorKind::RateLimited), true),
        (Fault::refusal(ErrorKind::Provider), true),
        (Fault::error(ErrorKind::Provider), false),
        (Fault::DisconnectDuring, false),
        (Fault::DisconnectAfter, false),
        (Fault::Hang(Place::AfterExecution), false),
        (Fault::error(ErrorKind::Protocol), false),
    ] {
        let ((a, made_a), (b, made_b)) = (forge(), forge());
        let mosaic = pair_with(&a, &b, no_breaker()).build().await.unwrap();
        let planned = fault.clone();
        a.plan(move |_, _| Some(planned.clone()));
        let result = mosaic.git().create_repository(create("one")).await;
        assert_eq!(result.is_ok(), moves, "{fault:?}");
        assert_eq!(b.seen(), u64::from(moves), "{fault:?}");
        assert!(made_a.lock().unwrap().len() + made_b.lock().unwrap().len() <= 1, "{fault:?}");
        if let Err(error) = result {
            assert_eq!(error.outcome(), Outcome::Unknown, "{fault:?}");
        }
    }
}

/// Timeout with unknown delivery, a back-off that the idempotent effect allows, then an open breaker: the last error was
/// certainly not sent, but the call was.
#[tokio::test(start_paused = true)]
async fn the_worst_delivery_counts_and_not_the_last() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let breaker = BreakerConfig { failures_in_a_row: 1, ..BreakerConfig::default() };
    let mosaic = pair_with(&a, &b, ProviderConfig { breaker, ..config() }).build().await.unwrap();
    a.fault(Fault::Hang(Place::AfterExecution));
    let op = git::UpdateRepository::new("acme", "widget").description("new");
    let error = mosaic.git().update_repository(op).await.unwrap_err();
    let kinds: Vec<_> = error.attempts().iter().map(|attempt| attempt.kind).collect();
    assert_eq!(kinds, [ErrorKind::Timeout, ErrorKind::CircuitOpen]);
    assert_eq!((error.outcome(), b.seen()), (Outcome::Unknown, 0));
}

/// The credential is renewed, and then the network breaks: the call moves, as after any broken network.
#[tokio::test(start_paused = true)]
async fn where_it_goes_follows_from_the_last_attempt() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair_with(&a, &b, no_breaker()).build().await.unwrap();
    a.refresh_is(Ok(()));
    a.plan(|number, _| {
        Some(if number == 0 { Fault::error(ErrorKind::Unauthenticated) } else { Fault::DisconnectBefore })
    });
    let answer = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!(answer.provider().unwrap().as_str(), "b");
    assert_eq!(answer.trail()[0].kind, ErrorKind::Unauthenticated);
}

#[tokio::test(start_paused = true)]
async fn a_pinned_call_never_leaks() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair(&a, &b).rule(Rule::new("org:internal-*").to("a")).build().await.unwrap();
    a.plan(|_, _| Some(Fault::DisconnectBefore));
    for _ in 0..10 {
        let internal = git::GetRepository::new("internal-x", "widget");
        mosaic.git().get_repository(internal).await.unwrap_err();
        let write = git::CreateRepository::new("internal-x", "new");
        mosaic.git().create_repository(write).await.unwrap_err();
    }
    // Forges compare names without regard to case, so another spelling is no way around a pin.
    mosaic.git().get_repository(git::GetRepository::new("Internal-X", "widget")).await.unwrap_err();
    assert_eq!(b.seen(), 0);
    assert!(mosaic.git().get_repository(get()).await.is_ok(), "others go to the declared fallback");
    assert_eq!(b.seen(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_comes_back_is_used_again() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair(&a, &b).build().await.unwrap();
    let ask = |n: u32| {
        let git = mosaic.git();
        async move {
            let answer =
                git.get_repository(git::GetRepository::new(format!("o{n}"), "widget")).await.unwrap();
            answer.provider().unwrap().to_string()
        }
    };
    a.plan(|_, _| Some(Fault::DisconnectBefore));
    for n in 0..3 {
        assert_eq!(ask(n).await, "b");
    }
    let breaker =
        |mosaic: &mosaic_core::orchestrator::Orchestrator| mosaic.status().providers[0].breakers[0].1;
    assert_eq!(breaker(&mosaic), BreakerState::Open);
    let seen = a.seen();
    assert_eq!(ask(10).await, "b");
    assert_eq!(a.seen(), seen, "an open breaker costs nothing");
    a.heal();
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(ask(11).await, "a");
    assert_eq!(ask(12).await, "a");
    assert_eq!(breaker(&mosaic), BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_unhealthy_provider_comes_after_the_healthy_ones() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair(&a, &b).build().await.unwrap();
    a.health_is(HealthReport::unhealthy("the disk is full"));
    tokio::time::sleep(Duration::from_secs(31)).await;
    let answer = mosaic.git().get_repository(get()).await.unwrap();
    assert_eq!((answer.provider().map(|id| id.as_str()), a.seen()), (Some("b"), 0));
    let text = mosaic.explain(&Default::default(), &get()).to_string();
    assert!(text.contains("its health check fails"), "{text}");
    b.plan(|_, _| Some(Fault::DisconnectBefore));
    let answer = mosaic.git().get_repository(git::GetRepository::new("x", "widget")).await.unwrap();
    assert_eq!(answer.provider().map(|id| id.as_str()), Some("a"), "better than nobody");
}

#[tokio::test(start_paused = true)]
async fn the_error_is_the_most_telling_of_the_trail() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair_with(&a, &b, no_breaker()).build().await.unwrap();
    a.plan(|_, _| Some(Fault::error(ErrorKind::Provider)));
    b.plan(|_, _| Some(Fault::DisconnectBefore));
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert_eq!(error.attempts().len(), 6);
    assert_eq!(error.provider_id().map(|id| id.as_str()), Some("a"));
}

#[tokio::test(start_paused = true)]
async fn rules_can_be_replaced_while_calls_run() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge_with_widget());
    let mosaic = pair(&a, &b).build().await.unwrap();
    a.fault(Fault::Delay(Duration::from_millis(500)));
    let git = mosaic.git();
    let running = tokio::spawn(async move { git.get_repository(get()).await });
    tokio::task::yield_now().await;
    mosaic.set_routing(&Routing::new().default_rule(Rule::any().to("b"))).unwrap();
    assert_eq!(mosaic.git().get_repository(get()).await.unwrap().provider().unwrap().as_str(), "b");
    assert_eq!(
        running.await.unwrap().unwrap().provider().unwrap().as_str(),
        "a",
        "it keeps what it began with"
    );
    let error = mosaic.set_routing(&Routing::new().default_rule(Rule::any().to("nobody"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(mosaic.git().get_repository(get()).await.unwrap().provider().unwrap().as_str(), "b");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_offers_is_said() {
    let a = Double::new().answer(|_: &git::DeleteRepository| Ok(()));
    let mosaic = single(&a, config()).build().await.unwrap();
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error =
        mosaic.project().get_project(mosaic_core::op::project::GetProject::new("OPS")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRoute);
    assert_eq!(a.seen(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stand_in_without_the_thing_does_not_hide_that_its_owner_failed() {
    let ((a, _), (b, _)) = (forge_with_widget(), forge());
    let mosaic = pair(&a, &b).build().await.unwrap();
    a.plan(|_, _| Some(Fault::DisconnectBefore));
    let error = mosaic.git().get_repository(get()).await.unwrap_err();
    assert_eq!((error.kind(), error.provider_id().unwrap().as_str()), (ErrorKind::Network, "a"));
    assert_eq!(error.attempts().last().unwrap().kind, ErrorKind::NotFound, "the trail tells all");

    // With the breaker open the stand-in is asked first. What it does not have may be there all the same.
    for n in 0..5 {
        let op = git::GetRepository::new(format!("org-{n}"), "widget");
        let error = mosaic.git().get_repository(op).await.unwrap_err();
        assert_ne!(error.kind(), ErrorKind::NotFound, "{error:?}");
        assert_eq!(error.provider_id().unwrap().as_str(), "a");
    }
    a.heal();
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(mosaic.git().get_repository(get()).await.unwrap().provider().unwrap().as_str(), "a");
}
