//! What the tests of MCP run beside Mosaic: the conformance suite, the inspector, reference servers, and a client in Python.

use std::fs;
use std::path::{Path, PathBuf};

use super::{debian, node};
use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// The tools, each with its version.
const TOOLS: &[(&str, &str)] = &[
    ("@modelcontextprotocol/conformance", "0.1.16"),
    ("@modelcontextprotocol/inspector", "2.12.0"),
    ("@modelcontextprotocol/server-everything", "2026.8.31"),
    ("@modelcontextprotocol/server-filesystem", "2026.8.31"),
];

/// The version of the client in Python.
const CLIENT: &str = "2.3.0";

/// Makes sure that the tools are installed below `servers`, and gives the directory that has their `node_modules`.
pub(super) fn install_tools(workspace: &Workspace, servers: PathBuf) -> Result<PathBuf> {
    let node = node::install_newer(workspace, servers.clone())?;
    let directory = servers.join("mcp-tools");
    if missing(&directory).is_empty() {
        return Ok(directory);
    }
    let packages: Vec<String> = TOOLS.iter().map(|(name, version)| format!("{name}@{version}")).collect();
    node::npm_install(workspace, Some(&node), &directory, &packages)?;
    let missing = missing(&directory);
    if missing.is_empty() {
        return Ok(directory);
    }
    Err(Error::faults("npm did not install:", missing))
}

/// The tools that are not there in their version.
fn missing(directory: &Path) -> Vec<&'static str> {
    let is_there = |name: &str, version: &str| {
        let manifest =
            fs::read_to_string(directory.join("node_modules").join(name).join("package.json")).ok()?;
        let manifest: serde_json::Value = serde_json::from_str(&manifest).ok()?;
        Some(manifest.get("version")? == version)
    };
    TOOLS
        .iter()
        .filter(|(name, version)| is_there(name, version) != Some(true))
        .map(|(name, _)| *name)
        .collect()
}

/// Makes sure that the client in Python is installed below `servers`, and gives the Python that finds it.
pub(super) fn install_client(workspace: &Workspace, servers: PathBuf) -> Result<PathBuf> {
    let directory = servers.join(format!("mcp-python-{CLIENT}"));
    let python = directory.join("bin").join("python");
    if has_client(workspace, &python) {
        return Ok(python);
    }
    environment(workspace, &directory)?;
    let mut pip = workspace.command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    process::run(pip.arg(format!("mcp=={CLIENT}")))?;
    if has_client(workspace, &python) {
        return Ok(python);
    }
    Err(Error::Check(format!("pip installed mcp {CLIENT}, which cannot be imported")))
}

/// Makes an environment of Python, and gives its program.
pub(super) fn environment(workspace: &Workspace, directory: &Path) -> Result<PathBuf> {
    if !make_environment(workspace, directory) {
        let reason = "python 3.10 or newer with its module `venv` is needed: install it";
        debian::install(workspace, &["python3", "python3-venv"], reason)?;
        if !make_environment(workspace, directory) {
            return Err(Error::Check("python makes no environment: `python3 -m venv` fails".to_owned()));
        }
    }
    Ok(directory.join("bin").join("python"))
}

fn make_environment(workspace: &Workspace, directory: &Path) -> bool {
    process::succeeds(workspace.command("python3").args(["-m", "venv", "--clear"]).arg(directory))
}

fn has_client(workspace: &Workspace, python: &Path) -> bool {
    python.is_file() && process::succeeds(workspace.command(python).args(["-c", "import mcp"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_of_another_version_is_missing() {
        let directory = std::env::temp_dir().join(format!("xtask-tools-{}", std::process::id()));
        for (at, (name, version)) in TOOLS.iter().enumerate() {
            let package = directory.join("node_modules").join(name);
            fs::create_dir_all(&package).unwrap();
            let version = if at == 1 { "0.0.1" } else { version };
            fs::write(package.join("package.json"), format!(r#"{{"version": "{version}"}}"#)).unwrap();
        }
        fs::remove_dir_all(directory.join("node_modules").join(TOOLS[2].0)).unwrap();
        let found = missing(&directory);
        fs::remove_dir_all(&directory).unwrap();
        assert_eq!(found, [TOOLS[1].0, TOOLS[2].0]);
    }
}
