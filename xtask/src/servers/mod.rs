//! What the tests need on this machine beside Rust: found, or installed where that is possible.

mod debian;
mod find;
mod git;
mod keys;
mod mcp;
mod node;
mod oidc;
mod postgres;
mod prism;
mod redis;

use std::env;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::metadata;
use crate::steps::Steps;
use crate::workspace::Workspace;

/// The variable under which a server that cannot be installed is an error instead of skipped tests.
const REQUIRED: &str = "MOSAIC_REQUIRE_SERVERS";

/// A server that tests use where it is there.
struct Server {
    name: &'static str,
    /// The variable by which the tests find it; where it is set already, its value stands.
    variable: &'static str,
    /// Makes sure that it is below this directory, and gives what the variable is set to.
    install: fn(&Workspace, PathBuf) -> Result<PathBuf>,
}

const SERVERS: &[Server] = &[
    Server { name: "prism", variable: "MOSAIC_PRISM", install: prism::install },
    Server { name: "postgres", variable: "MOSAIC_POSTGRES", install: postgres::install },
    Server { name: "redis", variable: "MOSAIC_REDIS", install: redis::install },
    Server { name: "node 22", variable: "MOSAIC_NODE22", install: node::install_newer },
    Server { name: "tools of MCP", variable: "MOSAIC_MCP_TOOLS", install: mcp::install_tools },
    Server { name: "client of MCP in Python", variable: "MOSAIC_MCP_PYTHON", install: mcp::install_client },
    Server { name: "identity provider", variable: "MOSAIC_OIDC", install: oidc::install },
    Server { name: "OpenBao", variable: "MOSAIC_OPENBAO", install: keys::install_openbao },
    Server { name: "SoftHSM", variable: "MOSAIC_SOFTHSM", install: keys::install_softhsm },
];

/// Makes sure that git is there, and every server; gives the variables by which the tests find the servers.
pub(crate) fn prepare(workspace: &Workspace, steps: &mut Steps) -> Result<Vec<(&'static str, PathBuf)>> {
    steps.run("test: git", || git::install(workspace))?;
    let directory = metadata::members(workspace)?.target_directory.join("servers");
    let mut variables = Vec::new();
    for server in SERVERS {
        if env::var_os(server.variable).is_some() {
            continue;
        }
        steps.run(&format!("test: {}", server.name), || {
            let installed = (server.install)(workspace, directory.clone());
            variables.extend(settle(server, installed, required())?.map(|path| (server.variable, path)));
            Ok(())
        })?;
    }
    Ok(variables)
}

/// What a failed installation means: tests that are skipped, or an error.
fn settle(server: &Server, installed: Result<PathBuf>, required: bool) -> Result<Option<PathBuf>> {
    match installed {
        Ok(path) => Ok(Some(path)),
        Err(error) if required => {
            Err(Error::Check(format!("{REQUIRED} is set, and there is no {}: {error}", server.name)))
        }
        Err(error) => {
            println!("{} is not installed, its tests are skipped: {error}", server.name);
            Ok(None)
        }
    }
}

fn required() -> bool {
    env::var_os(REQUIRED).is_some_and(|value| value == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_server_is_an_error_only_where_servers_are_required() {
        let missing = || Err(Error::Check("no npm".to_owned()));
        assert!(settle(&SERVERS[0], missing(), false).unwrap().is_none());
        let error = settle(&SERVERS[0], missing(), true).unwrap_err();
        assert_eq!(error.to_string(), "MOSAIC_REQUIRE_SERVERS is set, and there is no prism: no npm");
        let path = PathBuf::from("index.js");
        assert_eq!(settle(&SERVERS[0], Ok(path.clone()), true).unwrap(), Some(path));
    }
}
