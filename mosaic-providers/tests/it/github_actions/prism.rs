//! Every operation against a server that holds requests to GitHub's own document.

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::{PageRequest, RepoRef};
use mosaic_providers::github::GitHubActions;

use super::config;
use crate::github::document;
use crate::support::prism::{Prism, Told, told};

fn hello() -> RepoRef {
    RepoRef::new("octocat", "Hello-World")
}

#[tokio::test]
async fn prism_finds_no_fault_in_what_is_asked() {
    let Some(prism) = Prism::boot(document()).await else { return };
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
        list_jobs(ListJobs::of(hello(), "30433642"));
        list_artifacts(ListArtifacts::of(hello(), "30433642"));
        list_pipelines(ListPipelines::of(hello()));
        create_pipeline(CreatePipeline::of(hello(), "lid", "on: workflow_dispatch").branch("main"));
    }
    assert_eq!(ci.health().await.detail, None);
    prism.assert_clean();
    told.assert_read();
}
