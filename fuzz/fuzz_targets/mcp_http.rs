//! Any bytes as the body of a request over HTTP, with and without the headers of the protocol of 2026-07-28: each is answered by a
//! status of the client's or with an answer, and the server goes on.
#![no_main]

use axum::body::Body;
use libfuzzer_sys::fuzz_target;
use mosaic_core::context::CallContext;
use mosaic_mcp::coordination::shared::Shared;
use mosaic_mcp::function::Desk;
use mosaic_mcp::state::{MemoryStore, State};
use mosaic_mcp::surface::{Functions, HttpOptions, McpServer};
use tower::ServiceExt as _;

fuzz_target!(|input: (Option<&str>, &[u8])| {
    let (method, body) = input;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
    else {
        return;
    };
    runtime.block_on(async {
        let state = State::open(MemoryStore::new()).await.expect("memory opens");
        let desk = Desk::builder().room(Shared::new(state.clone())).build();
        let server = McpServer::builder().tools(Functions::new(desk)).acts_as(CallContext::new());
        let server = server.build().expect("a server");
        let http = server.http(HttpOptions::new().body_limit(64 * 1024)).expect("somebody to act as");
        let mut request = http::Request::post("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        if let Some(method) = method {
            request = request.header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
        }
        let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
        let status = http.clone().oneshot(request).await.expect("it always answers").status();
        assert!(status.is_success() || status.is_client_error(), "{status}");
        http.close();
        state.close().await.expect("memory closes");
    });
});
