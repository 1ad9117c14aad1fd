//! `soak`: the heavy tests with their full figures.
//!
//! `MOSAIC_SOAK` scales the heavy tests (process kills, load, long random runs). Unset means the figures of
//! CI, which every `cargo xtask test` runs; `full` means the full figures, which take long enough to have
//! this command.

use crate::error::Result;
use crate::process;
use crate::workspace::Workspace;

/// Where the heavy tests are, and the words in their names.
const TESTS: &[&str] =
    &["-p", "mosaic-core", "-p", "mosaic-providers", "--features", "mosaic-core/testkit", "--test", "it"];
const NAMES: &[&str] = &["soak", "kill"];

/// Runs the heavy tests in release mode; `args` go to the test runner.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let mut cargo = workspace.cargo();
    if process::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        cargo.args(["nextest", "run", "--release"]).args(TESTS).args(NAMES).args(args);
    } else {
        cargo.args(["test", "--release"]).args(TESTS).args(args).arg("--").args(NAMES);
    }
    println!("MOSAIC_SOAK=full: the full figures instead of those of CI");
    process::run(cargo.env("MOSAIC_SOAK", "full"))
}
