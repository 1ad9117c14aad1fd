//! A server over HTTP as a plugin: credentials, failures, and another Mosaic whose operations are answered.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{ErrorKind, Outcome, Result};
use mosaic_core::op::Direct;
use mosaic_core::op::git::{CreateRepository, GetRepository};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::testkit::Double;
use mosaic_core::types::git::Repository;
use mosaic_core::types::{ProviderId, Secret, ServiceKind, TenantId};
use mosaic_mcp::client::{Handshake, HttpServerConfig, RemoteConfig, RemoteServers};
use mosaic_mcp::security::{Authenticator, Identity};
use mosaic_mcp::surface::{HttpOptions, McpServer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::surface::forge::Anyone;
use crate::surface::http::admission;

/// Knows one token.
struct OneToken;

#[async_trait]
impl Authenticator for OneToken {
    async fn authenticate(&self, token: &Secret) -> Result<Option<Identity>> {
        match token.expose() {
            "g00d" => Identity::new(TenantId::default_tenant(), Principal::user("ann")).map(Some),
            _ => Ok(None),
        }
    }
}

struct Listening {
    url: String,
    stop: CancellationToken,
    served: JoinHandle<Result<()>>,
}

impl Listening {
    async fn new(forge: &Double) -> Self {
        let direct = Arc::new(Direct::new(Arc::new(forge.clone())));
        let server = McpServer::over(direct).gate(Anyone).build().unwrap();
        let http = server.http(HttpOptions::new().authenticator(admission(OneToken))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let token = stop.clone();
        Self { url, stop, served: tokio::spawn(async move { http.serve(listener, token).await }) }
    }

    fn config(&self, token: &str) -> RemoteConfig {
        let server = HttpServerConfig::new(&self.url).token(Secret::new(token));
        RemoteConfig::http(server).operations(["git.get_repository", "git.create_repository"])
    }

    async fn stop(self) {
        self.stop.cancel();
        self.served.await.unwrap().unwrap();
    }
}

fn forge() -> Double {
    Double::new().answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main"))).answer(
        |op: &CreateRepository| match op.repo.name.as_str() {
            "taken" => Err(mosaic_core::Error::new(ErrorKind::Conflict, "it is taken")),
            _ => Ok(Repository::of(&op.repo, "main")),
        },
    )
}

async fn orchestra(config: RemoteConfig) -> Result<Orchestrator> {
    let servers = RemoteServers::new();
    let plugin = servers.plugin(ProviderId::new("far").unwrap(), ServiceKind::Git, config)?;
    Orchestrator::builder().provider("far", plugin).build().await
}

#[tokio::test]
async fn operations_of_another_mosaic_are_answered_cached_and_told_apart() {
    let forge = forge();
    let server = Listening::new(&forge).await;
    for handshake in [Handshake::Auto, Handshake::Initialize] {
        let mosaic = orchestra(server.config("g00d").handshake(handshake)).await.unwrap();
        let before = forge.seen();
        for _ in 0..3 {
            let repository = mosaic.git().get_repository(GetRepository::new("acme", "widget")).await.unwrap();
            assert_eq!(repository.default_branch, "main");
        }
        assert!(forge.seen() - before <= 1, "the answer was kept here");
        let error = mosaic.git().create_repository(CreateRepository::new("acme", "taken")).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotMade));
        assert_eq!((error.message(), error.attempts().len()), ("it is taken", 1));
        mosaic.shutdown().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_an_error_of_the_start() {
    let server = Listening::new(&forge()).await;
    let error = orchestra(server.config("bad")).await.unwrap_err();
    assert!(error.message().contains("token"), "{error:?}");
    assert!(!format!("{error:?}").contains("bad\""), "{error:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_went_away_was_not_reached() {
    let server = Listening::new(&forge()).await;
    let mosaic = orchestra(server.config("g00d").call_ms(5_000)).await.unwrap();
    server.stop().await;
    let cx = CallContext::new().time_limit(Duration::from_secs(20));
    let error =
        mosaic.with(cx).git().create_repository(CreateRepository::new("acme", "new")).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotMade, "{error:?}");
    mosaic.shutdown().await;
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    drop(listener);
    let config = RemoteConfig::http(HttpServerConfig::new(url)).operations(["git.get_repository"]);
    let error = orchestra(config).await.unwrap_err();
    assert!(error.message().contains("cannot be reached"), "{error:?}");
}
