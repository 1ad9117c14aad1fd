//! `cargo bench --bench providers`, `--bench state`: runs the bench of a package beside this one, with the same arguments.
//!
//! Those packages switch on a vendor and its HTTP client, or databases. Were they built by default, every other build of this
//! workspace would take all that on, the quickstart too.

use std::process::{Command, ExitCode};

use mosaic_benches::Result;

fn main() -> Result<ExitCode> {
    // By the name that this file was built under.
    let (package, bench) = match env!("CARGO_CRATE_NAME") {
        "providers" => ("mosaic-provider-benches", "measured"),
        "state" => ("mosaic-backbone-benches", "measured_state"),
        other => return Err(format!("there is no bench of the name {other}").into()),
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut run = Command::new(cargo);
    run.args(["bench", "--package", package, "--bench", bench, "--"]);
    let status = run.args(std::env::args_os().skip(1)).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
