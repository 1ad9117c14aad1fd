//! `soak`: the heavy tests with their full figures.
//!
//! `MOSAIC_SOAK` scales the heavy tests (process kills, load, long random runs). Unset means the figures of
//! CI, which every `cargo xtask test` runs; `full` means the full figures, which take long enough to have
//! this command.

use crate::error::Result;
use crate::process;
use crate::servers;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// Where the heavy tests are, and the words in their names.
const TESTS: &[&str] = &[
    "-p",
    "mosaic-core",
    "-p",
    "mosaic-providers",
    "-p",
    "mosaic-mcp",
    "--features",
    "mosaic-core/testkit,mosaic-mcp/full",
    "--lib",
    "--test",
    "it",
];
const NAMES: &[&str] = &["soak", "kill"];

/// Runs the heavy tests in release mode, with the servers that they need; `args` go to the test runner.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let variables = servers::prepare(workspace, &mut Steps::begin())?;
    let mut cargo = workspace.cargo();
    if process::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        cargo.args(["nextest", "run", "--release"]).args(TESTS).args(NAMES).args(args);
    } else {
        cargo.args(["test", "--release"]).args(TESTS).args(args).arg("--").args(NAMES);
    }
    println!("MOSAIC_SOAK=full: the full figures instead of those of CI");
    cargo.env("MOSAIC_SOAK", "full").envs(variables.iter().map(|(name, path)| (name, path)));
    process::run(&mut cargo)
}
