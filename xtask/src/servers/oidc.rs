//! A real identity provider, whose tokens the tests check.

use std::path::{Path, PathBuf};

use super::node;
use crate::error::{Error, Result};
use crate::workspace::Workspace;

const PACKAGE: &str = "oidc-provider";
const VERSION: &str = "9.13.3";

/// Makes sure that it is installed below `servers`, and gives the directory that has its `node_modules`.
pub(super) fn install(workspace: &Workspace, servers: PathBuf) -> Result<PathBuf> {
    let node = node::install_newer(workspace, servers.clone())?;
    let directory = servers.join(format!("{PACKAGE}-{VERSION}"));
    if !is_there(&directory) {
        node::npm_install(workspace, Some(&node), &directory, &[format!("{PACKAGE}@{VERSION}")])?;
    }
    if is_there(&directory) {
        return Ok(directory);
    }
    Err(Error::Check(format!("npm did not install {PACKAGE} {VERSION}")))
}

fn is_there(directory: &Path) -> bool {
    directory.join("node_modules").join(PACKAGE).join("package.json").is_file()
}
