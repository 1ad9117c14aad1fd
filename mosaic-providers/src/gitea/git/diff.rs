//! What a diff in the form of git says of each file: what happened to it, and how many lines.

use mosaic_core::types::git::{ChangeKind, FileChange};

/// The files of a diff, ordered by path.
pub(super) fn files(text: &str) -> Vec<FileChange> {
    let mut lines = text.split('\n');
    let mut files: Vec<FileChange> = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(header) = line.strip_prefix("diff --git ") {
            let path = both(header).unwrap_or_default();
            files.push(FileChange::new(path, ChangeKind::Modified).additions(0u64).deletions(0u64));
            continue;
        }
        let Some(file) = files.last_mut() else { continue };
        if let Some(hunk) = line.strip_prefix("@@ ") {
            let (mut old, mut new) = extent(hunk).unwrap_or_default();
            // What is in a hunk is content, whatever it looks like.
            while old > 0 || new > 0 {
                let Some(line) = lines.next() else { break };
                let (deletions, additions) = match line.bytes().next() {
                    Some(b'-') => (1, 0),
                    Some(b'+') => (0, 1),
                    Some(b'\\') => continue,
                    _ => {
                        (old, new) = (old.saturating_sub(1), new.saturating_sub(1));
                        continue;
                    }
                };
                (old, new) = (old.saturating_sub(deletions), new.saturating_sub(additions));
                file.additions = file.additions.map(|count| count + additions);
                file.deletions = file.deletions.map(|count| count + deletions);
            }
        } else {
            describe(file, line);
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Takes up one of the lines between the first of a file and its content.
fn describe(file: &mut FileChange, line: &str) {
    let named = |prefix: &str| line.strip_prefix(prefix).and_then(name);
    if line.starts_with("new file mode ") {
        file.kind = ChangeKind::Added;
    } else if line.starts_with("deleted file mode ") {
        file.kind = ChangeKind::Removed;
    } else if let Some(before) = named("rename from ") {
        (file.kind, file.previous_path) = (ChangeKind::Renamed, Some(before));
    } else if let Some(now) = named("rename to ") {
        file.path = now;
    } else if let Some(now) = named("copy to ") {
        (file.kind, file.path) = (ChangeKind::Added, now);
    } else if line.starts_with("Binary files ") || line == "GIT binary patch" {
        (file.additions, file.deletions) = (None, None);
    } else if let Some(path) = named("+++ ").or_else(|| named("--- ")).filter(|path| path != "/dev/null") {
        // The sides are `a/` and `b/`; that of the file afterwards comes last.
        if let Some((_, path)) = path.split_once('/') {
            file.path = path.to_owned();
        }
    }
}

/// The path in `a/path b/path`, where both are the same: all that can be read where a path may have any blank.
fn both(header: &str) -> Option<String> {
    let one = match header.strip_prefix('"') {
        Some(_) => return name(header)?.split_once('/').map(|(_, path)| path.to_owned()),
        None => header,
    };
    let half = one.len().checked_sub(1)? / 2;
    let (first, second) = (one.get(..half)?, one.get(half + 1..)?);
    let (first, second) = (first.strip_prefix("a/")?, second.strip_prefix("b/")?);
    (first == second).then(|| first.to_owned())
}

/// A name as git writes it: as it is, or in quotation marks with escapes. A tab after it is none of it.
fn name(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(text.split('\t').next().unwrap_or(text).to_owned());
    };
    let (mut bytes, mut rest) = (Vec::new(), quoted.bytes());
    loop {
        match rest.next()? {
            b'"' => return String::from_utf8(bytes).ok(),
            b'\\' => bytes.push(match rest.next()? {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                high @ b'0'..=b'3' => {
                    let digit = |byte: u8| byte.checked_sub(b'0').filter(|digit| *digit < 8);
                    (high - b'0') * 64 + digit(rest.next()?)? * 8 + digit(rest.next()?)?
                }
                other => other,
            }),
            byte => bytes.push(byte),
        }
    }
}

/// How many lines of the old and of the new file a hunk has: `-1,3 +1,4 @@ ..`.
fn extent(hunk: &str) -> Option<(u64, u64)> {
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    let mut words = hunk.split(' ');
    Some((count(words.next()?.strip_prefix('-')?)?, count(words.next()?.strip_prefix('+')?)?))
}

#[cfg(test)]
#[path = "diff_tests.rs"]
mod tests;
