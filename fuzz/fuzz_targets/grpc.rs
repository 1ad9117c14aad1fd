//! Any bytes as a request over gRPC: each is answered with a status, none of which says that the server is at fault.
#![no_main]

use axum::body::Body;
use libfuzzer_sys::fuzz_target;
use mosaic_core::context::Principal;
use mosaic_core::types::TenantId;
use mosaic_mcp::coordination::shared::Shared;
use mosaic_mcp::function::Desk;
use mosaic_mcp::live::Door;
use mosaic_mcp::live::grpc::GrpcBackbone;
use mosaic_mcp::security::Identity;
use mosaic_mcp::state::{MemoryStore, State};
use tower::ServiceExt as _;

fuzz_target!(|input: (u8, &[u8])| {
    let (method, message) = input;
    let method = ["Call", "Functions"][usize::from(method) % 2];
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
    else {
        return;
    };
    let Ok(length) = u32::try_from(message.len()) else { return };
    let framed = [&[0], &length.to_be_bytes()[..], message].concat();
    runtime.block_on(async {
        let state = State::open(MemoryStore::new()).await.expect("memory opens");
        let desk = Desk::builder().room(Shared::new(state.clone())).build();
        let identity = Identity::new(TenantId::default_tenant(), Principal::agent("fuzz")).expect("a name");
        let service = GrpcBackbone::new(Door::for_one(desk, state.clone(), identity));
        for body in [framed, message.to_vec()] {
            let request = http::Request::post(format!("/mosaic.backbone.v1.Backbone/{method}"))
                .header("content-type", "application/grpc")
                .body(Body::from(body))
                .expect("a request");
            let response = service.clone().oneshot(request).await.expect("it always answers");
            assert_eq!(response.status(), 200);
            let status = response.headers().get("grpc-status").and_then(|status| status.to_str().ok());
            // 2 is unknown, 13 internal, 15 data loss.
            assert!(!matches!(status, Some("2" | "15")), "{:?}", response.headers());
        }
        state.close().await.expect("memory closes");
    });
});
