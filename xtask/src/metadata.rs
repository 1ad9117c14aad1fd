//! The part of `cargo metadata` that the checks read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// What cargo says about the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// Members only, or every package of the lock file: see [`members`] and [`locked`].
    pub(crate) packages: Vec<Package>,
    /// Ids of the packages that belong to the workspace.
    pub(crate) workspace_members: BTreeSet<String>,
    /// The build directory.
    pub(crate) target_directory: PathBuf,
    /// The dependency graph; absent for [`members`].
    pub(crate) resolve: Option<Resolve>,
}

/// One package.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// A dependency as a manifest declares it, of any kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
}

/// The resolved graph.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// A package and the ids of its direct dependencies.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) dependencies: Vec<String>,
}

/// The members of the workspace, without their dependencies.
pub(crate) fn members(workspace: &Workspace) -> Result<Metadata> {
    read(workspace, "--no-deps")
}

/// Every package of the lock file, which must be up to date.
pub(crate) fn locked(workspace: &Workspace) -> Result<Metadata> {
    read(workspace, "--locked")
}

fn read(workspace: &Workspace, mode: &str) -> Result<Metadata> {
    let mut command = workspace.cargo();
    command.args(["metadata", "--format-version", "1", mode]);
    let text = process::capture(&mut command)?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Output { command: process::show(&command), reason: error.to_string() })
}
