//! Programs of this machine: where they are.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The first directory of `PATH` that has the program, with it.
pub(super) fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    first(env::split_paths(&path), program)
}

fn first(directories: impl Iterator<Item = PathBuf>, program: &str) -> Option<PathBuf> {
    directories.map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// `PATH` with a directory in front.
pub(super) fn path_with(directory: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(directory.to_owned()).chain(env::split_paths(&path)))
        .map_err(|error| Error::Check(format!("{}: {error}", directory.display())))
}

/// The directories `<above>/<version>/<below>` that there are, the newest version first.
pub(super) fn versions(above: &Path, below: &str) -> Vec<PathBuf> {
    let Ok(entries) = above.read_dir() else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join(below))))
        .filter(|(_, directory)| directory.is_dir())
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, directory)| directory).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_the_first_directory_that_has_it() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let directories =
            || [PathBuf::from("no-such-directory"), source.join("floors"), source.clone()].into_iter();
        assert_eq!(first(directories(), "mod.rs"), Some(source.join("floors").join("mod.rs")));
        assert_eq!(first(directories(), "main.rs"), Some(source.join("main.rs")));
        assert_eq!(first(directories(), "servers"), None);
    }

    #[test]
    fn the_newest_version_is_first() {
        let above = env::temp_dir().join(format!("xtask-versions-{}", std::process::id()));
        for name in ["9/bin", "15/bin", "16", "old/bin"] {
            std::fs::create_dir_all(above.join(name)).unwrap();
        }
        let found = versions(&above, "bin");
        std::fs::remove_dir_all(&above).unwrap();
        assert_eq!(found, [above.join("15").join("bin"), above.join("9").join("bin")]);
        assert!(versions(&above, "bin").is_empty());
    }
}
