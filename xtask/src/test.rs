//! `test`: prepares the machine and runs every test of the workspace.

use std::path::PathBuf;

use crate::error::Result;
use crate::process;
use crate::servers;
use crate::steps::Steps;
use crate::workspace::{BUILD, UNTESTED, Workspace};

/// Variables that the tests get, by which they find the servers of this machine.
type Variables = [(&'static str, PathBuf)];

/// Runs the unit, integration and documentation tests. `args` go to the test runner; where there are any, the
/// run is a selection and documentation tests are left out.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let mut steps = Steps::begin();
    let variables = servers::prepare(workspace, &mut steps)?;
    steps.run("test: unit and integration", || unit_and_integration(workspace, &variables, args))?;
    if args.is_empty() {
        steps.run("test: documentation", || documentation(workspace))?;
    }
    Ok(())
}

fn unit_and_integration(workspace: &Workspace, variables: &Variables, args: &[String]) -> Result<()> {
    let mut cargo = workspace.cargo();
    if process::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        cargo.args(["nextest", "run"]).args(BUILD).args(UNTESTED);
    } else {
        println!("cargo-nextest is not installed: cargo's own runner is used");
        cargo.arg("test").args(BUILD).args(UNTESTED).args(["--tests", "--examples"]);
    }
    process::run(cargo.args(args).envs(variables.iter().map(|(name, path)| (name, path))))
}

fn documentation(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["test", "--doc"]).args(BUILD).args(UNTESTED))
}
