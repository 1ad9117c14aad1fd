//! Remote servers as plugins, and another Mosaic as a caller.

mod child;
mod equal;
mod gateway;
#[expect(dead_code, reason = "the other tests of it need more")]
#[path = "../../../../mosaic-core/tests/it/generate.rs"]
mod generate;
mod http;
mod play;
mod reference;
