//! Every operation against a server that holds requests to Woodpecker's own document.

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::{PageRequest, RepoRef};
use mosaic_providers::woodpecker::Woodpecker;

use super::config;
use crate::support::prism::{Document, Prism, Told, told};

#[tokio::test]
async fn prism_finds_no_fault_in_what_is_asked() {
    let document = Document::new("woodpecker/swagger.json").below("/api");
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
    for seen in prism.seen() {
        println!("{seen} {:?}", seen.body);
    }
    prism.assert_clean();
    told.assert_read();
}
