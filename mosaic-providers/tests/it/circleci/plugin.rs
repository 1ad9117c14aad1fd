//! The plugin itself: what it declares, bears and hides, and how it is made.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::{CicdService as _, TriggerRun};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{VendorRead, VendorWrite};
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::testkit::suite::cicd::{Draft, Step};
use mosaic_core::types::vendor::VendorMethod;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::circleci::CircleCi;
use mosaic_providers::http::Auth;
use serde_json::{Value, json};

use super::{Ground, config, hello, prepare};
use crate::fake::circleci::{self, Store};
use crate::fake::http::router;
use crate::support::faults::{Fault, Faults};
use crate::support::hardship::{self, Call};
use crate::support::secrets::{self, MARK};
use crate::support::serve::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_it_declares() {
    for (calls, parameter) in [(false, false), (true, true)] {
        let ground = Ground::with(
            |router| router,
            |config| match parameter {
                true => config.vendor_calls(calls).pipeline_parameter("pipeline"),
                false => config.vendor_calls(calls),
            },
        )
        .await;
        let Ground { server, ci, .. } = ground;
        honesty(Arc::new(ci), || server.count() as u64).await.unwrap();
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let ground = Ground::open().await;
    let cx = CallContext::new();
    let read = || VendorRead::<OfCicd>::new("/v2/project/gh%2Facme%2Fwidget".parse().unwrap());
    assert_eq!(ground.ci.vendor_read(&cx, read()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(ground.server.count(), 0);
    let ground = Ground::with(|router| router, |config| config.vendor_calls(true)).await;
    let answer = ground.ci.vendor_read(&cx, read()).await.unwrap();
    assert_eq!((answer.status, answer.body["slug"].as_str()), (200, Some("gh/acme/widget")));
    let path = "/v2/project/gh%2Facme%2Fwidget/pipeline".parse().unwrap();
    let write = VendorWrite::<OfCicd>::new(VendorMethod::Post, path).body(json!({ "branch": "main" }));
    let answer = ground.ci.vendor_write(&cx, write).await.unwrap();
    assert_eq!((answer.status, answer.body["state"].as_str()), (201, Some("pending")));
}

#[tokio::test]
async fn health_says_whether_the_credentials_are_accepted() {
    let faults = Faults::default();
    let ground = Ground::with(|router| faults.before(router), |config| config).await;
    assert_eq!(ground.ci.health().await.status, HealthStatus::Healthy);
    assert_eq!(ground.server.last().path(), "/api/v2/me");
    assert_eq!(ground.server.last().header("circle-token"), "token-of-ada");
    faults.next(Fault::status(429).header("retry-after", "7"));
    assert_eq!(ground.ci.health().await.status, HealthStatus::Degraded);
    faults.clear();
    let other = |auth: Auth| {
        let mut config = config(&ground.server.url(), "unknown");
        config.auth = auth;
        CircleCi::new(config).unwrap()
    };
    assert_eq!(other(Auth::token("unknown")).health().await.status, HealthStatus::Unhealthy);
    assert_eq!(other(Auth::None).health().await.status, HealthStatus::Healthy);
    assert_eq!(ground.server.last().header("circle-token"), "");
}

#[tokio::test]
async fn the_factory_makes_it_and_names_the_wrong_field() {
    let made = mosaic_providers::factories();
    let factory = made.iter().find(|factory| factory.provider() == "circleci").unwrap();
    assert_eq!(factory.service(), ServiceKind::Cicd);
    let create =
        async |config: Value| factory.create(FactoryInput::new(ProviderId::new("ci").unwrap(), config)).await;
    let good = json!({ "auth": { "type": "token", "token": MARK } });
    assert_eq!(create(good.clone()).await.unwrap().info().name, "circleci");
    for (field, value) in [
        ("baseUrl", json!("https://circleci.com/api/v2")),
        ("project", json!("{name}")),
        ("parameterTypes", json!({ "deploy": "bool" })),
        ("artifactHosts", json!(["*.example.org"])),
        ("pollMs", json!(0)),
        ("auth", json!({ "type": "token", "token": MARK, "more": MARK })),
        ("unknown", json!(MARK)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let error = create(bad).await.map(|plugin| plugin.info().name.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{field}: {error}");
        secrets::assert_errors_hidden(&[error]);
    }
    secrets::assert_debug_hidden("a configuration", &config("http://127.0.0.1", MARK));
    secrets::assert_debug_hidden("a plugin", &CircleCi::new(config("http://127.0.0.1", MARK)).unwrap());
}

async fn make(origin: String) -> Arc<dyn Plugin> {
    Arc::new(CircleCi::new(config(&origin, MARK)).unwrap())
}

/// A call of a service that knows the marked credential, about a run that has ended.
async fn call(operation: &'static str, more: Value) -> (Call, Server) {
    let ground = Ground::open().await;
    ground.forge.grant(MARK, "ada");
    let job = hello().step(Step::LeaveFile { path: "a.txt".into(), content: "text".into() });
    prepare(&ground.forge, ground.repo, "lid", &Draft::of(job)).await;
    let op = TriggerRun::new("acme", "widget", "circleci").at("lid");
    let run = ground.ci.trigger_run(&CallContext::new(), op).await.unwrap();
    while ground.forge.runs(ground.repo).iter().any(|run| !run.state.is_final()) {}
    let mut params = json!({ "repo": { "owner": "acme", "name": "widget" } });
    if operation != "cicd.trigger_run" && operation != "cicd.list_runs" {
        params["run"] = run.id.into();
    }
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    let circle = circleci::CircleCi::new(&ground.forge);
    let store = Server::start(router(Store::new(&ground.forge))).await;
    circle.keeps_at(store.url());
    (Call::new(operation, params, router(circle)), store)
}

#[tokio::test]
async fn every_hardship_is_borne_and_no_credential_shows() {
    let watch = secrets::Watch::begin();
    for (operation, more) in [
        ("cicd.get_run", json!({})),
        ("cicd.list_runs", json!({})),
        ("cicd.list_jobs", json!({})),
        ("cicd.trigger_run", json!({ "pipeline": "circleci", "at": "lid" })),
    ] {
        let (call, _store) = call(operation, more).await;
        secrets::assert_errors_hidden(&hardship::run(make, call).await);
    }
    watch.assert_hidden();
}

#[tokio::test]
async fn a_download_bears_every_hardship() {
    let watch = secrets::Watch::begin();
    let (call, _store) = call("cicd.download_artifact", json!({ "file": "a.txt" })).await;
    secrets::assert_errors_hidden(&hardship::run(make, call).await);
    watch.assert_hidden();
}
