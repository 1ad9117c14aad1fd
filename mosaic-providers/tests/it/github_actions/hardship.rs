//! Everything that can go wrong on the way, and a credential that never shows.

use std::sync::Arc;

use axum::Router;
use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::{CicdService as _, ListJobs, TriggerRun};
use mosaic_core::plugin::Plugin;
use mosaic_core::testkit::suite::cicd::{Draft, Step};
use mosaic_providers::github::GitHubActions;
use serde_json::{Value, json};

use super::{Ground, config_of, widget};
use crate::support::builds::prints;
use crate::support::hardship::{Call, run};
use crate::support::secrets::{self, MARK, Watch};

/// The vendor, where Ada's credential is the marked one, and parameters for a run that has ended and its only job.
async fn vendor() -> (Router, Value) {
    let ground = Ground::open().await;
    let draft = Draft::of(
        prints("one", "hello, and more of it")
            .step(Step::LeaveFile { path: "app.txt".into(), content: "of it".into() }),
    );
    ground.workflow("build.yml", &draft, None).await;
    let cx = CallContext::new();
    let run = ground.ci.trigger_run(&cx, TriggerRun::of(widget(), "build.yml")).await.unwrap();
    for _ in 0..10 {
        ground.hub.forge().advance_runs();
    }
    let jobs = ground.ci.list_jobs(&cx, ListJobs::of(widget(), run.id.as_str())).await.unwrap();
    ground.hub.forge().grant(MARK, "ada");
    ground.hub.meter().set_remaining(1_000_000);
    (ground.hub.router(), json!({ "repo": widget(), "run": run.id, "job": jobs.items[0].id }))
}

async fn make(origin: String) -> Arc<dyn Plugin> {
    let ci = GitHubActions::new(config_of(&origin, MARK)).unwrap();
    secrets::assert_debug_hidden("the plugin", &ci);
    Arc::new(ci)
}

async fn bears(call: Call) {
    let watch = Watch::begin();
    let errors = run(make, call).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

#[tokio::test]
async fn a_read_bears_everything() {
    let (vendor, at) = vendor().await;
    bears(Call::new("cicd.get_run", json!({ "repo": at["repo"], "run": at["run"] }), vendor)).await;
}

#[tokio::test]
async fn a_list_bears_everything() {
    let (vendor, at) = vendor().await;
    bears(Call::new("cicd.list_jobs", json!({ "repo": at["repo"], "run": at["run"] }), vendor)).await;
}

#[tokio::test]
async fn a_dispatch_bears_everything() {
    let (vendor, at) = vendor().await;
    let start = json!({ "repo": at["repo"], "pipeline": "build.yml", "at": "main" });
    bears(
        Call::new("cicd.trigger_run", start, vendor)
            .at("/repos/acme/widget/actions/workflows/build.yml/dispatches"),
    )
    .await;
}

#[tokio::test]
async fn a_log_bears_everything_on_its_way() {
    let (vendor, at) = vendor().await;
    bears(Call::new("cicd.job_log", at.clone(), vendor.clone())).await;
    let place = format!("/repos/acme/widget/actions/jobs/{}/logs", at["job"].as_str().unwrap());
    bears(
        Call::new("cicd.job_log", at.clone(), vendor.clone()).at(place).patient().downloads().without_body(),
    )
    .await;
    bears(Call::new("cicd.job_log", at, vendor).at("/blobs/").patient().downloads()).await;
}

#[tokio::test]
async fn an_artifact_bears_everything_on_its_way() {
    let (vendor, at) = vendor().await;
    let file = json!({ "repo": at["repo"], "run": at["run"], "file": "app.txt" });
    bears(Call::new("cicd.download_artifact", file.clone(), vendor.clone()).at("/blobs/").downloads()).await;
    bears(
        Call::new("cicd.download_artifact", file, vendor)
            .at("/repos/acme/widget/actions/artifacts/")
            .downloads()
            .without_body(),
    )
    .await;
}
