//! Debian's packages, installed where apt-get and root are at hand.

use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// Installs packages.
///
/// Fails with `reason`, which says what a person has to do, where this program may not install anything.
pub(super) fn install(workspace: &Workspace, packages: &[&str], reason: &str) -> Result<()> {
    if !can_install(workspace) {
        return Err(Error::Check(reason.to_owned()));
    }
    process::run(workspace.command("apt-get").args(["update", "--quiet"]))?;
    let mut install = workspace.command("apt-get");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn can_install(workspace: &Workspace) -> bool {
    let root = process::capture(workspace.command("id").arg("-u")).is_ok_and(|user| user.trim() == "0");
    root && process::succeeds(workspace.command("apt-get").arg("--version"))
}
