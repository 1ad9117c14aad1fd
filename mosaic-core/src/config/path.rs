//! Paths into the structure of a file, as reports show them: `plugins[1].config.path`.

/// A path and one key more.
pub(super) fn key(path: &str, key: &str) -> String {
    let key = cut(key);
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

/// A text of the file, not too long to be shown.
pub(super) fn cut(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        text.into()
    } else {
        text.chars().take(LONGEST).chain(['…']).collect()
    }
}
