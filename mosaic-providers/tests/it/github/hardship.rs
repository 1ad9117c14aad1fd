//! Everything that can go wrong on the way, and a credential that never shows.

use std::sync::Arc;

use axum::Router;
use mosaic_core::context::CallContext;
use mosaic_core::op::git::{CreateRepository, GitService as _, WriteFile};
use mosaic_core::op::project::{CreateIssue, ProjectService as _};
use mosaic_core::plugin::Plugin;
use mosaic_core::testkit::honesty::honesty;
use mosaic_providers::github::{GitHubGit, GitHubIssues};
use mosaic_providers::http::Auth;
use serde_json::{Value, json};

use super::{Hub, config};
use crate::fake::forge::Forge;
use crate::fake::github::GitHub;
use crate::support::hardship::{Call, run};
use crate::support::secrets::{self, MARK, Watch};
use crate::support::serve::Server;

/// The fake with a repository and an issue, where Ada's credential is the marked one.
async fn vendor() -> Router {
    let forge = Forge::open().await;
    forge.add_user("ada", MARK);
    forge.add_org("acme", &["ada"]);
    let hub = GitHub::new(forge);
    let server = Server::start(hub.router()).await;
    let config = || config(&server.url(), Auth::token(MARK));
    let (git, issues) = (GitHubGit::new(config()).unwrap(), GitHubIssues::new(config()).unwrap());
    let cx = CallContext::new();
    git.create_repository(&cx, CreateRepository::new("acme", "widget")).await.unwrap();
    git.write_file(&cx, WriteFile::new("acme", "widget", "README.md", "text")).await.unwrap();
    issues.create_issue(&cx, CreateIssue::new("acme/widget", "It leaks")).await.unwrap();
    hub.router()
}

fn git(origin: &str) -> Arc<dyn Plugin> {
    let git = GitHubGit::new(config(origin, Auth::token(MARK))).unwrap();
    secrets::assert_debug_hidden("the git plugin", &git);
    Arc::new(git)
}

async fn bears(operation: &'static str, params: Value, empty: bool) {
    let vendor = vendor().await;
    let watch = Watch::begin();
    let make = async |origin: String| match operation.starts_with("git.") {
        true => git(&origin),
        false => Arc::new(GitHubIssues::new(config(&origin, Auth::token(MARK))).unwrap()) as Arc<dyn Plugin>,
    };
    let call = Call::new(operation, params, vendor);
    let errors = run(make, if empty { call.without_body() } else { call }).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

fn widget(more: Value) -> Value {
    let mut params = json!({ "repo": { "owner": "acme", "name": "widget" } });
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    params
}

#[tokio::test]
async fn a_read_bears_everything() {
    bears("git.get_repository", widget(json!({})), false).await;
}

#[tokio::test]
async fn a_list_bears_everything() {
    bears("git.list_branches", widget(json!({})), false).await;
}

#[tokio::test]
async fn a_write_bears_everything() {
    let params = json!({ "project": "acme/widget", "title": "It leaks again" });
    bears("project.create_issue", params, false).await;
}

#[tokio::test]
async fn declared_operations_are_the_ones_that_work() {
    for service in ["git", "issues"] {
        let hub = Hub::new().await;
        let config = hub.config("ada").vendor_calls(true);
        let plugin: Arc<dyn Plugin> = match service {
            "git" => Arc::new(GitHubGit::new(config).unwrap()),
            _ => Arc::new(GitHubIssues::new(config).unwrap()),
        };
        honesty(plugin, || hub.server.count() as u64).await.unwrap();
    }
}
