//! What is particular to CircleCI: who gets the token, parameters, tags, definitions that are wrong, and writes that break off.

use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use futures_util::TryStreamExt as _;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, ErrorKind, Outcome};
use mosaic_core::op::cicd::*;
use mosaic_core::op::{ItemStream, Operation as _};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::cicd::{Draft, JobDraft, Step};
use mosaic_core::types::cicd::{PipelineRun, RunState};
use mosaic_core::types::{Chunk, PageRequest, RepoRef};
use mosaic_providers::circleci::{CircleCi, ParameterType};
use serde_json::{Value, json};

use super::{Ground, config, hello, prepare};
use crate::fake::forge::NewRepo;
use crate::support::serve::Server;

fn cx() -> CallContext {
    CallContext::new()
}

fn widget() -> RepoRef {
    RepoRef::new("acme", "widget")
}

async fn text(stream: ItemStream<Chunk>) -> String {
    let chunks: Vec<Chunk> = stream.try_collect().await.unwrap();
    String::from_utf8(chunks.iter().flat_map(|chunk| chunk.bytes().to_vec()).collect()).unwrap()
}

/// A run of this on a branch of its own, which has ended.
async fn ended(ground: &Ground, branch: &str, draft: Draft) -> PipelineRun {
    prepare(&ground.forge, ground.repo, branch, &draft).await;
    let op = TriggerRun::of(widget(), "circleci").at(branch);
    let run = ground.ci.trigger_run(&cx(), op).await.unwrap();
    loop {
        let now = ground.ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap();
        if now.state.is_final() {
            return now;
        }
    }
}

#[tokio::test]
async fn the_token_goes_to_hosts_of_artifacts_and_not_to_those_of_logs() {
    let ground = Ground::open().await;
    let file = Step::LeaveFile { path: "out/ä.txt".into(), content: "text".into() };
    let run = ended(&ground, "lid", Draft::of(hello().step(file))).await;
    let download = || DownloadArtifact::of(widget(), run.id.as_str(), "out/ä.txt");
    let got = ground.ci.download_artifact(&cx(), download()).await.unwrap();
    assert_eq!(text(got).await, "text");
    assert_eq!(ground.store.last().header("circle-token"), "token-of-ada");
    let jobs = ground.ci.list_jobs(&cx(), ListJobs::of(widget(), run.id.as_str())).await.unwrap();
    let op = JobLog::of(widget(), run.id.as_str(), jobs.items[0].id.as_str());
    assert_eq!(text(ground.ci.job_log(&cx(), op).await.unwrap()).await, "hello\n");
    let log = ground.store.last();
    assert!(log.path().starts_with("/output/") && log.header("circle-token").is_empty(), "{log}");
    // Somewhere else the token does not go, and the file is not had without it.
    let strict = config(&ground.server.url(), "token-of-ada").artifact_hosts(["circle-artifacts.com"]);
    let refused = CircleCi::new(strict).unwrap().download_artifact(&cx(), download()).await.map(drop);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(ground.store.last().header("circle-token"), "");
}

#[tokio::test]
async fn a_run_of_another_repository_is_not_found() {
    let ground = Ground::open().await;
    ground.forge.create_repo(NewRepo::new("acme", "gadget")).await.unwrap();
    let run = ended(&ground, "lid", Draft::of(hello())).await;
    let (repo, id) = (RepoRef::new("acme", "gadget"), run.id.as_str());
    let ci = &ground.ci;
    let kinds = [
        ci.get_run(&cx(), GetRun::of(&repo, id)).await.map(drop),
        ci.list_jobs(&cx(), ListJobs::of(&repo, id)).await.map(drop),
        ci.list_artifacts(&cx(), ListArtifacts::of(&repo, id)).await.map(drop),
        ci.cancel_run(&cx(), CancelRun::of(&repo, id)).await.map(drop),
        ci.rerun_run(&cx(), RerunRun::of(&repo, id)).await.map(drop),
        ci.job_log(&cx(), JobLog::of(&repo, id, "one")).await.map(drop),
    ]
    .map(|result| result.unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::NotFound; 6]);
    // A project that was renamed is another one.
    ground.forge.move_repo(ground.repo, "acme", "renamed").unwrap();
    let old = ci.get_run(&cx(), GetRun::of(widget(), id)).await;
    assert_eq!(old.unwrap_err().kind(), ErrorKind::NotFound);
    let there = ci.get_run(&cx(), GetRun::new("acme", "renamed", id)).await.unwrap();
    assert_eq!(there.state, RunState::Succeeded);
}

