//! Every operation against CircleCI's document: no request is wrong, and what the document answers is read.
//!
//! The document has the second version of the API only: logs, which the first one has, are read in the other tests.

use std::sync::{Arc, Mutex};

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::VendorRead;
use mosaic_core::op::cicd::*;
use mosaic_core::plugin::{HealthStatus, Plugin as _};
use mosaic_core::types::PageRequest;
use mosaic_core::types::cicd::RunState;
use mosaic_providers::circleci::{CircleCi, ParameterType};
use serde_json::Value;

use super::config;
use crate::support::prism::{Document, Prism};

fn read<T>(what: &str, result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Every page is the last one, and every workflow stands there.
fn mend(answer: &mut Value, standing: &str) {
    match answer {
        Value::Array(all) => all.iter_mut().for_each(|value| mend(value, standing)),
        Value::Object(fields) => {
            fields.entry("next_page_token").and_modify(|token| *token = Value::Null);
            if fields.contains_key("pipeline_id") {
                fields.insert("status".to_owned(), standing.into());
            }
            fields.values_mut().for_each(|value| mend(value, standing));
        }
        _ => {}
    }
}

#[tokio::test]
async fn prism_takes_every_request_of_circleci() {
    // Where every workflow of the examples stands.
    let standing = Arc::new(Mutex::new("success"));
    let told = Arc::clone(&standing);
    let document = Document::new("circleci/openapi.v2.json").below("/api/v2");
    let document = document.mended_by(move |_, answer| mend(answer, *told.lock().unwrap()));
    let Some(prism) = Prism::boot(document).await else { return };
    let config = config(&prism.url(), "t0ken")
        .parameter_type("deploy", ParameterType::Boolean)
        .parameter_type("count", ParameterType::Integer)
        .vendor_calls(true);
    let ci = CircleCi::new(config).unwrap();
    let cx = CallContext::new();
    let (o, n) = ("CircleCI-Public", "api-preview-docs");
    let id = "5034460f-c7c4-4c43-9457-de07e2029e7b";

    let inputs = [("level", "full"), ("deploy", "true"), ("count", "3")];
    let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let run = ci.trigger_run(&cx, TriggerRun::new(o, n, "circleci").at("main").inputs(inputs)).await;
    assert_eq!(read("trigger_run", run).state, RunState::Queued);
    let sent = prism.seen().last().unwrap().json();
    assert_eq!(sent["parameters"], serde_json::json!({ "level": "full", "deploy": true, "count": 3 }));
    let run = ci.trigger_run(&cx, TriggerRun::new(o, n, "circleci").at("refs/tags/v1")).await;
    assert_eq!(read("trigger_run", run).reference.as_deref(), Some("refs/tags/v1"));
    assert_eq!(prism.seen().last().unwrap().json(), serde_json::json!({ "tag": "v1" }));

    let run = read("get_run", ci.get_run(&cx, GetRun::new(o, n, id)).await);
    assert_eq!((run.id.as_str(), run.state, run.attempt), (id, RunState::Succeeded, Some(1)));
    assert!(run.commit.is_some() && run.created_at.is_some());
    let op = ListRuns::new(o, n).reference("main").page(PageRequest::first(5));
    assert_eq!(read("list_runs", ci.list_runs(&cx, op).await).items.len(), 1);
    let op = ListRuns::new(o, n).state(RunState::Failed);
    assert!(read("list_runs", ci.list_runs(&cx, op).await).items.is_empty());
    read("list_pipelines", ci.list_pipelines(&cx, ListPipelines::new(o, n)).await);
    let jobs = read("list_jobs", ci.list_jobs(&cx, ListJobs::new(o, n, id)).await).items;
    assert_eq!(jobs.len(), 1);
    read("list_artifacts", ci.list_artifacts(&cx, ListArtifacts::new(o, n, id)).await);
    let again = read("rerun_run", ci.rerun_run(&cx, RerunRun::new(o, n, id)).await);
    assert_eq!((again.id.as_str(), again.state, again.attempt), (id, RunState::Queued, Some(2)));
    *standing.lock().unwrap() = "failed";
    read("rerun_run", ci.rerun_run(&cx, RerunRun::new(o, n, id).failed_only(true)).await);
    *standing.lock().unwrap() = "running";
    let run = read("cancel_run", ci.cancel_run(&cx, CancelRun::new(o, n, id)).await);
    assert_eq!(run.state, RunState::Running, "an example goes on for ever");
    assert_eq!(ci.health().await.status, HealthStatus::Healthy);
    let me = VendorRead::new("/v2/me/collaborations".parse().unwrap());
    assert_eq!(read("vendor_read", ci.vendor_read(&cx, me).await).status, 200);

    prism.assert_clean();
    let hits: Vec<_> = prism.hits().into_iter().map(|(method, path)| format!("{method} {path}")).collect();
    let expected = [
        "GET /api/v2/me",
        "GET /api/v2/me/collaborations",
        "GET /api/v2/pipeline/{pipeline-id}",
        "GET /api/v2/pipeline/{pipeline-id}/workflow",
        "GET /api/v2/project/{project-slug}",
        "GET /api/v2/project/{project-slug}/pipeline",
        "POST /api/v2/project/{project-slug}/pipeline",
        "GET /api/v2/project/{project-slug}/{job-number}/artifacts",
        "POST /api/v2/workflow/{id}/cancel",
        "GET /api/v2/workflow/{id}/job",
        "POST /api/v2/workflow/{id}/rerun",
    ];
    assert_eq!(hits, expected);
}
