//! The whole configuration is replaced while calls run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use mosaic_core::config::Code;
use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::op::git::GetRepository;
use mosaic_core::orchestrator::Orchestrator;

use super::build::{factories, load};

const BEFORE: &str = "
plugins:
  - { id: a, type: git, provider: double, config: { branch: a1 } }
  - { id: b, type: git, provider: double, config: { branch: b1 } }
  - { id: same, type: git, provider: double, config: { branch: same, timeout: 1000 } }
routing:
  rules: [{ pattern: 'org:acme', provider: a }, { pattern: 'org:same', provider: same }]
  loadBalancing: { healthCheck: { interval: 1000 } }
defaults: { git: b }
cache: { ttl: 10 }
";

const AFTER: &str = "
plugins:
  - { id: a, type: git, provider: double, config: { branch: a2 } }
  - { id: same, type: git, provider: double, config: { branch: same, timeout: 500 } }
  - { id: c, type: git, provider: double, config: { branch: c1 } }
routing:
  - { pattern: 'org:acme', provider: a }
  - { pattern: 'org:same', provider: same }
defaults: { git: c }
cache: { ttl: 20 }
";

async fn branch(mosaic: &Orchestrator, org: &str) -> String {
    let fresh = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    fresh.get_repository(GetRepository::new(org, "widget")).await.unwrap().default_branch.clone()
}

fn generations(mosaic: &Orchestrator) -> Vec<(String, u64)> {
    mosaic.status().providers.iter().map(|one| (one.id.to_string(), one.generation)).collect()
}

#[tokio::test(start_paused = true)]
async fn providers_come_go_and_are_made_anew_and_those_that_stay_the_same_stay() {
    let (before, after) = (load(BEFORE), load(AFTER));
    let mosaic = before.builder(factories()).unwrap().build().await.unwrap();
    assert_eq!((branch(&mosaic, "acme").await, branch(&mosaic, "x").await), ("a1".into(), "b1".into()));

    let applied = mosaic.apply(after.change_from(&before, factories()).unwrap()).await.unwrap();
    assert_eq!((branch(&mosaic, "acme").await, branch(&mosaic, "x").await), ("a2".into(), "c1".into()));
    let generations = generations(&mosaic);
    let of = |id: &str| generations.iter().find(|(name, _)| name == id).map(|(_, generation)| *generation);
    assert_eq!((of("same"), of("b")), (Some(1), None), "{generations:?}");
    assert_ne!(of("a"), Some(1));
    assert!(applied.settled().await.iter().all(|departure| departure.in_time));

    // Back again, and to the same: nothing is left to change.
    mosaic.apply(before.change_from(&after, factories()).unwrap()).await.unwrap();
    assert_eq!((branch(&mosaic, "acme").await, branch(&mosaic, "x").await), ("a1".into(), "b1".into()));
    mosaic.shutdown().await;
}

#[tokio::test]
async fn no_call_fails_while_configurations_are_replaced() {
    let (before, after) = (load(BEFORE), load(AFTER));
    let mosaic = before.builder(factories()).unwrap().build().await.unwrap();
    let (stop, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let callers: Vec<_> = ["acme", "same", "x"]
        .into_iter()
        .map(|org| {
            let (mosaic, stop, calls) = (mosaic.clone(), Arc::clone(&stop), Arc::clone(&calls));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let answer = branch(&mosaic, org).await;
                    assert!(["a1", "a2", "same", "b1", "c1"].contains(&answer.as_str()), "{answer}");
                    calls.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for round in 0..20 {
        let (from, to) = if round % 2 == 0 { (&before, &after) } else { (&after, &before) };
        mosaic.apply(to.change_from(from, factories()).unwrap()).await.unwrap();
        let seen = calls.load(Ordering::Relaxed);
        while calls.load(Ordering::Relaxed) < seen + 10 {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    mosaic.shutdown().await;
}

#[tokio::test]
async fn what_does_not_start_leaves_everything_as_it_was() {
    let before = load(BEFORE);
    let mosaic = before.builder(factories()).unwrap().build().await.unwrap();
    let broken =
        load(&AFTER.replace("branch: c1", "branch: refused, auth: { type: token, token: '${SECRET}' }"));
    let error = mosaic.apply(broken.change_from(&before, factories()).unwrap()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("marked"), "{error:?}");
    assert_eq!((branch(&mosaic, "acme").await, branch(&mosaic, "x").await), ("a1".into(), "b1".into()));
    mosaic.shutdown().await;
}

#[test]
fn what_cannot_change_while_calls_run_is_refused() {
    let before = load(BEFORE);
    let limited = load(&format!("{BEFORE}timeLimit: 5000\n"));
    assert_eq!(limited.time_limit(), Some(Duration::from_secs(5)));
    for (from, to, line) in [(&before, &limited, Some(11)), (&limited, &before, None)] {
        let report = to.change_from(from, factories()).unwrap_err();
        assert_eq!((report.faults()[0].code(), report.faults()[0].line()), (Code::NotLive, line), "{report}");
    }
    let missing = load(&AFTER.replace("provider: double, config: { branch: c1 }", "provider: other"));
    assert_eq!(
        missing.change_from(&before, factories()).unwrap_err().faults()[0].code(),
        Code::MissingPlugin
    );
}

const PHASES: &str = "
plugins:
  - { id: a, type: git, provider: double, config: { branch: a } }
  - { id: b, type: git, provider: double, config: { branch: b } }
phases:
  begin: two
  list:
    - { phase: one, defaults: { git: a } }
    - { phase: two, share: 20, defaults: { git: b } }
    - { phase: three, share: 10, defaults: { git: b } }
";

#[tokio::test(start_paused = true)]
async fn another_share_of_the_phase_in_force_is_taken_and_what_was_set_while_running_stays_else() {
    let before = load(PHASES);
    let mosaic = before.builder(factories()).unwrap().build().await.unwrap();
    let mut changes = mosaic.phase_changes();
    let now = || mosaic.phase().unwrap().now.to_string();
    assert_eq!(now(), "phase two at 20 %");

    let more = load(&PHASES.replace("share: 20", "share: 50"));
    mosaic.apply(more.change_from(&before, factories()).unwrap()).await.unwrap();
    assert_eq!(now(), "phase two at 50 %");
    let change = changes.try_recv().unwrap();
    assert_eq!((change.from.share, change.to.share, change.rollback), (20, 50, false));

    // What an operator set stays while the file says the same of that phase.
    mosaic.set_share(70).unwrap();
    assert_eq!(changes.try_recv().unwrap().to.share, 70);
    for other in [("share: 10", "share: 30"), ("begin: two", "begin: three")] {
        let next = load(&PHASES.replace("share: 20", "share: 50").replace(other.0, other.1));
        mosaic.apply(next.change_from(&more, factories()).unwrap()).await.unwrap();
        mosaic.apply(more.change_from(&next, factories()).unwrap()).await.unwrap();
        assert_eq!(now(), "phase two at 70 %", "{other:?}");
    }
    assert!(changes.try_recv().is_err());
    mosaic.shutdown().await;
}
