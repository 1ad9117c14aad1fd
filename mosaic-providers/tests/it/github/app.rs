//! A GitHub App: statements that it signs, and the tokens that it gets for them.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, ErrorKind};
use mosaic_core::op::git::{CreateRepository, GetRepository, GitService as _};
use mosaic_core::plugin::{Factory as _, FactoryInput, Plugin as _};
use mosaic_core::types::ProviderId;
use mosaic_providers::github::{GitHubGit, GitHubGitFactory};
use mosaic_providers::http::Auth;
use serde_json::{Value, json};

use super::{Hub, config};

/// A key of two thousand bits, made for one test: as PEM, and what verifies.
fn key() -> (String, Vec<u8>) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'static> = pair.as_der().unwrap();
    let body: Vec<_> = STANDARD.encode(der.as_ref()).into_bytes();
    let lines: Vec<_> = body.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
    (pem, pair.public_key().as_ref().to_vec())
}

fn auth(pem: &str, installation: u64) -> Auth {
    let auth =
        json!({ "type": "app", "appId": "Iv1.abc", "installationId": installation, "privateKey": pem });
    serde_json::from_value(auth).unwrap()
}

fn widget() -> GetRepository {
    GetRepository::new("acme", "widget")
}

async fn hub() -> Hub {
    let hub = Hub::new().await;
    hub.hub.install(42, "bob");
    let cx = CallContext::new();
    hub.git().create_repository(&cx, CreateRepository::new("acme", "widget").private(true)).await.unwrap();
    hub
}

#[tokio::test]
async fn a_signed_statement_gets_a_token_that_all_calls_share() {
    let (hub, (pem, public)) = (hub().await, key());
    let git = Arc::new(GitHubGit::new(config(&hub.server.url(), auth(&pem, 42))).unwrap());
    hub.server.forget();
    let calls = (0..8).map(|_| {
        let git = Arc::clone(&git);
        async move { git.get_repository(&CallContext::new(), widget()).await }
    });
    for got in futures_util::future::join_all(calls).await {
        got.unwrap();
    }
    assert_eq!(hub.hub.given().len(), 1, "many who need a token ask once");
    let seen = hub.server.seen();
    let asked: Vec<_> =
        seen.iter().filter(|seen| seen.path() == "/app/installations/42/access_tokens").collect();
    assert_eq!((asked.len(), asked[0].method.as_str()), (1, "POST"));
    assert_eq!(asked[0].header("accept"), "application/vnd.github+json");
    assert_eq!(asked[0].header("x-github-api-version"), "2022-11-28");

    let statement = asked[0].header("authorization").strip_prefix("Bearer ").unwrap();
    let (signed, signature) = statement.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let verifier = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public);
    verifier.verify(signed.as_bytes(), &signature).unwrap();
    let part = |at: usize| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(signed.split('.').nth(at).unwrap()).unwrap()).unwrap()
    };
    assert_eq!(part(0)["alg"], "RS256");
    assert_eq!(part(1)["iss"], "Iv1.abc");
    assert!(part(1)["exp"].as_i64().unwrap() - part(1)["iat"].as_i64().unwrap() <= 600);

    let token = hub.hub.given().remove(0);
    for read in seen.iter().filter(|seen| seen.path() == "/repos/acme/widget") {
        assert_eq!(read.header("authorization"), format!("Bearer {token}"));
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed() {
    let (hub, (pem, _)) = (hub().await, key());
    let git = GitHubGit::new(config(&hub.server.url(), auth(&pem, 42))).unwrap();
    let cx = CallContext::new();
    git.get_repository(&cx, widget()).await.unwrap();
    hub.hub.forge().revoke(&hub.hub.given()[0]);
    let error = git.get_repository(&cx, widget()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    git.refresh().await.unwrap();
    git.get_repository(&cx, widget()).await.unwrap();
    assert_eq!(hub.hub.given().len(), 2);
}

#[tokio::test]
async fn an_app_that_is_not_installed_has_no_credentials() {
    let (hub, (pem, _)) = (hub().await, key());
    let git = GitHubGit::new(config(&hub.server.url(), auth(&pem, 7))).unwrap();
    let op = CreateRepository::new("acme", "gadget");
    let error = git.create_repository(&CallContext::new(), op).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Unauthenticated, Delivery::NotSent), "{error}");
    assert!(!format!("{error:?}").contains("PRIVATE"), "{error:?}");
}

#[tokio::test]
async fn a_configuration_is_read_and_its_faults_show_no_key() {
    let (pem, _) = key();
    let make = |auth: Value| {
        let config = json!({ "auth": auth, "baseUrl": "https://git.example.org/api/v3" });
        GitHubGitFactory.create(FactoryInput::new(ProviderId::new("hub").unwrap(), config))
    };
    let app = json!({ "type": "app", "appId": "1", "installationId": 2, "privateKey": pem });
    let plugin = make(app.clone()).await.unwrap();
    assert_eq!(plugin.info().name, "github");
    let mut both = app.clone();
    both["privateKeyFile"] = json!("app.pem");
    let mut odd = app.clone();
    odd["privateKey"] = json!("-----BEGIN hush-9f3c");
    for (auth, named) in [
        (both, "either privateKey or privateKeyFile"),
        (odd, "auth.privateKey"),
        (
            json!({ "type": "app", "appId": "1", "installationId": "hush-9f3c", "privateKey": pem }),
            "expected",
        ),
        (json!({ "type": "token", "token": " " }), "auth"),
        (json!({ "type": "token", "token": "hush-9f3c", "more": 1 }), "more"),
    ] {
        let error = make(auth).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(named), "{error}");
        assert!(!error.message().contains("hush-9f3c") && !error.message().contains(&pem[40..80]), "{error}");
    }
}
