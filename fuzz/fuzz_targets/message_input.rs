//! Any JSON as the parameters of any function on messages: it is done or refused with what is wrong, and a second look at the mailbox
//! finds counters that fit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_mcp::coordination::messages::{GetMailbox, Messages, OpenMailbox};
use mosaic_mcp::function::Desk;
use mosaic_mcp::state::{MemoryStore, State};

fuzz_target!(|calls: Vec<(u8, &str)>| {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
    else {
        return;
    };
    runtime.block_on(async {
        let state = State::open(MemoryStore::new()).await.expect("memory opens");
        let (messages, cx) = (Messages::new(state.clone()), CallContext::new());
        messages.open_mailbox(&cx, OpenMailbox::new("box")).await.expect("a mailbox opens");
        let desk = Desk::builder().room(messages.clone()).build();
        let functions: Vec<_> = desk.offered().collect();
        for (function, json) in calls.into_iter().take(16) {
            let Ok(params) = serde_json::from_str(json) else { continue };
            let function = functions[usize::from(function) % functions.len()];
            if let Err(error) = function.call(&desk, &cx, params).await {
                assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
            }
        }
        if let Ok(mailbox) = messages.get_mailbox(&cx, GetMailbox::new("box")).await {
            assert!(mailbox.given <= mailbox.held);
        }
        state.close().await.expect("memory closes");
    });
});
