//! Node and npm, which run and install the servers that are written for them.

use super::debian;
use crate::error::{Error, Result};
use crate::process;
use crate::version::Version;
use crate::workspace::Workspace;

/// The oldest Node that the servers run on.
const OLDEST: Version = Version(20, 0);

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

fn ready(workspace: &Workspace) -> bool {
    let version = process::capture(workspace.command("node").arg("--version")).ok();
    let version = version.and_then(|line| Version::after("v", &line));
    version.is_some_and(|version| version >= OLDEST)
        && process::succeeds(workspace.command("npm").arg("--version"))
}
