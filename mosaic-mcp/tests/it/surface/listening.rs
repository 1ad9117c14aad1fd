//! A server of the tests that listens on loopback.

use std::net::SocketAddr;

use axum::Router;
use mosaic_core::error::Result;
use mosaic_mcp::surface::{HttpOptions, McpHttp, McpServer};
use reqwest::{Client, RequestBuilder};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A server that listens on loopback.
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    pub(super) http: McpHttp,
    pub(super) stop: CancellationToken,
    pub(super) served: JoinHandle<Result<()>>,
}

impl Listening {
    pub(super) async fn new(server: &McpServer, options: HttpOptions) -> Self {
        Self::beside(server, options, Router::new()).await
    }

    /// The same, beside the routes of an application.
    pub(super) async fn beside(server: &McpServer, options: HttpOptions, app: Router) -> Self {
        let http = server.http(options).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let (token, serving) = (stop.clone(), http.clone());
        let served = tokio::spawn(async move { serving.serve_beside(app, listener, token).await });
        Self { address, http, stop, served }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// A message as an old client sends it.
    pub(super) fn post(&self, message: impl Into<reqwest::Body>) -> RequestBuilder {
        Client::new()
            .post(self.url())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(message)
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.served.await.unwrap().unwrap();
    }
}
