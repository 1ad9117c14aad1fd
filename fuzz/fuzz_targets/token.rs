//! Any text as a bearer token, and any header around it: nobody gets in by it, and every refusal is one of a token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mosaic_core::error::ErrorKind;
use mosaic_core::types::Secret;
use mosaic_mcp::security::Authenticators;
use mosaic_mcp::security::token::{ApiKeys, TokenIssuer};
use mosaic_mcp::state::{MemoryStore, State};

fuzz_target!(|text: &str| {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()
    else {
        return;
    };
    runtime.block_on(async {
        let state = State::open(MemoryStore::new()).await.expect("memory opens");
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let issuer =
            TokenIssuer::hmac("https://id.example", "mosaic", &secret).expect("a key that is long enough");
        let doors = Authenticators::new()
            .with(issuer.authenticator().expect("its own key"))
            .with(ApiKeys::new(state.clone()));
        // As it is, and where it looks like one of each kind.
        for token in [text.to_owned(), format!("eyJhbGciOiJIUzI1NiJ9.{text}"), format!("mosaic_{text}")] {
            let error = doors.authenticate(&Secret::new(token)).await.expect_err("nobody made it");
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
            assert!(text.len() < 8 || !error.to_string().contains(text), "a token is not shown");
        }
        state.close().await.expect("memory closes");
    });
});
