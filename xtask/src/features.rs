//! `features`: each feature of a library crate compiles alone.

use std::path::Path;

use crate::error::{Error, Result};
use crate::metadata::{self, Package};
use crate::process;
use crate::workspace::Workspace;

/// The branch that decides what is touched.
const BASE: &str = "origin/main";

/// Members that are no libraries of their own.
const SKIPPED: &[&str] =
    &["mosaic-backbone-benches", "mosaic-benches", "mosaic-provider-benches", "mosaic-py", "xtask"];

/// Checks the crates that differ from the base branch, or every one with `--all` or where there is no such
/// branch.
pub(crate) fn run(workspace: &Workspace, args: &[String]) -> Result<()> {
    let changed = match args {
        [] => changed(workspace)?,
        [flag] if flag == "--all" => None,
        _ => return Err(Error::Usage("usage: cargo xtask features [--all]".to_owned())),
    };
    let packages = metadata::members(workspace)?.packages;
    let touched: Vec<&str> = match &changed {
        None => packages.iter().map(|package| package.name.as_str()).collect(),
        Some(files) => files.iter().filter_map(|file| owner(&packages, workspace.root(), file)).collect(),
    };
    let mut checked = 0;
    for package in packages.iter().filter(|package| !SKIPPED.contains(&package.name.as_str())) {
        if !touched.contains(&package.name.as_str()) {
            continue;
        }
        checked += 1;
        for flags in selections(package.features.keys().map(String::as_str)) {
            process::run(workspace.cargo().args(["check", "--quiet", "-p", &package.name]).args(flags))?;
        }
    }
    if checked == 0 {
        println!("no library crate differs from {BASE}; `--all` checks every one");
    }
    Ok(())
}

/// Files that differ from where this branch left the base, or `None` where there is no base branch.
fn changed(workspace: &Workspace) -> Result<Option<Vec<String>>> {
    let git = || workspace.command("git");
    if !process::succeeds(git().args(["rev-parse", "--verify", "--quiet", BASE])) {
        println!("there is no {BASE}: every crate is checked");
        return Ok(None);
    }
    let list = process::capture(git().args(["diff", "--name-only", "-z", "--merge-base", BASE]))?;
    Ok(Some(list.split_terminator('\0').map(str::to_owned).collect()))
}

/// The package whose directory holds `file`; of nested ones, the innermost.
fn owner<'p>(packages: &'p [Package], root: &Path, file: &str) -> Option<&'p str> {
    let file = root.join(file);
    let directory = |package: &'p Package| package.manifest_path.parent().unwrap_or(Path::new(""));
    let holders = packages.iter().filter(|package| file.starts_with(directory(package)));
    holders.max_by_key(|package| directory(package).as_os_str().len()).map(|package| package.name.as_str())
}

/// Flags of each check: no feature, each feature alone, the default.
fn selections<'f>(features: impl Iterator<Item = &'f str>) -> Vec<Vec<&'f str>> {
    let mut selections = vec![vec!["--no-default-features"]];
    selections.extend(
        features
            .filter(|feature| *feature != "default")
            .map(|feature| vec!["--no-default-features", "--features", feature]),
    );
    selections.push(Vec::new());
    selections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, directory: &str) -> Package {
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            license: None,
            manifest_path: Path::new("/repo").join(directory).join("Cargo.toml"),
            dependencies: Vec::new(),
            features: Default::default(),
        }
    }

    #[test]
    fn a_file_belongs_to_the_innermost_package() {
        let packages = [package("mosaic", ""), package("mosaic-core", "mosaic-core")];
        let owner = |file| owner(&packages, Path::new("/repo"), file);
        assert_eq!(owner("mosaic-core/src/lib.rs"), Some("mosaic-core"));
        assert_eq!(owner("src/lib.rs"), Some("mosaic"));
        assert_eq!(owner("mosaic-core-notes.md"), Some("mosaic"));
    }

    #[test]
    fn every_feature_is_checked_alone_and_default_is_no_feature() {
        let none = "--no-default-features";
        let expected =
            [vec![none], vec![none, "--features", "engine"], vec![none, "--features", "rest"], vec![]];
        assert_eq!(selections(["default", "engine", "rest"].into_iter()), expected);
    }
}
