//! The order of the crates, and the thinness of mosaic-providers.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::metadata::{self, Package};
use crate::process;
use crate::workspace::Workspace;

/// Which members of the workspace a member may depend on, in any kind of dependency; `None`: on all.
const ALLOWED: &[(&str, Option<&[&str]>)] = &[
    ("mosaic-core", Some(&[])),
    ("mosaic-providers", Some(&["mosaic-core"])),
    ("mosaic-mcp", Some(&["mosaic-core"])),
    ("tony-core", Some(&["mosaic-core", "mosaic-mcp"])),
    ("mosaic", Some(&["mosaic-core", "mosaic-mcp", "mosaic-providers", "tony-core"])),
    ("mosaic-backbone-benches", None),
    ("mosaic-benches", None),
    ("mosaic-provider-benches", None),
    ("mosaic-py", None),
    ("xtask", Some(&[])),
];

/// Crates that only the engine needs.
const ENGINE_ONLY: &[&str] = &["governor", "moka"];

/// The faults among the crates.
pub(super) fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let mut faults = upward(&metadata::members(workspace)?.packages);
    let mut tree = workspace.cargo();
    tree.args(["tree", "-p", "mosaic-providers", "-e", "normal", "--prefix", "none", "-f", "{p}|{f}"]);
    faults.extend(thick(&process::capture(&mut tree)?));
    Ok(faults)
}

/// Dependencies between members that the table does not allow. A crate may name itself, for its own tests.
fn upward(packages: &[Package]) -> Vec<String> {
    let members: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut faults = Vec::new();
    for Package { name, dependencies, .. } in packages {
        let Some((_, allowed)) = ALLOWED.iter().find(|(member, _)| member == name) else {
            faults.push(format!("{name} is not in the table of xtask/src/floors/crates.rs"));
            continue;
        };
        let Some(allowed) = allowed else { continue };
        let used: BTreeSet<&str> = dependencies.iter().map(|dependency| dependency.name.as_str()).collect();
        for used in used.intersection(&members).filter(|used| **used != name.as_str()) {
            if !allowed.contains(used) {
                faults.push(format!("{name} must not depend on {used}"));
            }
        }
    }
    faults
}

/// Signs of the engine in the dependency tree of mosaic-providers, one `package|features` per line.
fn thick(tree: &str) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    for line in tree.lines() {
        let (package, features) = line.trim_end_matches(" (*)").split_once('|').unwrap_or((line, ""));
        let name = package.split(' ').next().unwrap_or(package);
        if name == "mosaic-core" && features.split(',').any(|feature| feature == "engine") {
            faults.insert("mosaic-providers must not turn on the feature `engine` of mosaic-core".to_owned());
        }
        if ENGINE_ONLY.contains(&name) {
            faults.insert(format!("mosaic-providers must not depend on {name}, not even through others"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        let dependency = |name: &&str| Dependency { name: (*name).to_owned() };
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            license: None,
            manifest_path: Default::default(),
            dependencies: dependencies.iter().map(dependency).collect(),
            features: Default::default(),
        }
    }

    #[test]
    fn crates_depend_downward() {
        let good = [
            package("mosaic-core", &["serde", "mosaic-core"]),
            package("tony-core", &["mosaic-core", "serde"]),
            package("mosaic-benches", &["mosaic"]),
            package("mosaic", &["mosaic-core", "tony-core"]),
        ];
        assert_eq!(upward(&good), [""; 0]);
        let bad =
            [package("mosaic-core", &["mosaic", "mosaic"]), package("mosaic", &[]), package("extra", &[])];
        let expected = [
            "mosaic-core must not depend on mosaic",
            "extra is not in the table of xtask/src/floors/crates.rs",
        ];
        assert_eq!(upward(&bad), expected);
    }

    #[test]
    fn providers_stay_thin() {
        let thin =
            "mosaic-providers v0.1.0 (/repo)|default,local\nmosaic-core v0.1.0 (/repo)|\nserde v1.0.0|std\n";
        assert!(thick(thin).is_empty());
        let engine = "mosaic-core v0.1.0 (/repo)|default,engine (*)\nmoka v0.12.0|sync\n";
        let faults: Vec<String> = thick(engine).into_iter().collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
