//! The plugin itself: what it declares, how it feels, calls in the vendor's own words, lists over several pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::{CicdService as _, ListJobs, ListRuns, RerunRun, TriggerRun};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{VendorRead, VendorWrite};
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::vendor::VendorMethod;
use mosaic_core::types::{PageRequest, ProviderId};
use mosaic_providers::http::Auth;
use serde_json::json;

use super::{Ground, widget};
use crate::support::builds::{pages, prints};
use crate::support::faults::Fault;
use crate::support::secrets::{self, MARK};

fn cx() -> CallContext {
    CallContext::new()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_it_declares() {
    for (calls, variable) in [(false, false), (true, false), (true, true)] {
        let ground = Ground::open().await;
        let ci = ground.other(|config| {
            let config = config.vendor_calls(calls);
            if variable { config.pipeline_variable("PIPELINE") } else { config }
        });
        honesty(Arc::new(ci), || ground.server.count() as u64).await.unwrap();
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let ground = Ground::open().await;
    let read = || VendorRead::<OfCicd>::new("/user".parse().unwrap());
    let refused = ground.ci.vendor_read(&cx(), read()).await.unwrap_err();
    assert_eq!((refused.kind(), ground.server.count()), (ErrorKind::Unsupported, 0));
    let ci = ground.other(|config| config.vendor_calls(true));
    let answer = ci.vendor_read(&cx(), read()).await.unwrap();
    assert_eq!((answer.status, &answer.body["login"]), (200, &json!("ada")));
    ground.commit(&Draft::of(prints("one", "hello"))).await;
    let path = format!("/repos/{}/pipelines", ground.repo).parse().unwrap();
    let write = VendorWrite::<OfCicd>::new(VendorMethod::Post, path).body(json!({ "branch": "main" }));
    assert_eq!(ci.vendor_write(&cx(), write).await.unwrap().body["status"], "pending");
}

#[tokio::test]
async fn health_says_whether_the_credentials_are_accepted() {
    let ground = Ground::open().await;
    assert_eq!(ground.ci.health().await.status, HealthStatus::Healthy);
    assert_eq!(ground.server.last().path(), "/api/user");
    let stranger = ground.other(|config| config.auth(Auth::token("unknown")));
    assert_eq!(stranger.health().await.status, HealthStatus::Unhealthy);
    let nobody = ground.other(|config| config.auth(Auth::None));
    assert_eq!(nobody.health().await.status, HealthStatus::Healthy);
    ground.faults.next(Fault::status(429).header("retry-after", "7"));
    assert_eq!(ground.ci.health().await.status, HealthStatus::Degraded);
    ground.faults.next(Fault::html(502));
    assert_eq!(nobody.health().await.status, HealthStatus::Unhealthy);
}

#[tokio::test]
async fn the_factory_says_what_does_not_fit() {
    let made = mosaic_providers::factories();
    let factory = made.iter().find(|made| made.provider() == "woodpecker").unwrap();
    let input = |config| FactoryInput::new(ProviderId::new("builds").unwrap(), config);
    let auth = json!({ "type": "token", "token": MARK });
    let good = json!({ "baseUrl": "https://ci.example.org/api", "auth": auth });
    let plugin = factory.create(input(good.clone())).await.unwrap();
    assert_eq!(plugin.info().name, "woodpecker");
    let odd = [
        ("baseUrl", json!("ci.example.org")),
        ("pollMs", json!(0)),
        ("pipelineVariable", json!("")),
        ("poll", json!(1)),
    ];
    for (field, value) in odd {
        let mut bad = good.clone();
        bad[field] = value;
        let error = factory.create(input(bad)).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{field}: {error}");
        secrets::assert_errors_hidden(&[error]);
    }
}

#[tokio::test]
async fn lists_go_on_over_pages() {
    let ground = Ground::open().await;
    let good = Draft::of(prints("one", "hello"));
    let mut runs = vec![ground.start(&good).await.id];
    for _ in 0..6 {
        runs.push(ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "woodpecker")).await.unwrap().id);
    }
    runs.reverse();
    let list = |page: PageRequest| ListRuns::of(widget()).page(page);
    let found = pages(3, async |page| ground.ci.list_runs(&cx(), list(page)).await).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(found.concat().into_iter().map(|run| run.id).collect::<Vec<_>>(), runs);
    for _ in 0..30 {
        ground.forge.advance_runs();
    }
    // A state of one word is asked for; of one with several, whole pages are searched.
    for (state, count, query) in [
        (RunState::Succeeded, 7, "page=1&perPage=2&status=success"),
        (RunState::Failed, 0, "page=1&perPage=50"),
    ] {
        ground.server.forget();
        let found = pages(2, async |page| ground.ci.list_runs(&cx(), list(page).state(state)).await).await;
        assert_eq!((found.concat().len(), ground.server.seen()[0].query()), (count, query));
    }
    let seven = (1..=7).map(|at| prints(&format!("job-{at}"), "hello"));
    let run = ground.start(&seven.fold(Draft::of(prints("job-0", "hello")), Draft::job)).await;
    let found = pages(3, async |page| {
        ground.ci.list_jobs(&cx(), ListJobs::of(widget(), run.id.as_str()).page(page)).await
    });
    let names: BTreeSet<_> = found.await.concat().into_iter().map(|job| job.name).collect();
    assert_eq!(names.into_iter().filter(|name| name.starts_with("job-")).count(), 8);
    let first = ground.ci.list_runs(&cx(), list(PageRequest::first(3))).await.unwrap();
    let other = ListRuns::of(widget()).reference("main").page(PageRequest::first(3).at(first.next.unwrap()));
    assert_eq!(ground.ci.list_runs(&cx(), other).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_variable_carries_the_name_of_the_pipeline() {
    let ground = Ground::open().await;
    ground.commit(&Draft::of(JobDraft::new("one").step(Step::PrintInput("PIPELINE".into())))).await;
    let ci = ground.other(|config| config.pipeline_variable("PIPELINE"));
    let start = |name: &str| TriggerRun::of(widget(), name);
    for name in ["release", "nightly", "release"] {
        let run = ci.trigger_run(&cx(), start(name)).await.unwrap();
        assert_eq!(run.pipeline.as_deref(), Some(name));
    }
    let listed = ci.list_runs(&cx(), ListRuns::of(widget()).pipeline("release")).await.unwrap().items;
    assert_eq!(listed.len(), 2);
    let again = start("release").inputs([("PIPELINE".to_owned(), "nightly".to_owned())]);
    ground.server.forget();
    let error = ci.trigger_run(&cx(), again).await.unwrap_err();
    assert_eq!((error.kind(), ground.server.count()), (ErrorKind::Invalid, 0), "{error}");
}

#[tokio::test]
async fn only_what_has_ended_is_repeated_and_only_whole() {
    let ground = Ground::open().await;
    let run = ground.start(&Draft::of(prints("one", "hello"))).await;
    let rerun = || RerunRun::of(widget(), run.id.as_str());
    let early = ground.ci.rerun_run(&cx(), rerun()).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Conflict, "{early}");
    assert_eq!(ground.forge.runs(ground.repo).len(), 1);
    for _ in 0..30 {
        ground.forge.advance_runs();
    }
    ground.server.forget();
    let some = ground.ci.rerun_run(&cx(), rerun().failed_only(true)).await.unwrap_err();
    assert_eq!((some.kind(), ground.server.count()), (ErrorKind::Unsupported, 0));
    let again = ground.ci.rerun_run(&cx(), rerun()).await.unwrap();
    assert_ne!(again.id, run.id);
    assert_eq!(ground.forge.runs(ground.repo).len(), 2);
}
