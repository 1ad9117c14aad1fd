//! Phases of a migration while calls run: switched, shared and rolled back, without a call that fails or a thing that is split.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mosaic_core::context::{CacheUse, CallContext};
use mosaic_core::engine::route::{Phase, Phases, Routing, Rule};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::CacheState;
use mosaic_core::op::git::{GetRepository, ListRepositories, UpdateRepository};
use mosaic_core::orchestrator::{Builder, Orchestrator};
use mosaic_core::testkit::Double;
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Page, Subject};

use crate::support::*;

fn to(provider: &str) -> Routing {
    Routing::new().default_rule(Rule::any().to(provider))
}

fn phases() -> Phases {
    Phases::new()
        .phase(Phase::new("old", to("a")))
        .phase(Phase::new("new", to("b")).share(20))
        .phase(Phase::new("done", to("b")))
}

/// A forge that has every repository and says nothing of what it was told.
fn open_forge() -> Double {
    Double::new()
        .answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")))
        .answer(|op: &UpdateRepository| Ok(Repository::of(&op.repo, "main")))
        .answer(|_: &ListRepositories| Ok(Page::last(Vec::new())))
}

fn forges(phases: Phases) -> Builder {
    let provider = |builder: Builder, id: &str| builder.provider_with(id, Arc::new(open_forge()), config());
    provider(provider(Orchestrator::builder(), "a"), "b").phases(phases)
}

async fn mosaic() -> Orchestrator {
    forges(phases()).build().await.unwrap()
}

/// The provider that answers about a repository.
async fn side(mosaic: &Orchestrator, name: &str) -> String {
    let answer = mosaic.git().get_repository(GetRepository::new("acme", name)).await.unwrap();
    answer.provider().unwrap().to_string()
}

async fn sides(mosaic: &Orchestrator) -> Vec<String> {
    let mut sides = Vec::new();
    for number in 0..200 {
        sides.push(side(mosaic, &format!("repository-{number}")).await);
    }
    sides
}

#[tokio::test(start_paused = true)]
async fn forward_by_shares_and_back_exactly() {
    let mosaic = mosaic().await;
    let mut changes = mosaic.phase_changes();
    let at_first = sides(&mosaic).await;
    assert!(at_first.iter().all(|side| side == "a"));

    assert_eq!(
        mosaic.set_phase("new").unwrap().to_string(),
        "phase new at 20 %, the rest by phase old; a rollback leads to phase old at 100 %"
    );
    let fifth = sides(&mosaic).await;
    let moved = fifth.iter().filter(|side| *side == "b").count();
    assert!((20..60).contains(&moved), "{moved} of 200");
    for (number, side) in fifth.iter().enumerate() {
        let bucket = phases().bucket(Subject::item("acme", &format!("repository-{number}"))).unwrap();
        assert_eq!(side == "b", bucket < 20, "repository-{number}");
    }
    mosaic.set_share(60).unwrap();
    let more = sides(&mosaic).await;
    assert!(fifth.iter().zip(&more).all(|(before, now)| before == "a" || now == "b"), "nobody goes back");

    mosaic.set_phase("done").unwrap();
    assert!(sides(&mosaic).await.iter().all(|side| side == "b"));
    assert_eq!(mosaic.rollback().unwrap().now.to_string(), "phase new at 60 %");
    assert_eq!(sides(&mosaic).await, more);
    assert_eq!(mosaic.rollback().unwrap().now.to_string(), "phase old at 100 %");
    assert_eq!(sides(&mosaic).await, at_first);
    assert_eq!(mosaic.rollback().unwrap_err().kind(), ErrorKind::Conflict);

    let mut said = Vec::new();
    while let Ok(change) = changes.try_recv() {
        said.push(format!("{} -> {}{}", change.from, change.to, if change.rollback { ", back" } else { "" }));
    }
    assert_eq!(
        said,
        [
            "phase old at 100 % -> phase new at 20 %",
            "phase new at 20 % -> phase new at 60 %",
            "phase new at 60 % -> phase done at 100 %",
            "phase done at 100 % -> phase new at 60 %, back",
            "phase new at 60 % -> phase old at 100 %, back",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let mosaic = mosaic().await;
    let before = mosaic.phase().unwrap();
    let error = mosaic.set_phase("knew").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("did you mean \"new\""), "{error}");
    for refused in [mosaic.set_share(50), mosaic.set_phase_at("new", 101), mosaic.set_phase_at("old", 99)] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Invalid);
    }
    assert_eq!(mosaic.phase(), Some(before));

    mosaic.set_phase_at("new", 70).unwrap();
    assert_eq!(mosaic.set_phase("new").unwrap().now.share, 70, "in force already: it stays as it is");

    let (forge, _) = forge_with_widget();
    let plain = single(&forge, config()).build().await.unwrap();
    assert_eq!(plain.phase(), None);
    assert_eq!(plain.set_phase("new").unwrap_err().kind(), ErrorKind::Config);
    let both = forges(phases()).rule(Rule::new("org:x").to("a"));
    assert!(both.build().await.unwrap_err().message().contains("beside phases"));
}

