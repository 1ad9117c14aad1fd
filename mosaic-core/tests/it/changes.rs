//! Providers come and go while calls go on: all of a change or nothing of it, and every fault before anything starts.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::engine::ProviderConfig;
use mosaic_core::engine::route::{Routing, Rule};
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::orchestrator::{Change, Orchestrator, Source};
use mosaic_core::plugin::{Factory, FactoryInput, Plugin, SlotState};
use mosaic_core::types::ServiceKind;

use crate::support::*;
use crate::versions::*;

fn to(id: &str) -> Routing {
    Routing::new().default_rule(Rule::any().to(id))
}

/// `a` of version 1, named by a default.
async fn one(bench: &Arc<Bench>) -> Orchestrator {
    Orchestrator::builder().provider("a", Version::new(1, bench)).routing(to("a")).build().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_comes_the_rules_change_and_one_goes_at_one_moment() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    let change = Change::new().add("b", Version::new(2, &bench)).remove("a").rules(to("b"));
    let departures = mosaic.apply(change).await.unwrap().settled().await;
    assert_eq!((departures.len(), departures[0].provider.as_str()), (1, "a"));
    assert_eq!(version(&mosaic).await, "v2");
    assert_eq!(mosaic.status().providers.len(), 1);
    assert_eq!(bench.taken()[3..], ["2 start", "1 stop", "1 dispose"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_named_by_a_rule_is_not_removed() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    let error = mosaic.remove_provider("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for part in ["no provider", "a is removed by this change", "rules that do not name it"] {
        assert!(error.message().contains(part), "{part} is missing in {error}");
    }
    assert_eq!(version(&mosaic).await, "v1");
    mosaic.add_provider("b", Version::new(2, &bench), config()).await.unwrap();
    mosaic.remove_provider("b").await.unwrap().settled().await;
    assert_eq!(version(&mosaic).await, "v1");
}

#[tokio::test(start_paused = true)]
async fn a_second_one_does_not_take_the_way_of_the_first_away() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder().provider("a", Version::new(1, &bench)).build().await.unwrap();
    let error = mosaic.add_provider("b", Version::new(2, &bench), config()).await.unwrap_err();
    assert!(error.message().contains("rules or a default"), "{error}");
    let change = Change::new().add("b", Version::new(2, &bench)).rules(to("a"));
    mosaic.apply(change).await.unwrap();
    assert_eq!(version(&mosaic).await, "v1");
}

#[tokio::test(start_paused = true)]
async fn every_fault_is_said_before_anything_starts() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    bench.taken();
    let change = Change::new()
        .add("a", Version::new(2, &bench))
        .add("no id", Version::new(3, &bench))
        .reload("c", Version::new(4, &bench))
        .remake("a")
        .add("d", Source::factory("flyer", ServiceKind::Git, serde_json::json!({})));
    let error = mosaic.apply(change).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for part in [
        "5 fault(s)",
        "one of this name already",
        "not a provider id",
        "none of this name",
        "was given",
        "\"flyer\"",
    ] {
        assert!(error.message().contains(part), "{part} is missing in {error}");
    }
    let bad_rules = Change::new().reload("a", Version::new(5, &bench)).rules(to("nobody"));
    assert!(mosaic.apply(bad_rules).await.unwrap_err().message().contains("nobody"));
    assert!(bench.taken().is_empty(), "nothing was started");
    assert_eq!(version(&mosaic).await, "v1");
}

#[tokio::test(start_paused = true)]
async fn all_or_nothing() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    bench.taken();
    let change = Change::new()
        .reload("a", Version::new(2, &bench))
        .add("b", Version::new(3, &bench))
        .add("c", Version::failing(4, &bench, "start"))
        .rules(to("b"));
    let error = mosaic.apply(change).await.unwrap_err();
    assert_eq!(error.provider_id().unwrap().as_str(), "c");
    assert_eq!(version(&mosaic).await, "v1");
    let status = mosaic.status();
    assert_eq!((status.providers.len(), status.providers[0].slot), (1, SlotState::Running));
    assert!(status.providers[0].last_failure.is_none(), "nothing was wrong with it");
    let ends: Vec<_> = bench
        .taken()
        .into_iter()
        .filter(|line| line.ends_with("stop") || line.ends_with("dispose"))
        .collect();
    assert_eq!(ends, ["4 stop", "4 dispose", "3 stop", "3 dispose", "2 stop", "2 dispose"]);
    assert!(mosaic.apply(Change::new().add("c", Version::new(5, &bench))).await.is_ok(), "the name is free");
}

