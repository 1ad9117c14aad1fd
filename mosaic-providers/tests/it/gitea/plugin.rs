//! The plugins themselves: what they declare, bear and hide, and how they are made.

use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::{GetRepository, GitService as _};
use mosaic_core::op::vendor::OfGit;
use mosaic_core::op::{VendorRead, VendorWrite};
use mosaic_core::plugin::{FactoryInput, HealthStatus, Plugin};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::types::vendor::{ApiPath, VendorMethod};
use mosaic_core::types::{ProviderId, ServiceKind};
use mosaic_providers::gitea::{GiteaGit, GiteaIssues, GiteaWiki, Product};
use mosaic_providers::http::Auth;
use serde_json::{Value, json};

use super::{Tea, config};
use crate::fake::forge::NewRepo;
use crate::fake::gitea::BASE;
use crate::support::faults::Fault;
use crate::support::hardship::{self, Call};
use crate::support::secrets::{self, MARK};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_plugin_does_what_it_declares() {
    for calls in [false, true] {
        let tea = Tea::pour(Product::Gitea).await;
        let config = || tea.config("token-of-ada").vendor_calls(calls);
        let plugins: [Arc<dyn Plugin>; 3] = [
            Arc::new(GiteaGit::new(config()).unwrap()),
            Arc::new(GiteaIssues::new(config()).unwrap()),
            Arc::new(GiteaWiki::new(config()).unwrap()),
        ];
        for plugin in plugins {
            honesty(plugin, || tea.server.count() as u64).await.unwrap();
        }
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let tea = Tea::pour(Product::Forgejo).await;
    let cx = CallContext::new();
    let read = || VendorRead::<OfGit>::new(ApiPath::new("/version").unwrap());
    let refused = tea.git().vendor_read(&cx, read()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(tea.server.count(), 0);
    let git = GiteaGit::new(tea.config("token-of-ada").vendor_calls(true)).unwrap();
    let answer = git.vendor_read(&cx, read()).await.unwrap();
    assert_eq!((answer.status, answer.body["version"].as_str()), (200, Some("14.0.1+gitea-1.22.0")));
    let path = ApiPath::new("/user/repos").unwrap();
    let write = VendorWrite::<OfGit>::new(VendorMethod::Post, path).body(json!({ "name": "widget" }));
    let answer = git.vendor_write(&cx, write).await.unwrap();
    assert_eq!((answer.status, answer.body["full_name"].as_str()), (201, Some("ada/widget")));
}

#[tokio::test]
async fn health_says_whether_the_credentials_are_accepted() {
    let tea = Tea::pour(Product::Gitea).await;
    assert_eq!(tea.git().health().await.status, HealthStatus::Healthy);
    assert_eq!(tea.server.last().path(), "/api/v1/user");
    let stranger = GiteaGit::new(tea.config("unknown")).unwrap();
    assert_eq!(stranger.health().await.status, HealthStatus::Unhealthy);
    let mut nobody = tea.config("");
    nobody.auth = Auth::None;
    assert_eq!(GiteaGit::new(nobody).unwrap().health().await.status, HealthStatus::Healthy);
    assert_eq!(tea.server.last().path(), "/api/v1/version");
    tea.faults.next(Fault::status(429).header("retry-after", "7"));
    assert_eq!(tea.git().health().await.status, HealthStatus::Degraded);
}

#[tokio::test]
async fn factories_make_what_they_are_named_after() {
    let made = mosaic_providers::factories();
    for (provider, service) in [
        ("gitea", ServiceKind::Git),
        ("gitea", ServiceKind::Project),
        ("gitea", ServiceKind::Docs),
        ("forgejo", ServiceKind::Git),
        ("forgejo", ServiceKind::Project),
        ("forgejo", ServiceKind::Docs),
    ] {
        let factory =
            made.iter().find(|factory| (factory.provider(), factory.service()) == (provider, service));
        let factory = factory.unwrap_or_else(|| panic!("nothing makes {provider} for {service:?}"));
        let create = async |config: Value| {
            factory.create(FactoryInput::new(ProviderId::new("forge").unwrap(), config)).await
        };
        let auth = json!({ "type": "token", "token": MARK });
        let good = json!({ "baseUrl": "https://git.example.org/api/v1", "auth": auth });
        let plugin = create(good.clone()).await.unwrap();
        assert_eq!(plugin.info().name, provider);
        for (field, value) in [
            ("baseUrl", json!("git.example.org")),
            ("pageSize", json!(0)),
            ("mergeWait", json!(1)),
            ("auth", json!({ "type": "app", "appId": "1", "installationId": 1 })),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let error = create(bad).await.map(|plugin| plugin.info().name.clone()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{field}: {error}");
            secrets::assert_errors_hidden(&[error]);
        }
    }
}

async fn make(origin: String) -> Arc<dyn Plugin> {
    Arc::new(GiteaGit::new(config(Product::Gitea, &format!("{origin}{BASE}"), MARK)).unwrap())
}

/// A server that knows the marked credential, and what it is asked.
async fn call(operation: &'static str, params: Value) -> Call {
    let tea = Tea::pour(Product::Gitea).await;
    tea.tea.forge().grant(MARK, "ada");
    tea.tea.forge().create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    Call::new(operation, params, tea.tea.router())
}

#[tokio::test]
async fn every_hardship_is_borne_and_no_credential_shows() {
    let watch = secrets::Watch::begin();
    let repo = json!({ "owner": "acme", "name": "widget" });
    let errors = hardship::run(make, call("git.get_repository", json!({ "repo": repo })).await).await;
    secrets::assert_errors_hidden(&errors);
    let hook = json!({ "repo": repo, "url": "https://ci.example.org/hook", "events": ["push"] });
    let errors = hardship::run(make, call("git.create_webhook", hook).await).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_found_under_its_old_name() {
    let tea = Tea::pour(Product::Gitea).await;
    let forge = tea.tea.forge();
    let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    forge.move_repo(repo.id, "acme", "gadget").unwrap();
    let found = tea.git().get_repository(&CallContext::new(), GetRepository::new("acme", "widget")).await;
    assert_eq!(found.unwrap().repo.name, "gadget");
    secrets::assert_debug_hidden("a plugin", &GiteaGit::new(tea.config(MARK)).unwrap());
    secrets::assert_debug_hidden("a configuration", &tea.config(MARK));
}
