//! The plugin itself: what it declares, how it feels, calls in the vendor's own words, lists over several pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::{
    CicdService as _, GetRun, ListArtifacts, ListJobs, ListPipelines, ListRuns, RerunRun, TriggerRun,
};
use mosaic_core::op::vendor::OfCicd;
use mosaic_core::op::{Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::vendor::VendorMethod;
use mosaic_core::types::{PageRequest, ProviderId, ServiceKind};
use mosaic_providers::github::GitHubActions;
use mosaic_providers::http::Auth;
use serde_json::json;

use super::{Ground, config, config_of, widget};
use crate::support::builds::{pages, prints};
use crate::support::faults::{Fault, Faults};
use crate::support::secrets::{self, MARK};
use crate::support::serve::Server;

fn cx() -> CallContext {
    CallContext::new()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_it_declares() {
    for calls in [false, true] {
        let ground = Ground::open().await;
        let ci = GitHubActions::new(config(&ground.server.url()).vendor_calls(calls)).unwrap();
        assert_eq!(ci.info().operations.has(VendorRead::<OfCicd>::META), calls);
        honesty(Arc::new(ci), || ground.server.count() as u64).await.unwrap();
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let ground = Ground::open().await;
    let read = || VendorRead::<OfCicd>::new("/repos/acme/widget/actions/workflows".parse().unwrap());
    let refused = ground.ci.vendor_read(&cx(), read()).await.unwrap_err();
    assert_eq!((refused.kind(), ground.server.count()), (ErrorKind::Unsupported, 0));
    let ci = GitHubActions::new(config(&ground.server.url()).vendor_calls(true)).unwrap();
    ground.workflow("build.yml", &Draft::of(prints("one", "hello")), None).await;
    let answer = ci.vendor_read(&cx(), read()).await.unwrap();
    assert_eq!((answer.status, &answer.body["total_count"]), (200, &json!(1)));
    let path = "/repos/acme/widget/actions/workflows/build.yml/dispatches".parse().unwrap();
    let write = VendorWrite::<OfCicd>::new(VendorMethod::Post, path).body(json!({ "ref": "main" }));
    assert_eq!(ci.vendor_write(&cx(), write).await.unwrap().status, 204);
    assert_eq!(ground.hub.forge().runs(ground.repo).len(), 1);
}

#[tokio::test]
async fn health_says_what_is_left() {
    let ground = Ground::open().await;
    assert_eq!(ground.ci.health().await.status, HealthStatus::Healthy);
    assert_eq!(ground.server.last().path(), "/rate_limit");
    ground.hub.meter().set_remaining(10);
    assert_eq!(ground.ci.health().await.status, HealthStatus::Degraded);
    let stranger = GitHubActions::new(config_of(&ground.server.url(), "unknown")).unwrap();
    assert_eq!(stranger.health().await.status, HealthStatus::Unhealthy);
    assert!(
        ground
            .ci
            .metrics()
            .iter()
            .any(|measure| measure.name == "http_requests_total" && measure.value >= 2.0)
    );
}

#[tokio::test]
async fn the_factory_says_what_does_not_fit() {
    let made = mosaic_providers::factories();
    let mut fitting =
        made.iter().filter(|made| (made.provider(), made.service()) == ("github", ServiceKind::Cicd));
    let factory = fitting.next().unwrap();
    let auth = json!({ "type": "token", "token": MARK });
    let input = |config| FactoryInput::new(ProviderId::new("builds").unwrap(), config);
    let plugin = factory.create(input(json!({ "auth": auth }))).await.unwrap();
    assert_eq!(plugin.info().name, "github");
    for actions in [json!({ "pollMs": 0 }), json!({ "correlationInput": "" }), json!({ "poll": 1 })] {
        let config = json!({ "auth": auth, "actions": actions });
        let error = factory.create(input(config)).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{actions}: {error}");
        secrets::assert_errors_hidden(&[error]);
    }
}

#[tokio::test]
async fn everybody_starts_runs_with_credentials_of_their_own() {
    let ground = Ground::open().await;
    let identities = config(&ground.server.url()).identity("bob", Auth::token("token-of-bob"));
    let ci = GitHubActions::new(identities).unwrap();
    ground.workflow("build.yml", &Draft::of(prints("one", "hello")), None).await;
    let bob = cx().principal(Principal::user("bob").with_credential("bob"));
    for (cx, who) in [(cx(), "ada"), (bob, "bob")] {
        let run = ci.trigger_run(&cx, TriggerRun::of(widget(), "build.yml")).await.unwrap();
        let run = ground.hub.forge().run(ground.repo, run.id.parse().unwrap()).unwrap();
        assert_eq!(run.actor, who);
    }
}

#[tokio::test]
async fn lists_go_on_over_pages() {
    let ground = Ground::open().await;
    ground.hub.meter().set_remaining(1_000_000);
    let jobs = (0..7).map(|at| {
        JobDraft::new(format!("job-{at}"))
            .step(Step::LeaveFile { path: format!("file-{at}.txt"), content: at.to_string() })
    });
    let draft = jobs.fold(Draft::of(prints("first", "hello")), Draft::job);
    for file in ["a.yml", "b.yml", "c.yml", "d.yml", "e.yml"] {
        ground.workflow(file, &draft, None).await;
    }
    let mut runs = Vec::new();
    for _ in 0..7 {
        runs.push(ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "a.yml")).await.unwrap().id);
    }
    runs.reverse();
    for _ in 0..20 {
        ground.hub.forge().advance_runs();
    }
    let (ci, run) = (&ground.ci, runs[0].as_str());
    let list = |page: PageRequest| ListRuns::of(widget()).page(page);
    let found = pages(3, async |page| ci.list_runs(&cx(), list(page)).await).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(found.concat().into_iter().map(|run| run.id).collect::<Vec<_>>(), runs);
    // A filter that the server lacks is applied here, over whole pages.
    ground.server.forget();
    let ended = pages(3, async |page| ci.list_runs(&cx(), list(page).state(RunState::Succeeded)).await).await;
    assert_eq!(ended.concat().into_iter().map(|run| run.id).collect::<Vec<_>>(), runs);
    assert!(ground.server.seen().iter().all(|seen| seen.query().contains("per_page=100")));
    let found =
        pages(2, async |page| ci.list_pipelines(&cx(), ListPipelines::of(widget()).page(page)).await).await;
    assert_eq!(
        found.concat().iter().map(|found| found.id.as_str()).collect::<Vec<_>>(),
        ["a.yml", "b.yml", "c.yml", "d.yml", "e.yml"]
    );
    let found =
        pages(3, async |page| ci.list_jobs(&cx(), ListJobs::of(widget(), run).page(page)).await).await;
    assert_eq!(found.concat().iter().map(|job| job.id.as_str()).collect::<BTreeSet<_>>().len(), 8);
    let found =
        pages(4, async |page| ci.list_artifacts(&cx(), ListArtifacts::of(widget(), run).page(page)).await)
            .await;
    let names: Vec<_> = found.concat().into_iter().map(|artifact| artifact.name).collect();
    assert_eq!(names, (0..7).map(|at| format!("file-{at}.txt")).collect::<Vec<_>>());
    let first = ci.list_runs(&cx(), list(PageRequest::first(3))).await.unwrap();
    let other = ListRuns::of(widget()).pipeline("a.yml").page(PageRequest::first(3).at(first.next.unwrap()));
    assert_eq!(ci.list_runs(&cx(), other).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn all_jobs_are_repeated_or_those_that_failed() {
    let ground = Ground::open().await;
    let draft = Draft::of(prints("good", "hello")).job(JobDraft::new("bad").step(Step::Exit(3)));
    ground.workflow("build.yml", &draft, None).await;
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "build.yml")).await.unwrap();
    let early = ground.ci.rerun_run(&cx(), RerunRun::of(widget(), run.id.as_str())).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Conflict);
    let mut ends = Vec::new();
    for (failed_only, attempt) in [(false, 2), (true, 3)] {
        let get = GetRun::of(widget(), run.id.as_str());
        while !ground.ci.get_run(&cx(), get.clone()).await.unwrap().state.is_final() {}
        let op = RerunRun::of(widget(), run.id.as_str()).failed_only(failed_only);
        let again = ground.ci.rerun_run(&cx(), op).await.unwrap();
        assert_eq!((again.id.as_str(), again.attempt), (run.id.as_str(), Some(attempt)));
        let posts = ground.server.seen();
        ends.push(
            posts
                .iter()
                .rfind(|seen| seen.method == "POST")
                .unwrap()
                .path()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(ends, ["rerun", "rerun-failed-jobs"]);
}

#[tokio::test]
async fn a_repetition_that_cannot_be_read_yet_was_asked_for() {
    let ground = Ground::open().await;
    ground.workflow("build.yml", &Draft::of(prints("one", "hello")), None).await;
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "build.yml")).await.unwrap();
    while !ground.ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap().state.is_final() {}
    let faults = Faults::default();
    let server = Server::start(faults.before(ground.hub.router())).await;
    let ci = GitHubActions::new(config(&server.url())).unwrap();
    let path = format!("/repos/acme/widget/actions/runs/{}", run.id);
    // What is read before goes well; nothing can be read afterwards.
    let now = ground.hub.forge().run(ground.repo, run.id.parse().unwrap()).unwrap();
    let ended = json!({ "id": now.id, "status": "completed", "conclusion": "success", "run_attempt": 1, "head_sha": now.commit });
    faults.next_on(axum::http::Method::GET, &path, Fault::json(200, ended.to_string()));
    for _ in 0..8 {
        faults.next_on(axum::http::Method::GET, &path, Fault::status(502));
    }
    let again = ci.rerun_run(&cx(), RerunRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!((again.state, again.attempt), (RunState::Queued, Some(2)));
    assert_eq!(ground.hub.forge().run(ground.repo, now.id).unwrap().attempt, 2);
}

#[tokio::test]
async fn a_renamed_repository_is_found_under_its_old_name() {
    let ground = Ground::open().await;
    ground.workflow("build.yml", &Draft::of(prints("one", "hello")), None).await;
    ground.hub.forge().move_repo(ground.repo, "acme", "gadget").unwrap();
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "build.yml").at("main")).await.unwrap();
    assert_eq!(ground.hub.forge().runs(ground.repo).len(), 1, "it was started once");
    let again = ground.ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!(again.id, run.id);
}
