//! The tests of the hardships: a provider that knows nothing of them is found out.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{GetRepository, Git, GitService};
use mosaic_core::op::{OpSet, Operation as _};
use mosaic_core::plugin::{HandlerTable, Plugin, PluginInfo};
use mosaic_core::types::git::Repository;
use serde_json::{Value, json};

use super::{Call, attempt, run};
use crate::support::secrets::MARK;

/// Does what comes to mind first: follows redirects, calls every failure a failed provider, and trusts every answer.
struct Naive {
    info: PluginInfo,
    origin: String,
}

impl GitService for Naive {
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> Result<Repository> {
        let failed = |error: reqwest::Error| Error::new(ErrorKind::Provider, error.to_string());
        let request = reqwest::Client::new().get(format!("{}/repos/{}", self.origin, op.repo));
        let answer = request.header("private-token", MARK).send().await.map_err(failed)?;
        let answer = answer.error_for_status().map_err(failed)?.text().await.map_err(failed)?;
        let body: Value = serde_json::from_str(&answer).unwrap_or_default();
        Ok(Repository::of(op.repo, body["default_branch"].as_str().unwrap_or("main")))
    }
}

impl Plugin for Naive {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
}

async fn make(origin: String) -> Arc<dyn Plugin> {
    let info = PluginInfo::new("naive", "1.0.0", OpSet::of(&[GetRepository::META])).reports_delivery(true);
    Arc::new(Naive { info, origin })
}

fn call() -> Call {
    let vendor = Router::new().route("/repos/acme/widget", get(async || r#"{"default_branch":"dev"}"#));
    Call::new("git.get_repository", json!({ "repo": { "owner": "acme", "name": "widget" } }), vendor)
}

#[tokio::test]
#[should_panic(expected = "hardships were not borne:\n  git.get_repository · a call that is answered")]
async fn what_was_not_borne_is_told() {
    run(make, call().without_body()).await;
}

#[tokio::test]
async fn a_naive_provider_is_found_out() {
    let (errors, faults) = attempt(make, call()).await;
    let faults = faults.join("\n");
    assert!(errors.len() > 40, "{}", errors.len());
    let found = [
        "a call that is answered: it never said that it sends",
        "401: expected [Unauthenticated], got provider",
        "429 by Retry-After in seconds: expected [RateLimited]",
        "503 by Retry-After: expected the delivery [Answered], got not sent",
        "a connection that is closed: expected [Network]",
        "a page instead of JSON: expected [Protocol], got an answer",
        "an answer that never ends: 1",
        "307 to another server: the other server got the credential",
        "302 to another server: the other server was asked 1 times",
    ];
    for part in found {
        assert!(faults.contains(part), "{part}\n---\n{faults}");
    }
    // What it does right is not among them.
    for part in ["falls silent", "no answer at all", "expected one request", "from refresh"] {
        assert!(!faults.contains(part), "{part}\n---\n{faults}");
    }
}

#[tokio::test]
async fn a_provider_is_asked_for_what_the_call_is() {
    let (_, faults) = attempt(make, call().renews().downloads().without_body()).await;
    let faults = faults.join("\n");
    assert!(faults.contains("renewed credential: refresh: unsupported"), "{faults}");
    assert!(faults.contains("302 to another server: the other server got the credential"), "{faults}");
    for part in ["was asked", "JSON", "never ends", "is cut"] {
        assert!(!faults.contains(part), "{part}\n---\n{faults}");
    }
}
