//! What providers are configured with decides who is asked: weights, regions, prices, and the needs of calls.

use std::sync::Arc;

use mosaic_core::context::{CacheUse, CallContext, Performance};
use mosaic_core::engine::ProviderConfig;
use mosaic_core::engine::balance::Balance;
use mosaic_core::engine::route::{Group, Rule, Term};
use mosaic_core::op::CacheState;
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::testkit::{Double, Fault};
use mosaic_core::types::{Price, Region};

use crate::support::*;

fn treated(weight: u32, region: &str, price: &str) -> ProviderConfig {
    ProviderConfig {
        weight,
        region: region.parse::<Region>().ok(),
        cost: price.parse::<Price>().unwrap(),
        ..config()
    }
}

/// `a` is dear and in the eu, `b` is cheap and in the us, `c` is drained and costs nothing.
async fn mosaic(group: Group) -> (Orchestrator, [Double; 3]) {
    let doubles = [(); 3].map(|()| forge_with_widget().0);
    let configs = [treated(3, "EU", "0.04"), treated(1, "us", "0.01"), treated(0, "eu", "0")];
    let mut builder = Orchestrator::builder().group(group).default_rule(Rule::any().to("all"));
    for ((id, double), config) in ["a", "b", "c"].into_iter().zip(&doubles).zip(configs) {
        builder = builder.provider_with(id, Arc::new(double.clone()), config);
    }
    (builder.build().await.unwrap(), doubles)
}

fn group() -> Group {
    Group::new("all", ["a", "b", "c"])
}

async fn asked(mosaic: &Orchestrator, cx: CallContext) -> String {
    let git = mosaic.with(cx.cache(CacheUse::Bypass)).git();
    git.get_repository(get()).await.unwrap().provider().unwrap().to_string()
}

#[tokio::test(start_paused = true)]
async fn weights_are_kept_and_the_drained_one_stands_by() {
    let (mosaic, [a, b, _]) = mosaic(group().balance(Balance::Weighted)).await;
    let mut answers = String::new();
    for _ in 0..8 {
        answers += &asked(&mosaic, CallContext::new()).await;
    }
    assert_eq!(answers, "aabaaaba");
    for double in [a, b] {
        double.plan(|_, _| Some(Fault::DisconnectBefore));
    }
    assert_eq!(asked(&mosaic, CallContext::new()).await, "c", "nobody else is left");
}

#[tokio::test(start_paused = true)]
async fn regions_and_needs_order_equivalents() {
    let (mosaic, [a, ..]) = mosaic(group()).await;
    for _ in 0..4 {
        assert_eq!(asked(&mosaic, CallContext::new().attribute("region", "us")).await, "b");
        assert_eq!(asked(&mosaic, CallContext::new().attribute("user.region", "EU")).await, "a");
        assert_eq!(asked(&mosaic, CallContext::new().performance(Performance::BestEffort)).await, "b");
    }
    a.plan(|_, _| Some(Fault::DisconnectBefore));
    let eu = CallContext::new().attribute("region", "eu");
    assert_eq!(asked(&mosaic, eu).await, "b", "a preference is no pin");
}

#[tokio::test(start_paused = true)]
async fn a_ranking_of_the_group_and_its_explanation() {
    let (mosaic, _) = mosaic(group().rank([Term::Cost])).await;
    let fast = CallContext::new().performance(Performance::LowLatency).attribute("region", "eu");
    assert_eq!(asked(&mosaic, fast.clone()).await, "b");
    let explanation = mosaic.explain(&fast, &get());
    let shown: Vec<_> = explanation
        .candidates
        .iter()
        .map(|note| format!("{} {} {}", note.provider, note.weight, note.terms[0].detail))
        .collect();
    assert_eq!(shown, ["b 1 0.01", "a 3 0.04", "c 0 0"]);
    assert!(explanation.to_string().contains("3. c: drained: after all others"), "{explanation}");
}

/// Equivalents are as good as each other: what one of them answered holds for callers who would have preferred another.
#[tokio::test(start_paused = true)]
async fn a_preference_does_not_part_the_cache() {
    let (mosaic, _) = mosaic(group()).await;
    let mut states = Vec::new();
    for region in ["eu", "us"] {
        let git = mosaic.with(CallContext::new().attribute("region", region)).git();
        let answer = git.get_repository(get()).await.unwrap();
        states.push((answer.provider().unwrap().to_string(), answer.cache()));
    }
    assert_eq!(states, [("a".into(), CacheState::Miss), ("a".into(), CacheState::Hit)]);
}
