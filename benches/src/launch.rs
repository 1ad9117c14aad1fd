//! Benches of packages beside this one.
//!
//! Those packages switch on a vendor and its HTTP client, or databases. Were they built by default, every other build of this
//! workspace would take all that on, the quickstart too.

use std::process::{Command, ExitCode};

use crate::Result;

/// Runs the bench of another package with the arguments of this process.
///
/// # Errors
/// Where cargo cannot be started.
pub fn launch(package: &str, bench: &str) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut run = Command::new(cargo);
    run.args(["bench", "--package", package, "--bench", bench, "--"]);
    let status = run.args(std::env::args_os().skip(1)).status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
