//! Paths into the structure of a file, as reports show them: `plugins[1].config.path`.

use super::source::MASK;

/// A path and one key more.
pub(super) fn key(path: &str, key: &str) -> String {
    let key = shown(key);
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    match (path.is_empty(), plain) {
        (true, true) => key,
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key:?}]"),
    }
}

/// A path and the position in a list.
pub(super) fn index(path: &str, at: usize) -> String {
    format!("{path}[{at}]")
}

/// Whether a path is another one, or leads into it.
pub(super) fn within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// How much of a key may be shown, in bytes; none where all of it may. What follows a colon is a value whose space was forgotten,
/// and any other text that is no name may be one.
pub(super) fn open_part(key: &str) -> Option<usize> {
    // Reports speak of merge keys.
    if key == "<<" {
        return None;
    }
    let end = key.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.')))?;
    Some(if key[end..].starts_with(':') { end + 1 } else { end })
}

/// A key as it may be shown.
pub(super) fn shown(key: &str) -> String {
    match open_part(key) {
        None => cut(key),
        Some(end) => cut(&key[..end]) + MASK,
    }
}

/// A text of the file, not too long to be shown.
pub(super) fn cut(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        text.into()
    } else {
        text.chars().take(LONGEST).chain(['…']).collect()
    }
}
