//! `soak`: the heavy tests with their full figures.
//!
//! `MOSAIC_SOAK` scales the heavy tests (process kills, load, long random runs). Unset means the figures of
//! CI, which every `cargo xtask test` runs; `full` means the full figures, which take long enough to have
//! this command.

use crate::error::Result;
use crate::process;
use crate::workspace::Workspace;

/// Runs the tests named `soak` of the root package in release mode; `args` go to the test runner.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let mut cargo = workspace.cargo();
    if process::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        cargo.args(["nextest", "run"]);
    } else {
        cargo.arg("test");
    }
    println!("MOSAIC_SOAK=full: the full figures instead of those of CI");
    process::run(
        cargo
            .env("MOSAIC_SOAK", "full")
            .args(["--release", "-p", "mosaic", "--test", "it", "soak"])
            .args(args),
    )
}
