//! The plugins themselves: what they declare, bear and hide, and how they are made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::routing::post;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::GitService as _;
use mosaic_core::op::vendor::OfGit;
use mosaic_core::op::{VendorRead, VendorWrite};
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::types::vendor::{ApiPath, VendorMethod};
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::gitlab::{GitLabCi, GitLabConfig, GitLabGit, GitLabIssues, GitLabWiki};
use mosaic_providers::http::Auth;
use serde_json::{Value, json};

use super::{Bench, config};
use crate::fake::forge::{NewIssue, NewRepo, WikiPage};
use crate::fake::gitlab::GitLab;
use crate::support::faults::{Fault, Faults};
use crate::support::hardship::{self, Call};
use crate::support::secrets::{self, MARK};
use crate::support::serve::Server;

/// One of the four, by the service of an operation.
fn plugin(service: &str, config: GitLabConfig) -> Arc<dyn Plugin> {
    match service {
        "git" => Arc::new(GitLabGit::new(config).unwrap()),
        "project" => Arc::new(GitLabIssues::new(config).unwrap()),
        "docs" => Arc::new(GitLabWiki::new(config).unwrap()),
        _ => Arc::new(GitLabCi::new(config).unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_plugin_does_what_it_declares() {
    let bench = Bench::new().await;
    for calls in [false, true] {
        for service in ["git", "project", "docs", "cicd"] {
            let mut config = bench.config();
            config.vendor_calls = calls;
            honesty(plugin(service, config), || bench.server.count() as u64).await.unwrap();
        }
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let bench = Bench::new().await;
    let read = || VendorRead::<OfGit>::new(ApiPath::new("/version").unwrap());
    let refused = bench.git().vendor_read(&bench.cx, read()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(bench.server.count(), 0);
    let mut config = bench.config();
    config.vendor_calls = true;
    let git = GitLabGit::new(config).unwrap();
    let answer = git.vendor_read(&bench.cx, read()).await.unwrap();
    assert_eq!((answer.status, answer.body["version"].as_str()), (200, Some("17.10.0")));
    let path = ApiPath::new("/projects").unwrap();
    let write = VendorWrite::<OfGit>::new(VendorMethod::Post, path).body(json!({ "path": "widget" }));
    let answer = git.vendor_write(&bench.cx, write).await.unwrap();
    assert_eq!((answer.status, answer.body["path_with_namespace"].as_str()), (201, Some("ada/widget")));
}

#[tokio::test]
async fn health_says_whether_the_credentials_are_accepted() {
    let bench = Bench::new().await;
    let faults = Faults::default();
    let server = Server::start(faults.before(bench.lab.router())).await;
    let git = |token: &str| GitLabGit::new(config(&server.url()).auth(Auth::token(token))).unwrap();
    assert_eq!(git("token-of-ada").health().await.status, HealthStatus::Healthy);
    assert_eq!(git("unknown").health().await.status, HealthStatus::Unhealthy);
    faults.next(Fault::status(429).header("retry-after", "7"));
    assert_eq!(git("token-of-ada").health().await.status, HealthStatus::Degraded);
}

#[tokio::test]
async fn factories_make_what_they_are_named_after() {
    let made = mosaic_providers::factories();
    for service in [ServiceKind::Git, ServiceKind::Project, ServiceKind::Docs, ServiceKind::Cicd] {
        let mut all = made.iter();
        let factory = all.find(|factory| (factory.provider(), factory.service()) == ("gitlab", service));
        let factory = factory.unwrap_or_else(|| panic!("nothing makes GitLab for {service:?}"));
        let create = async |config: Value| {
            factory.create(FactoryInput::new(ProviderId::new("lab").unwrap(), config)).await
        };
        let good = json!({ "auth": { "type": "token", "token": MARK } });
        assert_eq!(create(good.clone()).await.unwrap().info().name, "gitlab");
        for (field, value) in [
            ("baseUrl", json!("git.example.org")),
            ("pageSize", json!(7)),
            ("auth", json!({ "type": "app", "appId": "1", "installationId": 1, "privateKey": MARK })),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let error = create(bad).await.map(|plugin| plugin.info().name.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{field}: {error}");
            secrets::assert_errors_hidden(&[error]);
        }
    }
}

/// A GitLab that knows the marked credential, with a project, an issue, a page and a definition.
async fn vendor() -> Arc<GitLab> {
    let bench = Bench::new().await;
    let forge = bench.lab.forge();
    forge.grant(MARK, "ada");
    let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    let new = NewIssue { title: "It leaks".into(), ..NewIssue::default() };
    forge.create_issue(repo.id, "ada", new).unwrap();
    forge.put_page(repo.id, "Home", WikiPage::new("Home", "Welcome.", "ada")).unwrap();
    Arc::clone(&bench.lab)
}

async fn bears(call: Call, service: &'static str) {
    let watch = secrets::Watch::begin();
    let make = async |origin: String| {
        let config = config(&origin).auth(Auth::token(MARK));
        secrets::assert_debug_hidden("a configuration", &config);
        plugin(service, config)
    };
    let errors = hardship::run(make, call).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

fn widget() -> Value {
    json!({ "owner": "acme", "name": "widget" })
}

#[tokio::test]
async fn reads_bear_everything() {
    let router = async || vendor().await.router();
    let params = json!({ "repo": widget() });
    bears(Call::new("git.get_repository", params.clone(), router().await), "git").await;
    bears(Call::new("cicd.list_runs", params, router().await), "cicd").await;
    bears(Call::new("project.list_labels", json!({ "project": "acme/widget" }), router().await), "project")
        .await;
    let page = json!({ "space": "acme/widget", "document": "Home" });
    bears(Call::new("docs.get_document", page, router().await), "docs").await;
}

#[tokio::test]
async fn writes_bear_everything() {
    let router = async || vendor().await.router();
    let hook = json!({ "repo": widget(), "url": "https://ci.example.org/hook", "events": ["push"] });
    bears(Call::new("git.create_webhook", hook, router().await), "git").await;
    let issue = json!({ "project": "acme/widget", "title": "It leaks again" });
    bears(Call::new("project.create_issue", issue, router().await), "project").await;
    let comment = json!({ "issue": { "project": "acme/widget", "number": 1 }, "body": "Seen." });
    bears(Call::new("project.add_comment", comment, router().await), "project").await;
}

#[tokio::test]
async fn tokens_of_oauth_are_renewed() {
    let lab = vendor().await;
    let given = Arc::new(AtomicU64::new(0));
    let forge = Arc::clone(lab.forge());
    let token = async move || {
        let token = format!("{MARK}-{}", given.fetch_add(1, Ordering::Relaxed));
        forge.grant(&token, "ada");
        json!({ "access_token": token, "token_type": "bearer", "expires_in": 7200 }).to_string()
    };
    let router = Router::new().route("/oauth/token", post(token)).fallback_service(lab.router());
    let make = async |origin: String| {
        let auth = json!({ "type": "oauth2", "tokenUrl": format!("{origin}/oauth/token"), "clientId": "mosaic",
            "clientSecret": MARK, "grant": "clientCredentials" });
        plugin("project", config(&origin).auth(serde_json::from_value(auth).unwrap()))
    };
    let issue = json!({ "project": "acme/widget", "title": "It leaks again" });
    let call = Call::new("project.create_issue", issue, router).renews();
    let errors = hardship::run(make, call).await;
    secrets::assert_errors_hidden(&errors);
}

#[tokio::test]
async fn tokens_go_where_gitlab_wants_them() {
    let bench = Bench::new().await;
    bench.git().health().await;
    let seen = bench.server.last();
    assert_eq!(seen.headers.get("private-token").and_then(|value| value.to_str().ok()), Some("token-of-ada"));
    assert!(!seen.headers.contains_key("authorization"));
}
