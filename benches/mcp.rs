//! `cargo bench --bench mcp`: runs the bench of a package beside this one, with the same arguments.

use std::process::ExitCode;

use mosaic_benches::{Result, launch};

fn main() -> Result<ExitCode> {
    launch("mosaic-backbone-benches", "measured_mcp")
}
