//! Every operation against a server that holds requests to Woodpecker's own document.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::{PageRequest, RepoRef};
use mosaic_providers::woodpecker::Woodpecker;
use serde_json::{Value, json};

use super::config;
use crate::support::builds::whole;
use crate::support::prism::{Document, Prism, Told, told};

#[tokio::test]
async fn prism_finds_no_fault_in_what_is_asked() {
    let live = Arc::new(AtomicUsize::new(0));
    let looks = Arc::clone(&live);
    // Generated answers have no number but 0, and no step that ever began.
    let mend = move |asked: &str, value: &mut Value| {
        if asked.starts_with("GET /api/repos/lookup/") {
            value["id"] = json!(3);
        }
        if asked == "GET /api/repos/3/pipelines/17" {
            let goes_on =
                looks.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1)).is_ok();
            let state = if goes_on { "running" } else { "success" };
            value["status"] = json!(state);
            value["workflows"] =
                json!([{ "id": 7, "state": state, "children": [{ "id": 9, "pid": 1, "state": state }] }]);
        }
    };
    let document = Document::new("woodpecker/swagger.json").below("/api").mended_by(mend);
    let Some(prism) = Prism::boot(document).await else { return };
    let ci = Woodpecker::new(config(&prism.url())).unwrap();
    let (cx, mut told) = (CallContext::new(), Told::default());
    let widget = || RepoRef::new("acme", "widget");
    told! { told, ci, cx:
        trigger_run(TriggerRun::of(widget(), "woodpecker").at("main").inputs([("level".to_owned(), "full".to_owned())]));
        get_run(GetRun::of(widget(), "17"));
        list_runs(ListRuns::of(widget()).page(PageRequest::first(5)));
        list_runs(ListRuns::of(widget()).reference("feature/lid").state(RunState::Succeeded));
        list_runs(ListRuns::of(widget()).reference("refs/tags/v1").state(RunState::Failed));
        list_pipelines(ListPipelines::of(widget()));
        list_jobs(ListJobs::of(widget(), "17"));
        cancel_run(CancelRun::of(widget(), "17"));
        rerun_run(RerunRun::of(widget(), "17"));
    }
    assert_eq!(ci.health().await.detail, None);
    // It runs at two looks, and has ended then.
    live.store(2, Ordering::Release);
    let log = ci.job_log(&cx, JobLog::of(widget(), "17", "7")).await.unwrap();
    told.take("job_log", whole(log).await, None);
    prism.assert_clean();
    told.assert_read();
    // Of paths and parameters the document knows only the types, so they are compared here.
    let seen: Vec<_> = prism.seen().iter().map(ToString::to_string).collect();
    let expected = [
        "GET /api/repos/lookup/acme%2Fwidget",
        "POST /api/repos/3/pipelines",
        "GET /api/repos/3/pipelines/17",
        "GET /api/repos/3/pipelines?page=1&perPage=5",
        "GET /api/repos/3/pipelines?page=1&perPage=30&status=success&branch=feature%2Flid",
        "GET /api/repos/3/pipelines?page=1&perPage=50&ref=refs%2Ftags%2Fv1",
        "GET /api/repos/3/pipelines/17",
        "POST /api/repos/3/pipelines/17/cancel",
        "GET /api/repos/3/pipelines/17",
        "GET /api/repos/3/pipelines/17",
        "POST /api/repos/3/pipelines/17",
        "GET /api/user",
        "GET /api/repos/3/pipelines/17",
        "GET /api/repos/3/pipelines/17",
        "GET /api/stream/logs/3/17/9",
        "GET /api/repos/3/pipelines/17",
        "GET /api/repos/3/logs/17/9",
        "GET /api/repos/3/pipelines/17",
    ];
    assert_eq!(seen, expected);
    let begun = &prism.seen()[1];
    assert_eq!(begun.json(), json!({ "branch": "main", "variables": { "level": "full" } }));
    assert!(prism.seen().iter().all(|seen| seen.header("authorization") == "Bearer token-of-ada"));
}
