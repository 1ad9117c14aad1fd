//! Every operation against a server that holds requests to GitHub's own document.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::cicd::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::{PageRequest, RepoRef};
use mosaic_providers::github::GitHubActions;
use serde_json::Value;

use super::config;
use crate::github::document;
use crate::support::builds::whole;
use crate::support::prism::{Prism, Told, told};

fn hello() -> RepoRef {
    RepoRef::new("octocat", "Hello-World")
}

#[tokio::test]
async fn prism_finds_no_fault_in_what_is_asked() {
    // Its example of a run has not ended, and that of content is a file.
    let ended = |asked: &str, value: &mut Value| {
        if asked == "GET /repos/octocat/Hello-World/actions/runs/30433642" {
            (value["status"], value["conclusion"]) = ("completed".into(), "failure".into());
        }
        if asked == "GET /repos/octocat/Hello-World/contents/.github%2Fworkflows" {
            *value = Value::Array(vec![value.take()]);
        }
    };
    let Some(prism) = Prism::boot(document().mended_by(ended)).await else { return };
    let ci = GitHubActions::new(config(&prism.url())).unwrap();
    let (cx, mut told) = (CallContext::new(), Told::default());
    let sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
    told! { told, ci, cx:
        trigger_run(TriggerRun::of(hello(), "build.yml").at("main").inputs([("level".to_owned(), "full".to_owned())]));
        trigger_run(TriggerRun::of(hello(), "build.yml"));
        get_run(GetRun::of(hello(), "30433642"));
        list_runs(ListRuns::of(hello()).page(PageRequest::first(5)));
        list_runs(ListRuns::of(hello()).pipeline("build.yml").reference("main").state(RunState::Running));
        list_runs(ListRuns::of(hello()).reference(sha).state(RunState::Failed));
        cancel_run(CancelRun::of(hello(), "30433642"));
        rerun_run(RerunRun::of(hello(), "30433642"));
        rerun_run(RerunRun::of(hello(), "30433642").failed_only(true));
        list_jobs(ListJobs::of(hello(), "30433642"));
        list_artifacts(ListArtifacts::of(hello(), "30433642"));
        list_pipelines(ListPipelines::of(hello()));
        list_pipelines(ListPipelines::of(hello()).at("main"));
        create_pipeline(CreatePipeline::of(hello(), "lid", "on: workflow_dispatch").branch("main"));
    }
    // What they lead to is on other machines, which a test does not reach.
    let log = ci.job_log(&cx, JobLog::of(hello(), "29679449", "399444496")).await.unwrap();
    told.take("job_log", whole(log).await, Some(ErrorKind::Network));
    let download = DownloadArtifact::of(hello(), "30433642", "Rails");
    told.take(
        "download_artifact",
        ci.download_artifact(&cx, download).await.map(drop),
        Some(ErrorKind::Network),
    );
    assert_eq!(ci.health().await.detail, None);
    prism.assert_clean();
    told.assert_read();
    let hits: Vec<_> = prism.hits().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let expected = [
        "GET /rate_limit",
        "GET /repos/{owner}/{repo}",
        "GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}",
        "GET /repos/{owner}/{repo}/actions/jobs/{job_id}",
        "GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs",
        "GET /repos/{owner}/{repo}/actions/runs",
        "GET /repos/{owner}/{repo}/actions/runs/{run_id}",
        "GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts",
        "POST /repos/{owner}/{repo}/actions/runs/{run_id}/cancel",
        "GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs",
        "POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun",
        "POST /repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs",
        "GET /repos/{owner}/{repo}/actions/workflows",
        "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}",
        "POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches",
        "GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs",
        "GET /repos/{owner}/{repo}/contents/{path}",
        "PUT /repos/{owner}/{repo}/contents/{path}",
    ];
    assert_eq!(hits, expected);
}
