//! Everything that can go wrong on the way, and a credential that never shows.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::op::cicd::{CicdService as _, ListJobs};
use mosaic_core::plugin::Plugin;
use mosaic_core::testkit::suite::cicd::Draft;
use mosaic_providers::woodpecker::Woodpecker;
use serde_json::{Value, json};

use super::{Ground, config_of, widget};
use crate::fake::http::router;
use crate::fake::woodpecker;
use crate::support::builds::prints;
use crate::support::hardship::{Call, run};
use crate::support::secrets::{self, MARK, Watch};

async fn make(origin: String) -> Arc<dyn Plugin> {
    let ci = Woodpecker::new(config_of(&origin, MARK)).unwrap();
    secrets::assert_debug_hidden("the plugin", &ci);
    Arc::new(ci)
}

/// A call that meets trouble below the repository, which is looked up before; parameters are for a run that has ended.
async fn bears(operation: &'static str, more: &[&str], place: &str) {
    let ground = Ground::open().await;
    let begun = ground.start(&Draft::of(prints("one", "hello, and more of it"))).await;
    for _ in 0..10 {
        ground.forge.advance_runs();
    }
    let jobs =
        ground.ci.list_jobs(&CallContext::new(), ListJobs::of(widget(), begun.id.as_str())).await.unwrap();
    ground.forge.grant(MARK, "ada");
    let all = json!({ "repo": widget(), "run": begun.id, "job": jobs.items[0].id, "pipeline": "woodpecker", "at": "main" });
    let params: serde_json::Map<String, Value> =
        ["repo"].iter().chain(more).map(|name| ((*name).to_owned(), all[*name].clone())).collect();
    let vendor = router(woodpecker::Woodpecker::new(&ground.forge));
    let call = Call::new(operation, params.into(), vendor).at(format!("/api/repos/{}{place}", ground.repo));
    let watch = Watch::begin();
    let errors = run(make, call).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

#[tokio::test]
async fn a_read_bears_everything() {
    bears("cicd.get_run", &["run"], "/pipelines").await;
}

#[tokio::test]
async fn a_list_bears_everything() {
    bears("cicd.list_runs", &[], "/pipelines").await;
}

#[tokio::test]
async fn a_start_bears_everything() {
    bears("cicd.trigger_run", &["pipeline", "at"], "/pipelines").await;
}

#[tokio::test]
async fn a_log_bears_everything() {
    bears("cicd.job_log", &["run", "job"], "/pipelines").await;
}
