//! Any bytes as lines on the input of a server: it ends well when they end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::context::CallContext;
use mosaic_mcp::coordination::shared::Shared;
use mosaic_mcp::function::Desk;
use mosaic_mcp::state::{MemoryStore, State};
use mosaic_mcp::surface::{Functions, McpServer};

fuzz_target!(|bytes: &[u8]| {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
    else {
        return;
    };
    let mut lines = br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"f","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
"#
    .to_vec();
    lines.extend_from_slice(bytes);
    runtime.block_on(async {
        let state = State::open(MemoryStore::new()).await.expect("memory opens");
        let desk = Desk::builder().room(Shared::new(state.clone())).build();
        let server = McpServer::builder().tools(Functions::new(desk)).acts_as(CallContext::new());
        let server = server.build().expect("a server");
        for lines in [lines, bytes.to_vec()] {
            let input = std::io::Cursor::new(lines);
            server.serve(input, tokio::io::sink(), Default::default()).await.ok();
        }
        state.close().await.expect("memory closes");
    });
});
