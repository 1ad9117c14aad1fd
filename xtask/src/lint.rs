//! `lint`, `fmt`, `clippy`, `doc`: what the compiler and its tools can check, with warnings denied.

use crate::error::Result;
use crate::process;
use crate::steps::Steps;
use crate::workspace::{BUILD, Workspace};

/// Formatting, clippy and documentation, one after the other.
pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<()> {
    let mut steps = Steps::begin();
    steps.run("fmt", || fmt(workspace, &[]))?;
    steps.run("clippy", || clippy(workspace, &[]))?;
    steps.run("doc", || doc(workspace, &[]))
}

/// Fails where rustfmt would change a file.
pub(crate) fn fmt(workspace: &Workspace, _: &[String]) -> Result<()> {
    process::run(workspace.cargo().args(["fmt", "--all", "--check"]))
}

/// Clippy over every target of every crate.
pub(crate) fn clippy(workspace: &Workspace, _: &[String]) -> Result<()> {
    process::run(workspace.cargo().arg("clippy").args(BUILD).args(["--all-targets", "--", "-D", "warnings"]))
}

/// The documentation of every crate, without that of dependencies.
pub(crate) fn doc(workspace: &Workspace, _: &[String]) -> Result<()> {
    process::run(workspace.cargo().arg("doc").args(BUILD).arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings"))
}
