//! PostgreSQL, which several nodes share; the tests start servers of their own.

use std::path::{Path, PathBuf};

use super::{debian, find};
use crate::error::{Error, Result};
use crate::process;
use crate::version::Version;
use crate::workspace::Workspace;

/// The oldest whose dialect the store uses.
const OLDEST: Version = Version(15, 0);
/// Where Debian puts each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Makes sure that it is there and new enough, and gives the directory of its programs.
pub(super) fn install(workspace: &Workspace, _servers: PathBuf) -> Result<PathBuf> {
    if let Some(directory) = find(workspace) {
        return Ok(directory);
    }
    let reason =
        format!("the programs of PostgreSQL {OLDEST} or newer are needed: install the package `postgresql`");
    debian::install(workspace, &["postgresql"], &reason)?;
    find(workspace)
        .ok_or_else(|| Error::Check(format!("apt-get has no PostgreSQL {OLDEST}: install one by hand")))
}

fn find(workspace: &Workspace) -> Option<PathBuf> {
    let in_path = find::in_path("initdb").and_then(|program| Some(program.parent()?.to_owned()));
    let directories = in_path.into_iter().chain(find::versions(Path::new(DEBIAN), "bin"));
    directories.into_iter().find(|directory| is_whole(workspace, directory))
}

/// Whether what the tests start is there, and new enough.
fn is_whole(workspace: &Workspace, directory: &Path) -> bool {
    let version = |program: &str| {
        let line = process::capture(workspace.command(directory.join(program)).arg("--version")).ok()?;
        // A line ends in a number, or in a number and the name of who packed it.
        let number = line.split(' ').find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        Version::after("", number)
    };
    ["initdb", "postgres"].iter().all(|program| version(program).is_some_and(|version| version >= OLDEST))
}
