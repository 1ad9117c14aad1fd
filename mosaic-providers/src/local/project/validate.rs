//! What a tracker takes: the bounds of keys, titles, texts and labels, checked before anything is written.

use std::collections::HashSet;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;

/// The number of characters of a title, or of the name of a project, at most.
const TITLE_MAX: usize = 512;
/// The number of bytes of a text at most.
const TEXT_MAX: usize = 1024 * 1024;
/// The number of characters of a project key at most.
const KEY_MAX: usize = 32;
/// The number of characters of a label, or of the name of an assignee, at most.
const NAME_MAX: usize = 255;
/// The number of different labels of an issue at most.
const LABELS_MAX: usize = 100;
/// The number of characters of a query at most.
const QUERY_MAX: usize = 512;
/// The number of issues that one plan of a sprint adds at most, and removes at most.
const PLAN_MAX: usize = 1000;

/// A key: parts of letters, digits, `_`, `-` and `.`, each beginning with a letter, with `/` between them.
pub(super) fn key(key: &str) -> Result<()> {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    require(key.len() <= KEY_MAX && key.split('/').all(part), || {
        format!("project: a key has 1 to {KEY_MAX} of a-z A-Z 0-9 _ - . and a letter first")
    })
}

/// A title or a name: one line that is not blank.
pub(super) fn title(field: &str, title: &str) -> Result<()> {
    require(!title.trim().is_empty(), || format!("{field}: must not be empty"))?;
    one_line(field, title, TITLE_MAX)
}

/// A text of any lines, where there is one.
pub(super) fn text(field: &str, text: Option<&str>) -> Result<()> {
    require(text.is_none_or(|text| text.len() <= TEXT_MAX), || {
        format!("{field}: must have at most {TEXT_MAX} bytes")
    })
}

/// A text of any lines that is not blank.
pub(super) fn comment(field: &str, body: &str) -> Result<()> {
    require(!body.trim().is_empty(), || format!("{field}: must not be empty"))?;
    text(field, Some(body))
}

/// The name of a person; empty for nobody.
pub(super) fn assignee(name: Option<&str>) -> Result<()> {
    name.map_or(Ok(()), |name| one_line("assignee", name, NAME_MAX))
}

/// Labels in order, each once.
pub(super) fn labels(mut labels: Vec<String>) -> Result<Vec<String>> {
    for label in &labels {
        require(!label.trim().is_empty(), || "labels: a label must not be empty".into())?;
        one_line("labels", label, NAME_MAX)?;
    }
    labels.sort_unstable();
    labels.dedup();
    require(labels.len() <= LABELS_MAX, || format!("labels: an issue has at most {LABELS_MAX}"))?;
    Ok(labels)
}

/// A query that has a word, which is a run of letters and digits.
pub(super) fn query(query: &str) -> Result<()> {
    require(query.chars().count() <= QUERY_MAX, || {
        format!("query: must have at most {QUERY_MAX} characters")
    })?;
    require(query.contains(char::is_alphanumeric), || "query: must have a word".into())
}

/// When a sprint begins and ends, to the microsecond.
pub(super) fn dates(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>) -> Result<()> {
    let ordered =
        starts_at.zip(ends_at).is_none_or(|(begin, end)| begin.as_microsecond() <= end.as_microsecond());
    require(ordered, || "ends_at: must not be before starts_at".into())
}

/// What a plan adds and removes: each number in one of both.
pub(super) fn plan(add: &[u64], remove: &[u64]) -> Result<()> {
    for (field, numbers) in [("add_issues", add), ("remove_issues", remove)] {
        require(numbers.len() <= PLAN_MAX, || format!("{field}: must have at most {PLAN_MAX} issues"))?;
    }
    let added: HashSet<_> = add.iter().collect();
    match remove.iter().find(|number| added.contains(number)) {
        None => Ok(()),
        Some(both) => Err(Error::new(
            ErrorKind::Invalid,
            format!("add_issues and remove_issues: issue {both} is in both"),
        )),
    }
}

fn one_line(field: &str, text: &str, most: usize) -> Result<()> {
    require(text.chars().count() <= most, || format!("{field}: must have at most {most} characters"))?;
    require(!text.contains(char::is_control), || format!("{field}: must not have control characters"))
}

fn require(condition: bool, message: impl FnOnce() -> String) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::new(ErrorKind::Invalid, message())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_parts_that_begin_with_a_letter() {
        for good in ["O", "OPS", "team/OPS", "a/b/c", "x_1-2.3", &"K".repeat(32)] {
            assert!(key(good).is_ok(), "{good:?}");
        }
        for bad in ["", "/", "a//b", "a/", "/a", "1a", "a/1", "Ä", "a b", "a\n", &"K".repeat(33)] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bounds_are_inclusive() {
        assert!(title("title", &"ä".repeat(TITLE_MAX)).is_ok());
        assert!(title("title", &"ä".repeat(TITLE_MAX + 1)).is_err());
        assert!(text("body", Some(&"x".repeat(TEXT_MAX))).is_ok());
        assert!(text("body", Some(&"x".repeat(TEXT_MAX + 1))).is_err());
        assert!(labels(vec!["same".into(); LABELS_MAX + 1]).is_ok(), "counted after they were joined");
        assert!(labels((0..=LABELS_MAX).map(|n| n.to_string()).collect()).is_err());
    }

    proptest! {
        #[test]
        fn labels_come_out_in_order_and_once(given in proptest::collection::vec("[a-zä ]{1,3}", 0..20)) {
            if let Ok(kept) = labels(given.clone()) {
                prop_assert!(kept.is_sorted_by(|a, b| a < b));
                prop_assert!(given.iter().all(|label| kept.contains(label)));
            } else {
                prop_assert!(given.iter().any(|label| label.trim().is_empty()));
            }
        }
    }
}
