//! Prism, which answers after a vendor's document and checks requests against it.

use std::path::{Path, PathBuf};

use super::node;
use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

const PACKAGE: &str = "@stoplight/prism-cli";
/// The newest that runs on Node 20.
const VERSION: &str = "5.14.2";
/// The program, below the directory of the installation. It is started itself, so that the process that is stopped is it.
const PROGRAM: &str = "node_modules/@stoplight/prism-cli/dist/index.js";

/// Makes sure that it is installed below `servers`, and gives its program, a file for node.
pub(super) fn install(workspace: &Workspace, servers: PathBuf) -> Result<PathBuf> {
    node::install(workspace)?;
    let directory = servers.join(format!("prism-{VERSION}"));
    let program = directory.join(PROGRAM);
    if works(workspace, &program) {
        return Ok(program);
    }
    node::npm_install(workspace, None, &directory, &[format!("{PACKAGE}@{VERSION}")])?;
    if works(workspace, &program) {
        return Ok(program);
    }
    Err(Error::Check(format!("npm installed {PACKAGE}@{VERSION}, which does not run")))
}

/// Whether the program is there whole: it starts and is of this version.
fn works(workspace: &Workspace, program: &Path) -> bool {
    program.is_file()
        && process::capture(workspace.command("node").arg(program).arg("--version"))
            .is_ok_and(|version| version.trim() == VERSION)
}
