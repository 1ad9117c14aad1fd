//! Servers that tests start for themselves, on free ports of this machine, and that stop with them.

mod line;
mod postgres;
pub(crate) mod program;
#[cfg(feature = "redis")]
mod redis;

pub(crate) use line::Line;
pub(crate) use postgres::Postgres;
pub(crate) use program::give_to_nobody;
#[cfg(feature = "redis")]
pub(crate) use redis::Redis;

use std::path::PathBuf;

/// What a variable of the test command names. None, said aloud, where it is unset: `cargo xtask test` sets it, or fails where
/// servers are required.
pub(crate) fn program(variable: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        assert_ne!(
            std::env::var("MOSAIC_REQUIRE_SERVERS").as_deref(),
            Ok("1"),
            "MOSAIC_REQUIRE_SERVERS is set, and {variable} is not: run `cargo xtask test`"
        );
        println!("skipped: {variable} is not set; `cargo xtask test` sets it");
    }
    found
}
