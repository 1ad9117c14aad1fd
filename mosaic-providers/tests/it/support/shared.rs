//! Vendors' documents and recordings, which lie in a directory of their own beside the repository.

use std::path::PathBuf;

/// The variable that names the directory of shared test data.
const SHARED: &str = "MOSAIC_SHARED";

/// A file or directory of the shared test data, such as `specs/gitea/swagger.v1.pruned.json`. `None`, after a line that says
/// why, where it is not on this machine: the test then passes without it.
pub(crate) fn path(below: &str) -> Option<PathBuf> {
    let Some(shared) = std::env::var_os(SHARED) else {
        println!("skipped: {SHARED} names no shared test data");
        return None;
    };
    let path = PathBuf::from(shared).join(below);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {SHARED} has no {below}");
    None
}

/// The text of such a file.
pub(crate) fn text(below: &str) -> Option<String> {
    let path = path(below)?;
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{below}: {error}")))
}
