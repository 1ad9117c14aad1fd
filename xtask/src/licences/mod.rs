//! `licences`: every dependency is under a licence that this project can ship with.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::metadata::{self, Metadata, Package};
use crate::workspace::Workspace;

use self::spdx::Expression;

mod spdx;

/// Licences that any dependency may have.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Licences that a dependency of a dependency may have as well: copyleft per file, and we change none of
/// those files.
const ALLOWED_TRANSITIVE: &[&str] = &["MPL-2.0"];

/// Fails on each dependency whose licence is not allowed, missing or unreadable.
pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<()> {
    let metadata = metadata::locked(workspace)?;
    let direct = direct(&metadata);
    let foreign =
        metadata.packages.iter().filter(|package| !metadata.workspace_members.contains(&package.id));
    let (mut checked, mut transitive, mut faults) = (0, Vec::new(), Vec::new());
    for package in foreign {
        checked += 1;
        match judge(package.license.as_deref(), direct.contains(package.id.as_str())) {
            Ok(Grant::Any) => {}
            Ok(Grant::Transitive) => transitive.push(describe(package)),
            Err(reason) => faults.push(format!("{}: {reason}", describe(package))),
        }
    }
    println!("{checked} dependencies");
    if !transitive.is_empty() {
        println!("allowed because no member names them: {}", transitive.join(", "));
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::faults("licences that are not allowed (the lists are in xtask/src/licences/mod.rs)", faults))
}

/// Why a licence is in order.
#[derive(Debug, PartialEq, Eq)]
enum Grant {
    Any,
    Transitive,
}

/// Judges the licence field of a package.
fn judge(license: Option<&str>, direct: bool) -> Result<Grant, String> {
    let text = license.ok_or("its manifest names no licence")?;
    let expression = Expression::parse(text).map_err(|reason| format!("`{text}`: {reason}"))?;
    if expression.holds(&|licence| ALLOWED.contains(&licence)) {
        return Ok(Grant::Any);
    }
    if !expression.holds(&|licence| ALLOWED.contains(&licence) || ALLOWED_TRANSITIVE.contains(&licence)) {
        return Err(format!("`{text}` is not allowed"));
    }
    if direct {
        Err(format!("`{text}` is not allowed for a direct dependency"))
    } else {
        Ok(Grant::Transitive)
    }
}

/// Ids of the packages that a member of the workspace names.
fn direct(metadata: &Metadata) -> BTreeSet<&str> {
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let members = nodes.filter(|node| metadata.workspace_members.contains(&node.id));
    members.flat_map(|node| node.dependencies.iter().map(String::as_str)).collect()
}

fn describe(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_judged_by_who_depends_on_it() {
        for direct in [true, false] {
            assert_eq!(judge(Some("MIT OR GPL-3.0-only"), direct), Ok(Grant::Any));
            assert!(judge(Some("AGPL-3.0-only"), direct).is_err());
            assert!(judge(None, direct).is_err());
            assert!(judge(Some("MIT OR"), direct).is_err());
        }
        assert_eq!(judge(Some("MPL-2.0"), false), Ok(Grant::Transitive));
        assert_eq!(
            judge(Some("MPL-2.0"), true),
            Err("`MPL-2.0` is not allowed for a direct dependency".to_owned())
        );
    }
}