#[tokio::test]
async fn parameters_are_those_that_are_declared() {
    let change = |config: mosaic_providers::circleci::CircleCiConfig| {
        config.parameter_type("level", ParameterType::Integer)
    };
    let ground = Ground::with(|router| router, change).await;
    let draft = Draft::of(JobDraft::new("one").step(Step::PrintInput("level".into())));
    prepare(&ground.forge, ground.repo, "lid", &draft).await;
    let trigger = async |name: &str, value: &str| {
        let op = TriggerRun::of(widget(), "circleci").at("lid");
        let error = ground.ci.trigger_run(&cx(), op.inputs([(name.to_owned(), value.to_owned())])).await;
        let error = error.unwrap_err();
        (error.kind(), error.delivered(), error.message().to_owned())
    };
    let (kind, delivered, message) = trigger("other", "x").await;
    assert_eq!((kind, delivered), (ErrorKind::Invalid, Delivery::Answered));
    assert!(message.ends_with("Unexpected argument(s): other"), "{message}");
    // The definition says that it is a text.
    assert_eq!(trigger("level", "3").await.0, ErrorKind::Invalid);
    let sent = ground.server.count();
    let (kind, delivered, message) = trigger("level", "high").await;
    assert_eq!((kind, delivered), (ErrorKind::Invalid, Delivery::NotSent));
    assert!(message.contains("`level` is to be a whole number"), "{message}");
    assert_eq!(ground.server.count(), sent);
}

#[tokio::test]
async fn a_parameter_carries_the_name_of_the_pipeline() {
    let ground = Ground::with(|router| router, |config| config.pipeline_parameter("pipeline")).await;
    assert!(!ground.ci.info().operations.has(ListPipelines::META));
    let draft = Draft::of(JobDraft::new("one").step(Step::PrintInput("pipeline".into())));
    prepare(&ground.forge, ground.repo, "lid", &draft).await;
    let op = || TriggerRun::of(widget(), "release").at("lid");
    let run = ground.ci.trigger_run(&cx(), op()).await.unwrap();
    assert_eq!(ground.server.last().json()["parameters"], json!({ "pipeline": "release" }));
    assert_eq!(run.pipeline.as_deref(), Some("release"));
    let twice = op().inputs([("pipeline".to_owned(), "x".to_owned())]);
    assert_eq!(ground.ci.trigger_run(&cx(), twice).await.unwrap_err().kind(), ErrorKind::Invalid);
    let list = ground.ci.list_runs(&cx(), ListRuns::of(widget()).pipeline("release")).await;
    assert_eq!(list.unwrap_err().kind(), ErrorKind::Unsupported);
    let later = ground.ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!(later.pipeline, None, "nothing tells it any more");
}

#[tokio::test]
async fn a_definition_that_is_missing_fails_the_run_with_the_reason() {
    let ground = Ground::open().await;
    let run = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "circleci")).await.unwrap();
    let run = ground.ci.get_run(&cx(), GetRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!((run.state, run.vendor_state.as_deref()), (RunState::Failed, Some("errored")));
    assert_eq!(run.reason.as_deref(), Some("No configuration was found in your project."));
    let again = ground.ci.rerun_run(&cx(), RerunRun::of(widget(), run.id.as_str())).await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
    let cancelled = ground.ci.cancel_run(&cx(), CancelRun::of(widget(), run.id.as_str())).await.unwrap();
    assert_eq!(cancelled.state, RunState::Failed);
}

#[tokio::test]
async fn runs_are_listed_by_tag_and_commit() {
    let ground = Ground::open().await;
    let branch = ended(&ground, "lid", Draft::of(hello())).await;
    let commit = branch.commit.clone().unwrap();
    ground.forge.git(ground.repo).create_ref("refs/tags/v1", &commit).await.unwrap();
    let op = TriggerRun::of(widget(), "circleci").at("refs/tags/v1");
    let tag = ground.ci.trigger_run(&cx(), op).await.unwrap();
    assert_eq!(ground.server.last().json(), json!({ "tag": "v1" }));
    let list = async |reference: &str| {
        let op = ListRuns::of(widget()).reference(reference).page(PageRequest::first(10));
        let page = ground.ci.list_runs(&cx(), op).await.unwrap();
        page.items.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(list("refs/tags/v1").await, [tag.id.as_str()]);
    assert_eq!(list("refs/heads/lid").await, [branch.id.as_str()]);
    assert_eq!(list(&commit).await, [tag.id.as_str(), branch.id.as_str()]);
    assert_eq!(list("refs/tags/v2").await, Vec::<String>::new());
    let commit = ground.ci.trigger_run(&cx(), TriggerRun::of(widget(), "circleci").at(commit)).await;
    assert_eq!(commit.unwrap_err().kind(), ErrorKind::Unsupported);
}

/// A service with one run of two workflows, whose second write fails.
#[derive(Default)]
struct Breaking {
    status: &'static str,
    writes: AtomicUsize,
}

impl Breaking {
    fn router(status: &'static str) -> Router {
        let workflow = move |name: &str| {
            json!({ "id": name, "name": name, "status": status, "project_slug": "gh/acme/widget",
                "created_at": "2026-01-01T00:00:00Z", "stopped_at": null })
        };
        let list = json!({ "items": [workflow("build"), workflow("deploy")], "next_page_token": null });
        let pipeline =
            json!({ "id": "p", "state": "created", "project_slug": "gh/acme/widget", "number": 1 });
        let told = |value: Value| get(move || async move { value.to_string() });
        Router::new()
            .route("/api/v2/pipeline/p", told(pipeline))
            .route("/api/v2/pipeline/p/workflow", told(list))
            .route("/api/v2/workflow/{id}/{action}", post(Self::write))
            .with_state(Arc::new(Self { status, writes: AtomicUsize::new(0) }))
    }

    fn write(
        State(this): State<Arc<Self>>,
        Path((id, _)): Path<(String, String)>,
    ) -> Ready<(StatusCode, String)> {
        let body = json!({ "workflow_id": format!("new-{id}"), "message": this.status });
        ready(match this.writes.fetch_add(1, Ordering::SeqCst) {
            0 => (StatusCode::ACCEPTED, body.to_string()),
            _ => (StatusCode::BAD_GATEWAY, String::new()),
        })
    }
}

#[tokio::test]
async fn what_breaks_off_in_the_middle_may_have_done_something() {
    for (status, cancels) in [("running", true), ("failed", false)] {
        let server = Server::start(Breaking::router(status)).await;
        let ci = CircleCi::new(config(&server.url(), "t0ken")).unwrap();
        let error = match cancels {
            true => ci.cancel_run(&cx(), CancelRun::of(widget(), "p")).await,
            false => ci.rerun_run(&cx(), RerunRun::of(widget(), "p")).await,
        };
        let error = error.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Provider, Outcome::Unknown), "{status}");
        let writes: Vec<_> =
            server.seen().iter().filter(|seen| seen.method == "POST").map(ToString::to_string).collect();
        let action = if cancels { "cancel" } else { "rerun" };
        assert_eq!(writes, ["build", "deploy"].map(|name| format!("POST /api/v2/workflow/{name}/{action}")));
    }
}

