//! `sizes`: source files stay short enough to be read in one go.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// Lines a source file may have.
const LIMIT: usize = 600;

/// Extensions of files that count as source.
const SOURCE: &[&str] = &["rs", "py", "sh", "ts", "js"];

/// Fails on any tracked source file over the limit and prints the median and the 90th percentile.
pub(crate) fn run(workspace: &Workspace, _: &[String]) -> Result<()> {
    let mut sizes = Vec::new();
    for path in workspace.tracked()?.into_iter().filter(|path| is_source(path)) {
        let text = fs::read(workspace.root().join(&path))
            .map_err(|source| Error::File { path: path.clone(), source })?;
        sizes.push((lines(&text), path));
    }
    sizes.sort();
    let over: Vec<String> = sizes
        .iter()
        .filter(|(lines, _)| *lines > LIMIT)
        .map(|(lines, path)| format!("{}: {lines} lines", path.display()))
        .collect();
    let at = |percent| sizes.get(rank(sizes.len(), percent)).map_or(0, |(lines, _)| *lines);
    println!("{} source files: median {} lines, p90 {}, largest {}", sizes.len(), at(50), at(90), at(100));
    if over.is_empty() {
        return Ok(());
    }
    Err(Error::faults(&format!("files over {LIMIT} lines; split them by idea"), over))
}

fn is_source(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|extension| SOURCE.contains(&extension))
}

/// Lines of a file; a last line without its newline counts.
fn lines(text: &[u8]) -> usize {
    text.split_inclusive(|byte| *byte == b'\n').count()
}

/// Index of the nearest-rank percentile in a sorted list.
fn rank(length: usize, percent: usize) -> usize {
    (length * percent).div_ceil(100).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_with_and_without_a_last_newline() {
        assert_eq!(lines(b""), 0);
        assert_eq!(lines(b"a\nb"), 2);
        assert_eq!(lines(b"a\nb\n"), 2);
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        assert_eq!((rank(10, 50), rank(10, 90), rank(10, 100)), (4, 8, 9));
        assert_eq!((rank(1, 50), rank(1, 90), rank(0, 50)), (0, 0, 0));
    }

    #[test]
    fn extensions_decide_what_is_source() {
        assert!(is_source(Path::new("a/b.rs")) && is_source(Path::new("c.ts")));
        assert!(!is_source(Path::new("a/b.json")) && !is_source(Path::new("rs")));
    }
}
