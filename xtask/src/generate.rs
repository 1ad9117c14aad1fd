//! `gen`: files that are projections of the code, written and compared.

use crate::error::{Error, Result};
use crate::process;
use crate::workspace::Workspace;

/// What the generators write: the page of operations, one JSON Schema per type, that of configuration files, and what providers
/// offer in their documents.
const GENERATED: &[&str] =
    &["docs/operations.md", "docs/schema", "mosaic-core/schemas", ":(glob)mosaic-providers/src/**/docs.md"];

/// The generators: package, features and example.
const GENERATORS: &[[&str; 3]] =
    &[["mosaic-core", "testkit", "generate"], ["mosaic-providers", "vendors", "generate_documents"]];

/// Runs the generators; with `--check`, fails with the difference if the committed files are not their output.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let check = match args {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err(Error::Usage("usage: cargo xtask gen [--check]".to_owned())),
    };
    for [package, features, example] in GENERATORS {
        let mut generate = workspace.cargo();
        generate.args(["run", "--quiet", "-p", package, "--features", features, "--example", example, "--"]);
        process::run(generate.arg(workspace.root()))?;
    }
    if check { unchanged(workspace) } else { Ok(()) }
}

fn unchanged(workspace: &Workspace) -> Result<()> {
    let git = |args: &[&str]| {
        let mut git = workspace.command("git");
        git.args(args).arg("--").args(GENERATED);
        git
    };
    let changed = process::capture(&mut git(&["status", "--porcelain", "--untracked-files=all"]))?;
    if changed.is_empty() {
        return Ok(());
    }
    process::run(&mut git(&["--no-pager", "diff", "HEAD"]))?;
    Err(Error::faults(
        "generated files are stale: run `cargo xtask gen` and commit the result",
        changed.lines(),
    ))
}