#[tokio::test(start_paused = true)]
async fn reloads_of_one_provider_wait_for_each_other_and_those_of_others_do_not() {
    let bench = Arc::<Bench>::default();
    let mosaic = Orchestrator::builder()
        .provider("a", Version::new(1, &bench))
        .provider("b", Version::new(11, &bench))
        .routing(to("a"))
        .build()
        .await
        .unwrap();
    let hanging = mosaic.reload("a", Version::failing(2, &bench, "start hangs"));
    let (first, second, other) =
        futures_util::join!(hanging, mosaic.reload("a", Version::new(3, &bench)), async {
            let began = tokio::time::Instant::now();
            mosaic.reload("b", Version::new(12, &bench)).await.map(|_| began.elapsed())
        });
    assert!(first.unwrap_err().message().contains("start did not end within 30s"));
    assert!(second.is_ok());
    assert_eq!(other.unwrap(), Duration::ZERO);
    assert_eq!(version(&mosaic).await, "v3");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_reload_goes_on_and_a_shutdown_ends_it() {
    let bench = Arc::<Bench>::default();
    let mosaic = one(&bench).await;
    drop(
        tokio::time::timeout(Duration::ZERO, mosaic.reload("a", Version::failing(2, &bench, "start hangs")))
            .await,
    );
    let dropped =
        tokio::time::timeout(Duration::from_millis(1), mosaic.reload("a", Version::new(3, &bench))).await;
    assert!(dropped.is_err());
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(version(&mosaic).await, "v3");
    bench.taken();
    let hanging = tokio::spawn({
        let (mosaic, new) = (mosaic.clone(), Version::failing(4, &bench, "start hangs"));
        async move { mosaic.reload("a", new).await }
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    let began = tokio::time::Instant::now();
    mosaic.shutdown().await;
    assert!(began.elapsed() < Duration::from_secs(1), "nobody waits for a start that hangs");
    assert!(hanging.await.unwrap().unwrap_err().message().contains("shut down"));
    assert_eq!(bench.taken(), ["4 initialize", "4 stop", "4 dispose", "3 stop", "3 dispose"]);
    let error = mosaic.reload("a", Version::new(5, &bench)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Lifecycle);
}

/// Makes versions as the configuration says.
struct Versions(Arc<Bench>);

#[async_trait]
impl Factory for Versions {
    fn provider(&self) -> &str {
        "version"
    }
    fn service(&self) -> ServiceKind {
        ServiceKind::Git
    }
    fn config_schema(&self) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let number = input.config["number"]
            .as_u64()
            .ok_or_else(|| Error::new(ErrorKind::Config, "number: missing"))?;
        Ok(Arc::new(Version::new(number, &self.0)))
    }
}

#[tokio::test(start_paused = true)]
async fn exactly_these_providers_and_nothing_is_done_to_who_stays() {
    let bench = Arc::<Bench>::default();
    let made =
        |number: u64| Source::factory("version", ServiceKind::Git, serde_json::json!({ "number": number }));
    let provider = |id: &str, number| (id.to_string(), made(number), ProviderConfig::default());
    let mosaic = Orchestrator::builder()
        .factories([Box::new(Versions(Arc::clone(&bench))) as Box<dyn Factory>])
        .build()
        .await
        .unwrap();
    let first = [provider("stays", 1), provider("changes", 2), provider("goes", 3)];
    mosaic.apply(Change::new().exactly(first).rules(to("stays"))).await.unwrap();
    bench.taken();
    let second = [provider("stays", 1), provider("changes", 4), provider("comes", 5)];
    mosaic.apply(Change::new().exactly(second.clone())).await.unwrap().settled().await;
    let mut log = bench.taken();
    log.sort();
    assert_eq!(
        log,
        ["2 dispose", "2 stop", "3 dispose", "3 stop", "4 initialize", "4 start", "5 initialize", "5 start"]
    );
    let status = mosaic.status();
    let now: Vec<_> = status.providers.iter().map(|one| (one.id.as_str(), one.generation)).collect();
    assert_eq!(now, [("stays", 1), ("changes", 2), ("comes", 1)]);
    assert!(mosaic.apply(Change::new().exactly(second)).await.unwrap().settled().await.is_empty());
    assert!(bench.taken().is_empty(), "the same once more is no change");
    assert_eq!((version(&mosaic).await.as_str(), bench.violations.load(Ordering::SeqCst)), ("v1", 0));
    // Once more from the same configuration.
    mosaic.apply(Change::new().remake("stays")).await.unwrap().settled().await;
    assert_eq!(bench.taken(), ["1 initialize", "1 start", "1 stop", "1 dispose"]);
}
