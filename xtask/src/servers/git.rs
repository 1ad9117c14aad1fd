//! git, which the embedded providers and this program itself run.

use super::debian;
use crate::error::{Error, Result};
use crate::process;
use crate::version::Version;
use crate::workspace::Workspace;

/// The oldest git whose plumbing the embedded git provider relies on.
const OLDEST: Version = Version(2, 38);

/// Makes sure that git is there and new enough.
pub(super) fn install(workspace: &Workspace) -> Result<()> {
    match version(workspace) {
        Some(version) if version >= OLDEST => return Ok(()),
        Some(version) => println!("git {version} is older than {OLDEST}"),
        None => println!("git is not installed"),
    }
    let reason = format!("the tests need git {OLDEST} or newer: install the package `git`");
    debian::install(workspace, &["git"], &reason)?;
    match version(workspace) {
        Some(version) if version >= OLDEST => Ok(()),
        _ => Err(Error::Check(format!("apt-get has no git {OLDEST} or newer: install one by hand"))),
    }
}

fn version(workspace: &Workspace) -> Option<Version> {
    Version::after("git version ", &process::capture(workspace.command("git").arg("--version")).ok()?)
}
