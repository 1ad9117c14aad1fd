//! Calls in a vendor's own words: to one provider only, never to another, and over the same path as every other call.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::engine::ProviderConfig;
use mosaic_core::engine::breaker::{BreakerConfig, BreakerState};
use mosaic_core::engine::limit::LimitsConfig;
use mosaic_core::engine::route::Rule;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::git::{GetRepository, GitService};
use mosaic_core::op::vendor::{OfGit, VendorRead, VendorWrite};
use mosaic_core::op::{CacheState, Caller, OpSet, Operation, Via, catalogue};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::ports::{AuditRecord, AuditSink};
use mosaic_core::testkit::{Double, Fault};
use mosaic_core::types::git::Repository;
use mosaic_core::types::vendor::{About, ApiPath, VendorAnswer, VendorMethod};
use mosaic_core::types::{ProviderId, RepoRef, ServiceKind};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{config, get, pair, pair_with, single};

/// A forge that answers what it was asked.
fn forge() -> Double {
    Double::new()
        .answer(|op: &VendorRead<OfGit>| {
            Ok(VendorAnswer::new(200u16, json!({ "path": op.path, "query": op.query })))
        })
        .answer(|op: &VendorWrite<OfGit>| {
            Ok(VendorAnswer::new(201u16, json!({ "method": op.method, "path": op.path, "body": op.body })))
        })
        .answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")))
}

fn widget() -> RepoRef {
    RepoRef::new("acme", "widget")
}

#[tokio::test(start_paused = true)]
async fn they_go_where_they_are_pinned_with_what_they_were_given() {
    let (a, b) = (forge(), forge());
    let mosaic = pair(&a, &b).build().await.unwrap();
    let vendor = mosaic.vendor("b").unwrap();
    let read = vendor.git().query("page", 2).read("/repos/acme/widget/topics").await.unwrap();
    assert_eq!(read.provider().map(ProviderId::as_str), Some("b"));
    assert_eq!((read.status, read.cache()), (200, CacheState::Bypass));
    assert_eq!(read.body, json!({ "path": "/repos/acme/widget/topics", "query": { "page": "2" } }));
    let words = json!({ "names": ["tools"] });
    for (method, answer) in [
        ("POST", vendor.git().post("/x", words.clone()).await),
        ("PUT", vendor.git().put("/x", words.clone()).await),
        ("PATCH", vendor.git().patch("/x", words.clone()).await),
    ] {
        assert_eq!(answer.unwrap().body, json!({ "method": method, "path": "/x", "body": words }));
    }
    let deleted = vendor.git().delete("/x").await.unwrap();
    assert_eq!(deleted.body, json!({ "method": "DELETE", "path": "/x", "body": null }));
    assert_eq!((a.seen(), b.seen()), (0, 5));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_not_pinned_is_refused_and_says_how() {
    let a = forge();
    let mosaic = single(&a, config()).build().await.unwrap();
    let path = || ApiPath::new("/x").unwrap();
    let read = mosaic.git().vendor_read(VendorRead::new(path())).await.map(drop);
    let write = mosaic.git().vendor_write(VendorWrite::new(VendorMethod::Post, path())).await.map(drop);
    let named =
        mosaic.call_json(&CallContext::new(), "git.vendor_read", json!({ "path": "/x" })).await.map(drop);
    for error in [read, write, named].map(Result::unwrap_err) {
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Invalid, Outcome::NotMade));
        assert!(error.message().contains("vendor(") && error.message().contains("pinned_to"), "{error}");
    }
    assert_eq!(a.seen(), 0);
    let cx = CallContext::new().pinned_to(ProviderId::new("a").unwrap());
    Via(mosaic).vendor_read(&cx, VendorRead::new(path())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn they_are_repeated_where_that_is_harmless_and_never_move() {
    let (a, b) = (forge(), forge());
    let breaker = BreakerConfig { failures_in_a_row: 100, failure_percent: 101, ..BreakerConfig::default() };
    let mosaic = pair_with(&a, &b, ProviderConfig { breaker, ..config() }).build().await.unwrap();
    a.plan(|_, _| Some(Fault::DisconnectAfter));
    let vendor = mosaic.vendor("a").unwrap();
    let error = vendor.git().read("/x").await.unwrap_err();
    assert_eq!((error.kind(), a.seen()), (ErrorKind::Network, 3));
    let error = vendor.git().put("/x", json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome(), a.seen()), (ErrorKind::Network, Outcome::Unknown, 4));
    a.plan(|_, _| Some(Fault::DisconnectBefore));
    vendor.git().post("/x", json!({})).await.unwrap_err();
    assert_eq!((a.seen(), b.seen()), (7, 0), "what was certainly not sent is sent again, to the same");
}

