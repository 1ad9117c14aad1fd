//! Redis, which tells nodes of each other's changes; the tests start servers of their own.

use std::path::PathBuf;

use super::{debian, find};
use crate::error::{Error, Result};
use crate::process;
use crate::version::Version;
use crate::workspace::Workspace;

const PROGRAM: &str = "redis-server";
/// The oldest that the tests were run with.
const OLDEST: Version = Version(7, 0);

/// Makes sure that it is there and new enough, and gives its program.
pub(super) fn install(workspace: &Workspace, _servers: PathBuf) -> Result<PathBuf> {
    if let Some(program) = find(workspace) {
        return Ok(program);
    }
    let reason = format!("redis {OLDEST} or newer is needed: install the package `redis-server`");
    debian::install(workspace, &["redis-server"], &reason)?;
    find(workspace).ok_or_else(|| Error::Check(format!("apt-get has no redis {OLDEST}: install one by hand")))
}

fn find(workspace: &Workspace) -> Option<PathBuf> {
    let program = find::in_path(PROGRAM)?;
    let line = process::capture(workspace.command(&program).arg("--version")).ok()?;
    let version = line.split(' ').find_map(|word| Version::after("v=", word))?;
    (version >= OLDEST).then_some(program)
}
