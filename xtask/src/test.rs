//! `test`: prepares the machine and runs every test of the workspace.

use crate::error::{Error, Result};
use crate::process;
use crate::steps::Steps;
use crate::workspace::{BUILD, UNTESTED, Workspace};

/// The oldest git whose plumbing the embedded git provider relies on.
const GIT: Version = Version(2, 38);

/// Runs the unit, integration and documentation tests. `args` go to the test runner; where there are any, the
/// run is a selection and documentation tests are left out.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let mut steps = Steps::begin();
    steps.run("test: git", || git(workspace))?;
    steps.run("test: unit and integration", || unit_and_integration(workspace, args))?;
    if args.is_empty() {
        steps.run("test: documentation", || documentation(workspace))?;
    }
    Ok(())
}

fn unit_and_integration(workspace: &Workspace, args: &[String]) -> Result<()> {
    let mut cargo = workspace.cargo();
    if process::succeeds(workspace.cargo().args(["nextest", "--version"])) {
        cargo.args(["nextest", "run"]).args(BUILD).args(UNTESTED);
    } else {
        println!("cargo-nextest is not installed: cargo's own runner is used");
        cargo.arg("test").args(BUILD).args(UNTESTED).args(["--tests", "--examples"]);
    }
    process::run(cargo.args(args))
}

fn documentation(workspace: &Workspace) -> Result<()> {
    process::run(workspace.cargo().args(["test", "--doc"]).args(BUILD).args(UNTESTED))
}

/// Makes sure that git is there and new enough: installs it where apt-get and root are at hand.
fn git(workspace: &Workspace) -> Result<()> {
    match git_version(workspace) {
        Some(version) if version >= GIT => return Ok(()),
        Some(version) => println!("git {version} is older than {GIT}"),
        None => println!("git is not installed"),
    }
    if !can_install(workspace) {
        return Err(Error::Check(format!("the tests need git {GIT} or newer: install the package `git`")));
    }
    process::run(workspace.command("apt-get").args(["update", "--quiet"]))?;
    let mut install = workspace.command("apt-get");
    process::run(
        install.args(["install", "--yes", "--quiet", "git"]).env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    match git_version(workspace) {
        Some(version) if version >= GIT => Ok(()),
        _ => Err(Error::Check(format!("apt-get has no git {GIT} or newer: install one by hand"))),
    }
}

fn git_version(workspace: &Workspace) -> Option<Version> {
    Version::of_git(&process::capture(workspace.command("git").arg("--version")).ok()?)
}

fn can_install(workspace: &Workspace) -> bool {
    let root = process::capture(workspace.command("id").arg("-u")).is_ok_and(|user| user.trim() == "0");
    root && process::succeeds(workspace.command("apt-get").arg("--version"))
}

/// Major and minor number of a program.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

impl Version {
    /// Reads the line that `git --version` prints.
    fn of_git(line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix("git version ")?.split(['.', ' ']);
        Some(Self(numbers.next()?.trim().parse().ok()?, numbers.next()?.trim().parse().ok()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_versions_are_read_and_compared_as_numbers() {
        let read = |line| Version::of_git(line);
        assert_eq!(read("git version 2.47.3\n"), Some(Version(2, 47)));
        assert_eq!(read("git version 2.39.5 (Apple Git-154)\n"), Some(Version(2, 39)));
        assert_eq!(read("git version 2.45.1.windows.1"), Some(Version(2, 45)));
        assert_eq!(read("hub version 2.14"), None);
        assert!(read("git version 2.9.5") < Some(GIT));
        assert!(read("git version 3.0") > Some(GIT));
    }
}
