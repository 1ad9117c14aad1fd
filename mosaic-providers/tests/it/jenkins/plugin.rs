//! The plugin itself: what it declares, bears and hides, and how it is made.

use std::sync::Arc;

use mosaic_core::error::ErrorKind;
use mosaic_core::op::VendorRead;
use mosaic_core::op::cicd::{CicdService as _, CreatePipeline, TriggerRun};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::http::Auth;
use mosaic_providers::jenkins::JenkinsCi;
use serde_json::{Value, json};

use super::{Ground, config, cx, hello, widget};
use crate::fake::http::router;
use crate::support::faults::{Fault, Faults};
use crate::support::hardship::{self, Call};
use crate::support::secrets::{self, MARK};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_it_declares() {
    for calls in [false, true] {
        let ground = Ground::open().await;
        let ci = JenkinsCi::new(ground.config("token-of-ada").vendor_calls(calls)).unwrap();
        honesty(Arc::new(ci), || ground.server.count() as u64).await.unwrap();
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let ground = Ground::open().await;
    let read = || VendorRead::<OfCicd>::new("/me/api/json".parse().unwrap());
    assert_eq!(ground.ci().vendor_read(&cx(), read()).await.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(ground.server.count(), 0);
    let ci = JenkinsCi::new(ground.config("token-of-ada").vendor_calls(true)).unwrap();
    let answer = ci.vendor_read(&cx(), read()).await.unwrap();
    assert_eq!((answer.status, answer.body["id"].as_str()), (200, Some("ada")));
}

#[tokio::test]
async fn health_says_whether_the_credentials_are_accepted() {
    let faults = Faults::default();
    let ground = Ground::with(|router| faults.before(router)).await;
    assert_eq!(ground.ci().health().await.status, HealthStatus::Healthy);
    assert_eq!(ground.server.last().path(), "/me/api/json");
    let stranger = JenkinsCi::new(ground.config("unknown")).unwrap();
    assert_eq!(stranger.health().await.status, HealthStatus::Unhealthy);
    faults.next(Fault::status(429).header("retry-after", "7"));
    assert_eq!(ground.ci().health().await.status, HealthStatus::Degraded);
    faults.clear();
    // A page for people is no Jenkins.
    faults.next(Fault::html(200));
    assert_eq!(ground.ci().health().await.status, HealthStatus::Unhealthy);
    faults.clear();
    faults.next(Fault::json(200, r#"{"mode":"NORMAL"}"#));
    let nobody = JenkinsCi::new(ground.config("x").auth(Auth::None)).unwrap();
    assert_eq!(nobody.health().await.status, HealthStatus::Healthy);
    assert_eq!(ground.server.last().path(), "/api/json");
}

#[tokio::test]
async fn the_factory_makes_it_and_names_the_wrong_field() {
    let made = mosaic_providers::factories();
    let factory = made.iter().find(|factory| factory.provider() == "jenkins").unwrap();
    assert_eq!(factory.service(), ServiceKind::Cicd);
    let create =
        async |config: Value| factory.create(FactoryInput::new(ProviderId::new("ci").unwrap(), config)).await;
    let auth = json!({ "type": "basic", "user": "ada", "password": MARK });
    let good = json!({ "baseUrl": "https://ci.example.org", "auth": auth });
    assert_eq!(create(good.clone()).await.unwrap().info().name, "jenkins");
    for (field, value) in [
        ("baseUrl", json!("ci.example.org")),
        ("folder", json!("a//b")),
        ("pollMs", json!(0)),
        ("auth", json!({ "type": "basic", "user": "ada", "password": MARK, "more": MARK })),
        ("unknown", json!(MARK)),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let error = create(bad).await.map(|plugin| plugin.info().name.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{field}: {error}");
        secrets::assert_errors_hidden(&[error]);
    }
    secrets::assert_debug_hidden("a configuration", &config("http://127.0.0.1", MARK));
    secrets::assert_debug_hidden("a plugin", &JenkinsCi::new(config("http://127.0.0.1", MARK)).unwrap());
}

async fn make(origin: String) -> Arc<dyn Plugin> {
    Arc::new(JenkinsCi::new(config(&origin, MARK)).unwrap())
}

/// A call of a Jenkins that knows the marked credential and has a build that ended.
async fn call(operation: &'static str, more: Value) -> Call {
    let ground = Ground::open().await;
    ground.forge.grant(MARK, "ada");
    let ci = ground.ci();
    ci.create_pipeline(&cx(), CreatePipeline::of(widget(), "build", hello())).await.unwrap();
    ci.trigger_run(&cx(), TriggerRun::of(widget(), "build")).await.unwrap();
    for repo in ground.forge.repos() {
        while ground.forge.runs(repo.id).iter().any(|run| !run.state.is_final()) {}
    }
    let mut params = match operation {
        "cicd.vendor_write" => json!({}),
        _ => json!({ "repo": { "owner": "acme", "name": "widget" } }),
    };
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    Call::new(operation, params, router(Arc::clone(&ground.jenkins)))
}

#[tokio::test]
async fn every_hardship_is_borne_and_no_credential_shows() {
    let watch = secrets::Watch::begin();
    for (operation, more) in [
        ("cicd.get_run", json!({ "run": "build/1" })),
        ("cicd.list_runs", json!({})),
        ("cicd.list_pipelines", json!({})),
        ("cicd.job_log", json!({ "run": "build/1", "job": "build" })),
    ] {
        let errors = hardship::run(make, call(operation, more).await).await;
        secrets::assert_errors_hidden(&errors);
    }
    watch.assert_hidden();
}

#[tokio::test]
async fn a_write_bears_every_hardship() {
    let params = json!({ "path": "/job/acme/job/widget/job/build/build", "method": "POST" });
    let make = async |origin: String| {
        Arc::new(JenkinsCi::new(config(&origin, MARK).vendor_calls(true)).unwrap()) as Arc<dyn Plugin>
    };
    let call = call("cicd.vendor_write", params).await.without_body();
    secrets::assert_errors_hidden(&hardship::run(make, call).await);
}

#[tokio::test]
async fn a_trigger_bears_every_hardship_of_its_write() {
    let call = call("cicd.trigger_run", json!({ "pipeline": "build" })).await;
    let call = call.at("/job/acme/job/widget/job/build/build").without_body();
    secrets::assert_errors_hidden(&hardship::run(make, call).await);
}