/// A service with one run of two workflows: to cancel `build` is accepted and takes a while, to cancel `deploy` is too late.
/// After that `deploy` has this status.
fn late(after: &'static str) -> Router {
    let asked = Arc::new(AtomicUsize::new(0));
    let writes = Arc::clone(&asked);
    let list = move || {
        let deploy = if asked.load(Ordering::SeqCst) < 2 { "running" } else { after };
        let workflow = |name: &str, status: &str| {
            json!({ "id": name, "name": name, "status": status, "project_slug": "gh/acme/widget",
                "created_at": "2026-01-01T00:00:00Z", "stopped_at": null })
        };
        let items = [workflow("build", "running"), workflow("deploy", deploy)];
        ready(json!({ "items": items, "next_page_token": null }).to_string())
    };
    let cancel = move |Path(id): Path<String>| {
        writes.fetch_add(1, Ordering::SeqCst);
        ready(if id == "build" { StatusCode::ACCEPTED } else { StatusCode::CONFLICT })
    };
    let pipeline = json!({ "id": "p", "state": "created", "project_slug": "gh/acme/widget", "number": 1 });
    Router::new()
        .route("/api/v2/pipeline/p", get(move || ready(pipeline.to_string())))
        .route("/api/v2/pipeline/p/workflow", get(list))
        .route("/api/v2/workflow/{id}/cancel", post(cancel))
}

#[tokio::test]
async fn a_workflow_that_ended_before_it_was_cancelled_is_no_fault() {
    let cancel = async |after| {
        let server = Server::start(late(after)).await;
        let ci = CircleCi::new(config(&server.url(), "t0ken")).unwrap();
        ci.cancel_run(&cx(), CancelRun::of(widget(), "p")).await
    };
    // The other one was accepted, and is on its way.
    assert_eq!(cancel("success").await.unwrap().state, RunState::Running);
    let error = cancel("running").await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown));
}

#[tokio::test]
async fn a_run_that_has_no_workflow_yet_is_waited_for_and_then_left() {
    let pipeline = json!({ "id": "p", "state": "pending", "project_slug": "gh/acme/widget", "number": 1 });
    let none = json!({ "items": [], "next_page_token": null });
    let told = |value: Value| get(move || async move { value.to_string() });
    let router = Router::new()
        .route("/api/v2/pipeline/p", told(pipeline))
        .route("/api/v2/pipeline/p/workflow", told(none));
    let server = Server::start(router).await;
    let ci = CircleCi::new(config(&server.url(), "t0ken").start_wait_ms(0)).unwrap();
    let error = ci.cancel_run(&cx(), CancelRun::of(widget(), "p")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotMade));
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn a_list_that_never_ends_is_left() {
    let page = json!({ "items": [], "next_page_token": "again" });
    let router = Router::new().fallback(get(move || async move { page.to_string() }));
    let server = Server::start(router).await;
    let ci = CircleCi::new(config(&server.url(), "t0ken")).unwrap();
    let error = ci.list_jobs(&cx(), ListJobs::of(widget(), "p")).await.unwrap_err();
    assert_eq!((error.kind(), server.count()), (ErrorKind::Unsupported, 50));
    let page = ci.list_runs(&cx(), ListRuns::of(widget())).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_some(), "{page:?}");
    assert_eq!(server.count(), 60);
}