#[tokio::test(start_paused = true)]
async fn paths_that_lead_elsewhere_do_not_leave() {
    let a = forge();
    let mosaic = single(&a, config()).build().await.unwrap();
    let vendor = mosaic.vendor("a").unwrap();
    for bad in ["", "x", "/../x", "/%2e%2e/x", "//example.org", "https://example.org/x", "/x?y=1"] {
        let error = vendor.git().read(bad).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
        let cx = CallContext::new().pinned_to(ProviderId::new("a").unwrap());
        let named = mosaic.call_json(&cx, "git.vendor_read", json!({ "path": bad })).await.map(drop);
        assert_eq!(named.unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
    }
    assert_eq!(a.seen(), 0);
}

#[tokio::test(start_paused = true)]
async fn rules_let_them_through_by_what_they_are_about() {
    let (a, b) = (forge(), forge());
    let builder = Orchestrator::builder().provider("a", a.clone()).provider("b", b.clone());
    let builder = builder.default_rule(Rule::any().to("a")).rule(Rule::new("org:acme").to("b"));
    let mosaic = builder.build().await.unwrap();
    let vendor = mosaic.vendor("b").unwrap();
    let error = vendor.git().read("/x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoRoute);
    assert!(error.message().contains("what it is about"), "{error}");
    vendor.git().about(widget()).read("/x").await.unwrap();
    vendor.git().about(About::org("acme")).read("/x").await.unwrap();
    assert_eq!((a.seen(), b.seen()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_write_makes_old_what_the_cache_holds_of_what_it_is_about() {
    let a = forge();
    let mosaic = single(&a, config()).build().await.unwrap();
    let cached = async || mosaic.git().get_repository(get()).await.unwrap().cache();
    assert_eq!((cached().await, cached().await), (CacheState::Miss, CacheState::Hit));
    let vendor = mosaic.vendor("a").unwrap();
    vendor.git().about(RepoRef::new("acme", "gadget")).put("/x", json!({})).await.unwrap();
    assert_eq!(cached().await, CacheState::Hit);
    vendor.git().about(widget()).put("/x", json!({})).await.unwrap();
    assert_eq!(cached().await, CacheState::Miss);
}

#[tokio::test(start_paused = true)]
async fn limits_and_breakers_count_them() {
    let a = forge();
    let limits = LimitsConfig { rate: Some((1, Duration::from_secs(1))), ..LimitsConfig::default() };
    let breaker = BreakerConfig { failures_in_a_row: 1, ..BreakerConfig::default() };
    let treated = ProviderConfig { limits, breaker, ..config() };
    let mosaic = single(&a, treated).build().await.unwrap();
    let vendor = mosaic.vendor("a").unwrap();
    let began = Instant::now();
    for _ in 0..3 {
        vendor.git().read("/x").await.unwrap();
    }
    assert_eq!(began.elapsed(), Duration::from_secs(2));
    a.plan(|_, _| Some(Fault::DisconnectAfter));
    vendor.git().delete("/x").await.unwrap_err();
    assert_eq!(mosaic.status().providers[0].breakers[0].1, BreakerState::Open);
    let operations = mosaic.status().operations;
    let calls = |name: &str| operations.iter().find(|one| one.operation == name).map(|one| one.calls);
    assert_eq!((calls("git.vendor_read"), calls("git.vendor_write")), (Some(3), Some(1)));
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<AuditRecord>>>);

impl AuditSink for Kept {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}

#[tokio::test(start_paused = true)]
async fn writes_are_in_the_audit_with_their_path_and_without_their_body() {
    let (a, kept) = (forge(), Kept::default());
    let mosaic = single(&a, config()).audit(kept.clone()).build().await.unwrap();
    let cx = CallContext::new().principal(Principal::application());
    let vendor = mosaic.with(cx).vendor("a").unwrap();
    let secret = json!({ "value": "hush-9f3c51d2" });
    vendor.git().about(widget()).put("/repos/acme/widget/secrets", secret).await.unwrap();
    let records = std::mem::take(&mut *kept.0.lock().unwrap());
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].operation, "git.vendor_write");
    assert_eq!(records[0].subject, "acme/widget:/repos/acme/widget/secrets");
    assert!(!format!("{records:?}").contains("hush"));
    assert!(!format!("{:?}", a.log()[0]).contains("hush"), "nor in what is shown of the call");
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_them_says_so_and_an_unknown_one_is_named() {
    let bare = Double::new().answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")));
    let mosaic = pair_with(&bare, &forge(), config()).build().await.unwrap();
    let error = mosaic.vendor("a").unwrap().git().read("/x").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::NoRoute), "{error}");
    assert_eq!(bare.seen(), 0);
    let mosaic: Orchestrator =
        Orchestrator::builder().provider("github-main", forge()).build().await.unwrap();
    let error = mosaic.vendor("github-mian").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().contains("github-main"), "{error}");
}

#[test]
fn each_family_has_both_and_no_set_of_a_family_has_them_unasked() {
    for service in ServiceKind::ALL {
        let calls: Vec<_> =
            catalogue().service(service).map(|def| def.meta).filter(|meta| meta.vendor).collect();
        let methods: Vec<_> = calls.iter().map(|meta| meta.method).collect();
        assert_eq!(methods, ["vendor_read", "vendor_write"], "{service}");
        assert!(
            calls.iter().all(|meta| !OpSet::service(service).has(meta) && OpSet::vendor(service).has(meta))
        );
        assert!(calls[0].effect.is_read() && calls[0].freshness().is_none());
        // A write in a vendor's own words may change whatever answers of the family depend on.
        let depends = catalogue().service(service).flat_map(|def| def.meta.tags);
        assert!(depends.into_iter().all(|noun| calls[1].invalidates.contains(noun)), "{service}");
    }
    assert_eq!(<VendorRead<OfGit> as Operation>::META.name, "git.vendor_read");
}