#[tokio::test(start_paused = true)]
async fn a_listing_names_no_repository_and_goes_by_the_phase_before_until_all_is_moved() {
    let mosaic = mosaic().await;
    for (share, expected) in [(99, "a"), (100, "b")] {
        mosaic.set_phase_at("new", share).unwrap();
        let answer = mosaic.git().list_repositories(ListRepositories::new()).await.unwrap();
        assert_eq!(answer.provider().unwrap().as_str(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_of_another_phase_comes_from_the_cache() {
    let mosaic = mosaic().await;
    let get = || GetRepository::new("acme", "widget");
    let ask = async || mosaic.git().get_repository(get()).await.unwrap();
    ask().await;
    assert_eq!(ask().await.cache(), CacheState::Hit);
    mosaic.set_phase("done").unwrap();
    let answer = ask().await;
    assert_eq!((answer.cache(), answer.provider().unwrap().as_str()), (CacheState::Miss, "b"));
    let explanation = mosaic.explain(&CallContext::new(), &get());
    assert_eq!(explanation.phase.unwrap().decides, "done");
}

/// What rules of the phase before read of a call is in the key too, as that phase may be the one that decides.
#[tokio::test(start_paused = true)]
async fn a_shared_phase_keeps_the_answers_of_both_phases_apart() {
    let regional = to("a").rule(Rule::any().when("region", "eu").to("b"));
    let phases = Phases::new().phase(Phase::new("1", regional)).phase(Phase::new("2", to("a")).share(0));
    let mosaic = forges(phases.begin("2")).build().await.unwrap();
    for (region, expected) in [("us", "a"), ("eu", "b"), ("us", "a")] {
        let git = mosaic.with(CallContext::new().attribute("region", region)).git();
        let answer = git.get_repository(get()).await.unwrap();
        assert_eq!(answer.provider().unwrap().as_str(), expected, "{region}");
    }
}

#[tokio::test(start_paused = true)]
async fn new_rules_leave_a_migration_where_it_stands() {
    let mosaic = mosaic().await;
    mosaic.set_phase("new").unwrap();
    mosaic.set_share(70).unwrap();
    mosaic.set_phase("done").unwrap();
    let longer = Phases::new().phase(Phase::new("first", to("a"))).phase(Phase::new("new", to("a")));
    mosaic.set_rules(longer.phase(Phase::new("done", to("b")))).unwrap();
    assert_eq!(
        mosaic.phase().unwrap().to_string(),
        "phase done at 100 %; a rollback leads to phase new at 70 %"
    );
    mosaic.rollback().unwrap();
    assert_eq!(mosaic.phase().unwrap().rest.as_deref(), Some("first"));
    assert_eq!(mosaic.set_rules(Phases::new()).unwrap_err().kind(), ErrorKind::Config);
    assert_eq!(mosaic.phase().unwrap().now.phase, "new", "the old rules stay");

    mosaic.set_routing(&to("b")).unwrap();
    assert_eq!((mosaic.phase(), side(&mosaic, "x").await.as_str()), (None, "b"));
    mosaic.set_rules(phases()).unwrap();
    assert_eq!(mosaic.phase().unwrap().to_string(), "phase old at 100 %");
}

/// What the callers of the load test share with the one that switches.
#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    calls: AtomicU64,
    /// Odd while a switch is under way.
    switches: AtomicU64,
    compared: AtomicU64,
}

/// Reads, writes and reads one repository after the other. Where no switch came between, all went to the side of its bucket.
async fn call_without_pause(mosaic: Orchestrator, shared: Arc<Shared>, caller: u64) {
    let git = mosaic.with(CallContext::new().cache(CacheUse::Bypass)).git();
    for number in 0u64.. {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let name = format!("repository-{caller}-{}", number % 50);
        let before = shared.switches.load(Ordering::SeqCst);
        let stands = mosaic.phase().unwrap().now;
        let read = git.get_repository(GetRepository::new("acme", &name)).await.unwrap();
        let write = git.update_repository(UpdateRepository::new("acme", &name)).await.unwrap();
        let again = git.get_repository(GetRepository::new("acme", &name)).await.unwrap();
        if before.is_multiple_of(2) && shared.switches.load(Ordering::SeqCst) == before {
            let bucket = phases().bucket(Subject::item("acme", &name)).unwrap();
            let moved = stands.phase != "old" && bucket < stands.share;
            let expected = if moved { "b" } else { "a" };
            for provider in [read.provider(), write.provider(), again.provider()] {
                assert_eq!(provider.unwrap().as_str(), expected, "{name} in {stands}");
            }
            shared.compared.fetch_add(1, Ordering::SeqCst);
        }
        shared.calls.fetch_add(3, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// On real threads, with callers that do not pause while phases and shares change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_under_load_fails_no_call_and_splits_no_repository() {
    let (mosaic, shared) = (mosaic().await, Arc::new(Shared::default()));
    let callers: Vec<_> = (0..4)
        .map(|caller| tokio::spawn(call_without_pause(mosaic.clone(), Arc::clone(&shared), caller)))
        .collect();
    for turn in 0..300u64 {
        shared.switches.fetch_add(1, Ordering::SeqCst);
        match turn % 4 {
            0 => mosaic.set_phase("new").map(drop).unwrap(),
            1 => mosaic.set_share(60).map(drop).unwrap(),
            2 => mosaic.set_phase("done").map(drop).unwrap(),
            _ => {
                mosaic.rollback().unwrap();
                mosaic.rollback().unwrap();
            }
        }
        shared.switches.fetch_add(1, Ordering::SeqCst);
        let seen = shared.calls.load(Ordering::SeqCst);
        while shared.calls.load(Ordering::SeqCst) < seen + 24 {
            assert!(callers.iter().all(|caller| !caller.is_finished()), "a call failed");
            tokio::task::yield_now().await;
        }
    }
    shared.stop.store(true, Ordering::SeqCst);
    for caller in callers {
        caller.await.unwrap();
    }
    assert!(shared.compared.load(Ordering::SeqCst) > 300);
    assert_eq!(mosaic.phase().unwrap().now.to_string(), "phase old at 100 %");
}
