//! What callers may write: the bounds of keys, titles, texts and labels, checked before anything is written.

use mosaic_core::error::Result;

use super::fault::invalid;
use super::names;

/// The number of characters of a title, or of the name of a space, at most.
pub(super) const TITLE_MAX: usize = 512;
/// The number of bytes of a text at most.
pub(super) const TEXT_MAX: usize = 1024 * 1024;
/// The number of characters of a label at most.
const LABEL_MAX: usize = 255;
/// The number of different labels of a document at most.
const LABELS_MAX: usize = 100;

/// The key of a new space.
pub(super) fn key(key: &str) -> Result<()> {
    require(names::is_key(key), || {
        "space: a key has 1 to 64 of a-z 0-9 -, a letter first, and is no name of a device such as con".into()
    })
}

/// A title or a name: one line that is not blank.
pub(super) fn title(field: &str, title: &str) -> Result<()> {
    require(!title.trim().is_empty(), || format!("{field}: must not be empty"))?;
    one_line(field, title, TITLE_MAX)
}

/// A text of any lines.
pub(super) fn text(field: &str, text: &str) -> Result<()> {
    require(text.len() <= TEXT_MAX, || format!("{field}: must have at most {TEXT_MAX} bytes"))
}

/// Labels in order, each once.
pub(super) fn labels(mut labels: Vec<String>) -> Result<Vec<String>> {
    for label in &labels {
        require(!label.trim().is_empty(), || "labels: a label must not be empty".into())?;
        one_line("labels", label, LABEL_MAX)?;
    }
    labels.sort_unstable();
    labels.dedup();
    require(labels.len() <= LABELS_MAX, || format!("labels: a document has at most {LABELS_MAX}"))?;
    Ok(labels)
}

fn one_line(field: &str, text: &str, most: usize) -> Result<()> {
    require(text.chars().count() <= most, || format!("{field}: must have at most {most} characters"))?;
    require(!text.contains(char::is_control), || format!("{field}: must not have control characters"))
}

fn require(condition: bool, message: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(invalid(message())) }
}
