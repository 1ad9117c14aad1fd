//! Answers that were kept of CircleCI: what they say is understood.

use axum::http::Method;
use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::*;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::circleci::CircleCi;
use serde_json::{Value, json};

use super::config;
use crate::support::replay::{Recording, Replay};

const PIPELINE: &str = "/api/v2/pipeline/dummy-pipeline-id";
const WORKFLOW: &str = "/api/v2/workflow/deadbeef-dead-beef-dead-deadbeef0000";

/// A kept answer. What the service gives page by page was kept as the list of all items, so it is put into a page.
fn answer(method: Method, target: &str, status: u16, name: &str) -> Option<Recording> {
    let recording =
        Recording::answer(method, target, status, &format!("pycircleci/circleci/{name}_response.json"))?;
    Some(recording.mended(|body| match body {
        Value::Array(items) => json!({ "items": items, "next_page_token": null }),
        other => other,
    }))
}

fn get(target: &str, name: &str) -> Option<Recording> {
    answer(Method::GET, target, 200, name)
}

async fn start(recording: Recording) -> (Replay, CircleCi) {
    let replay = Replay::start(recording).await;
    let ci = CircleCi::new(config(&replay.url(), "t0ken")).unwrap();
    (replay, ci)
}

#[tokio::test]
async fn a_kept_run_and_its_workflow_are_understood() {
    let Some(run) = get(PIPELINE, "get_pipeline") else { return };
    let recording = run.and(get(&format!("{PIPELINE}/workflow"), "get_pipeline_workflow").unwrap());
    let (replay, ci) = start(recording).await;
    let run = ci.get_run(&CallContext::new(), GetRun::new("foo", "bar", "dummy-pipeline-id")).await.unwrap();
    assert_eq!((run.id.as_str(), run.state), ("dummy-pipeline-id", RunState::Succeeded));
    assert_eq!((run.reference.as_deref(), run.commit.as_deref()), (Some("dummy"), Some("12345")));
    assert_eq!(run.created_at, "2019-07-01T12:34:56.123Z".parse().ok());
    assert_eq!(run.started_at, "2020-05-24T08:30:04Z".parse().ok());
    assert_eq!(run.ended_at, "2020-05-24T08:31:20Z".parse().ok());
    replay.assert_matched();
    assert_eq!(replay.unused(), Vec::<String>::new());
}

#[tokio::test]
async fn kept_runs_are_listed() {
    let Some(list) = get("/api/v2/project/gh%2Ffoo%2Fbar/pipeline", "get_project_pipelines") else { return };
    let workflow = |id: u8| {
        get(
            &format!("/api/v2/pipeline/deadbeef-dead-beef-dead-deadbeef000{id}/workflow"),
            "get_pipeline_workflow",
        )
    };
    let (replay, ci) = start(list.and(workflow(1).unwrap()).and(workflow(2).unwrap())).await;
    let page = ci.list_runs(&CallContext::new(), ListRuns::new("foo", "bar")).await.unwrap();
    let told: Vec<_> = page
        .items
        .iter()
        .map(|run| (run.id.as_str(), run.reference.as_deref(), run.commit.as_deref(), run.state))
        .collect();
    let expected = [
        ("deadbeef-dead-beef-dead-deadbeef0001", "3a82a4bf50efded96b06e726fc52e8522e409d7c"),
        ("deadbeef-dead-beef-dead-deadbeef0002", "4b93a4bf50efded96b06e726fc52e8522e409d7c"),
    ]
    .map(|(id, commit)| (id, Some("develop"), Some(commit), RunState::Succeeded));
    assert_eq!(told, expected);
    replay.assert_matched();
}

#[tokio::test]
async fn a_kept_answer_to_a_trigger_is_understood() {
    let target = "/api/v2/project/gh%2Ffoo%2Fbar/pipeline";
    let Some(recording) = answer(Method::POST, target, 201, "trigger_pipeline") else { return };
    let (replay, ci) = start(recording).await;
    let op = TriggerRun::new("foo", "bar", "circleci").at("develop");
    let run = ci.trigger_run(&CallContext::new(), op).await.unwrap();
    assert_eq!((run.id.as_str(), run.state), ("deadbeef-dead-beef-dead-deaddeafbeef", RunState::Queued));
    assert_eq!(run.vendor_state.as_deref(), Some("pending"));
    assert_eq!(replay.seen()[0].json(), json!({ "branch": "develop" }));
    replay.assert_matched();
}

#[tokio::test]
async fn kept_jobs_and_artifacts_are_understood() {
    let Some(workflows) = get(&format!("{PIPELINE}/workflow"), "get_pipeline_workflow") else { return };
    let jobs = get(&format!("{WORKFLOW}/job"), "get_workflow_jobs").unwrap();
    let artifacts =
        |job: u8| get(&format!("/api/v2/project/gh%2Ffoo%2Fbar/{job}/artifacts"), "get_latest_artifacts");
    let recording = workflows.and(jobs).and(artifacts(1).unwrap()).and(artifacts(2).unwrap()).again();
    let (replay, ci) = start(recording).await;
    let (cx, run) = (CallContext::new(), "dummy-pipeline-id");
    let jobs = ci.list_jobs(&cx, ListJobs::new("foo", "bar", run)).await.unwrap().items;
    let told: Vec<_> = jobs.iter().map(|job| (job.name.as_str(), job.state)).collect();
    assert_eq!(told, [("job1", RunState::Cancelled), ("job2", RunState::Succeeded)]);
    assert_eq!(jobs[0].ended_at, "2019-04-16T15:31:42Z".parse().ok());
    let files = ci.list_artifacts(&cx, ListArtifacts::new("foo", "bar", run)).await.unwrap().items;
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    // Two jobs left the same three files here.
    let expected = ["job1", "job2"].map(|job| {
        ["circleci-docs/index.html", "circleci-docs/sitemap.xml", "run-results/build-results.txt"]
            .map(|path| format!("smoke-test/{job}/0/{path}"))
    });
    assert_eq!(names, expected.as_flattened());
    replay.assert_matched();
}

#[tokio::test]
async fn a_kept_job_of_the_first_version_has_no_log_beyond_loopback() {
    let Some(workflows) = get(&format!("{PIPELINE}/workflow"), "get_pipeline_workflow") else { return };
    let jobs = get(&format!("{WORKFLOW}/job"), "get_workflow_jobs").unwrap();
    let build = get("/api/v1.1/project/gh/foo/bar/2", "get_build_info").unwrap();
    let (replay, ci) = start(workflows.and(jobs).and(build)).await;
    let op = JobLog::new("foo", "bar", "dummy-pipeline-id", "2345");
    let mut log = ci.job_log(&CallContext::new(), op).await.unwrap();
    // Its steps are read, and the first of them printed to a store that this test may not reach.
    let error = futures_util::StreamExt::next(&mut log).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), mosaic_core::ErrorKind::Network, "{error}");
    assert!(error.message().contains("amazonaws.com"), "{error}");
    replay.assert_matched();
}
