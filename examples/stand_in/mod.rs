//! Servers on loopback that stand in for vendors, so that examples run without accounts: those of the providers' own tests,
//! taken by their path, as they are no part of what anybody ships.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "they are test code, and an example needs a part of them"
)]

#[path = "../../mosaic-providers/tests/it/fake/mod.rs"]
pub(crate) mod fake;
pub(crate) mod support;
