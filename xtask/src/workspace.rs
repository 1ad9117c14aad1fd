//! The workspace on disk: its root, its tracked files and the environment its commands run in.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Result;
use crate::process;

/// Selects the crates and the features of tests, clippy and documentation. A feature that one of them needs
/// is added here, so that all three compile the same thing, in the dev profile.
pub(crate) const BUILD: &[&str] =
    &["--workspace", "--features", "mosaic/team,mosaic/testkit,mosaic/vendors,mosaic-mcp/full"];

/// Crates that tests leave out: the Python package is tested through its wheel.
pub(crate) const UNTESTED: &[&str] = &["--exclude", "mosaic-py"];

/// The environment variable that names the directory of shared test data.
const SHARED: &str = "MOSAIC_SHARED";

/// The workspace that the current directory belongs to.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    cargo: OsString,
    shared: Option<PathBuf>,
}

impl Workspace {
    /// Asks cargo for the root. `../shared` beside it becomes `MOSAIC_SHARED` unless that is already set.
    pub(crate) fn find() -> Result<Self> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut locate = Command::new(&cargo);
        locate.args(["locate-project", "--workspace", "--message-format", "plain"]);
        let manifest = PathBuf::from(process::capture(&mut locate)?.trim_end());
        let root = manifest.parent().unwrap_or(Path::new(".")).to_owned();
        let shared = match env::var_os(SHARED) {
            Some(_) => None,
            None => root.parent().map(|above| above.join("shared")).filter(|path| path.is_dir()),
        };
        Ok(Self { root, cargo, shared })
    }

    /// The directory of the root manifest.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// `program`, started in the root. The variables that `cargo run` sets about this very package are
    /// removed: build scripts that watch them would otherwise run again.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(describes_a_package)) {
            command.env_remove(name);
        }
        if let Some(shared) = &self.shared {
            command.env(SHARED, shared);
        }
        command
    }

    /// The cargo that started this program.
    pub(crate) fn cargo(&self) -> Command {
        self.command(&self.cargo)
    }

    /// Files that git tracks and that exist, relative to the root.
    pub(crate) fn tracked(&self) -> Result<Vec<PathBuf>> {
        let list = process::capture(self.command("git").args(["ls-files", "-z"]))?;
        let paths = list.split_terminator('\0').map(PathBuf::from);
        Ok(paths.filter(|path| self.root.join(path).is_file()).collect())
    }
}

fn describes_a_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}
