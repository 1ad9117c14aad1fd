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
use mosaic_providers::bitbucket::{BitbucketGit, BitbucketPipelines};
use mosaic_providers::http::Auth;
use serde_json::{Value, json};

use super::{Bucket, config};
use crate::fake::bitbucket::BASE;
use crate::fake::forge::NewRepo;
use crate::support::faults::Fault;
use crate::support::hardship::{self, Call};
use crate::support::secrets::{self, MARK};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_plugin_does_what_it_declares() {
    for calls in [false, true] {
        let bucket = Bucket::fill().await;
        let config = || bucket.config("token-of-ada").vendor_calls(calls);
        let plugins: [Arc<dyn Plugin>; 2] = [
            Arc::new(BitbucketGit::new(config()).unwrap()),
            Arc::new(BitbucketPipelines::new(config()).unwrap()),
        ];
        for plugin in plugins {
            honesty(plugin, || bucket.server.count() as u64).await.unwrap();
        }
    }
}

#[tokio::test]
async fn calls_in_the_vendors_words_are_made_where_they_are_allowed() {
    let bucket = Bucket::fill().await;
    let cx = CallContext::new();
    let read = || VendorRead::<OfGit>::new(ApiPath::new("/user").unwrap());
    let refused = bucket.git().vendor_read(&cx, read()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(bucket.server.count(), 0);
    let git = BitbucketGit::new(bucket.config("token-of-ada").vendor_calls(true)).unwrap();
    let answer = git.vendor_read(&cx, read()).await.unwrap();
    assert_eq!((answer.status, answer.body["nickname"].as_str()), (200, Some("ada")));
    let path = ApiPath::new("/repositories/acme/widget").unwrap();
    let write = VendorWrite::<OfGit>::new(VendorMethod::Post, path).body(json!({ "scm": "git" }));
    let answer = git.vendor_write(&cx, write).await.unwrap();
    assert_eq!((answer.status, answer.body["full_name"].as_str()), (200, Some("acme/widget")));
}

#[tokio::test]
async fn health_says_whether_the_credentials_are_accepted() {
    let bucket = Bucket::fill().await;
    assert_eq!(bucket.git().health().await.status, HealthStatus::Healthy);
    assert_eq!(bucket.server.last().path(), "/2.0/user");
    let stranger = BitbucketGit::new(bucket.config("unknown")).unwrap();
    assert_eq!(stranger.health().await.status, HealthStatus::Unhealthy);
    let mut nobody = bucket.config("");
    nobody.auth = Auth::None;
    assert_eq!(BitbucketGit::new(nobody).unwrap().health().await.status, HealthStatus::Healthy);
    // The token of a repository may not ask who it is.
    bucket.faults.next(Fault::status(403));
    assert_eq!(bucket.git().health().await.status, HealthStatus::Healthy);
    bucket.faults.next(Fault::status(429).header("retry-after", "7"));
    assert_eq!(bucket.git().health().await.status, HealthStatus::Degraded);
}

#[tokio::test]
async fn an_address_and_a_token_are_credentials() {
    let bucket = Bucket::fill().await;
    let mut config = bucket.config("");
    config.auth = Auth::basic("ada@example.org", "token-of-ada");
    let git = BitbucketGit::new(config).unwrap();
    assert_eq!(git.health().await.status, HealthStatus::Healthy);
    assert!(bucket.server.last().header("authorization").starts_with("Basic "));
}

#[tokio::test]
async fn factories_make_what_they_are_named_after() {
    let made = mosaic_providers::factories();
    for service in [ServiceKind::Git, ServiceKind::Cicd] {
        let found = made.iter().find(|one| (one.provider(), one.service()) == ("bitbucket", service));
        let factory = found.unwrap_or_else(|| panic!("nothing makes {service:?}"));
        let create = async |config: Value| {
            factory.create(FactoryInput::new(ProviderId::new("forge").unwrap(), config)).await
        };
        let good = json!({ "auth": { "type": "token", "token": MARK } });
        assert_eq!(create(good.clone()).await.unwrap().info().name, "bitbucket");
        for (field, value) in [
            ("baseUrl", json!("git.example.org")),
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

async fn make_pipelines(origin: String) -> Arc<dyn Plugin> {
    Arc::new(BitbucketPipelines::new(config(&format!("{origin}{BASE}"), MARK)).unwrap())
}

async fn make(origin: String) -> Arc<dyn Plugin> {
    Arc::new(BitbucketGit::new(config(&format!("{origin}{BASE}"), MARK)).unwrap())
}

/// A server that knows the marked credential, and what it is asked.
async fn call(operation: &'static str, params: Value) -> Call {
    let bucket = Bucket::fill().await;
    bucket.bucket.forge().grant(MARK, "ada");
    bucket.bucket.forge().create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    Call::new(operation, params, bucket.bucket.router())
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
    let runs = call("cicd.list_runs", json!({ "repo": repo })).await;
    let errors = hardship::run(make_pipelines, runs).await;
    secrets::assert_errors_hidden(&errors);
    watch.assert_hidden();
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_found_under_its_old_name() {
    let bucket = Bucket::fill().await;
    let forge = bucket.bucket.forge();
    let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap();
    forge.move_repo(repo.id, "acme", "gadget").unwrap();
    let found = bucket.git().get_repository(&CallContext::new(), GetRepository::new("acme", "widget")).await;
    assert_eq!(found.unwrap().repo.name, "gadget");
    secrets::assert_debug_hidden("a plugin", &BitbucketGit::new(bucket.config(MARK)).unwrap());
    secrets::assert_debug_hidden("a configuration", &bucket.config(MARK));
}
