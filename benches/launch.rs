//! `cargo bench --bench providers`: runs the bench of the package beside this one, with the same arguments.
//!
//! That package switches on a vendor and its HTTP client. Were it built by default, every other build of this workspace would
//! take both on, the quickstart too.

use std::process::{Command, ExitCode};

use mosaic_benches::Result;

fn main() -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut bench = Command::new(cargo);
    bench.args(["bench", "--package", "mosaic-provider-benches", "--bench", "measured", "--"]);
    let status = bench.args(std::env::args_os().skip(1)).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
