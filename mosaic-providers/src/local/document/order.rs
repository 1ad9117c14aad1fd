//! The file that holds the order of a space: the documents as a reader meets them, each with the one above it.
//!
//! Hierarchy and order stand in this one file and nowhere else, so putting any number of documents elsewhere is one atomic
//! step, moves no file of a person and rewrites no text.

use std::fmt::Write as _;

use serde::Deserialize;

/// The number of bytes of the file at most.
pub(super) const ORDER_MAX: u64 = 4 * 1024 * 1024;
const HEADER: &str = "# The order of the documents of this space, as a reader meets them. It may be edited; comments are not kept.\n";

/// Where a document stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Place {
    /// The document.
    pub(super) id: String,
    /// The one above it; at the top where absent.
    #[serde(default)]
    pub(super) parent: Option<String>,
}

#[derive(Deserialize)]
struct OrderFile {
    #[serde(default)]
    documents: Vec<Place>,
}

/// Reads the file; none where it cannot be understood.
pub(super) fn parse(file: &[u8]) -> Option<Vec<Place>> {
    let text = str::from_utf8(file).ok()?;
    let options = serde_saphyr::options! { with_snippet: false };
    let read = serde_saphyr::from_str_with_options::<Option<OrderFile>>(text, options).ok()?;
    Some(read.map(|file| file.documents).unwrap_or_default())
}

/// The file of an order.
pub(super) fn compose(places: &[Place]) -> String {
    let mut text = String::from(HEADER);
    text.push_str(if places.is_empty() { "documents: []\n" } else { "documents:\n" });
    for place in places {
        // Ids are letters, digits and three signs, so the quotes need no escapes.
        let _ = writeln!(text, "- id: \"{}\"", place.id);
        if let Some(parent) = &place.parent {
            let _ = writeln!(text, "  parent: \"{parent}\"");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_person_may_write_it() {
        let places = parse(b"documents:\n  - id: a # first\n  - {id: 42, parent: a}\n").unwrap();
        assert_eq!(places[1], Place { id: "42".into(), parent: Some("a".into()) });
        assert_eq!(parse(b""), Some(vec![]));
        assert_eq!(parse(b"# nothing\n"), Some(vec![]));
        for bad in [&b"documents: 7"[..], b"- a", b"documents:\n- parent: a", b"\xff", b"a: ["] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(ids in proptest::collection::vec("[A-Za-z0-9._-]{1,8}", 0..9)) {
            let mut places: Vec<Place> = ids.iter().map(|id| Place { id: id.clone(), parent: None }).collect();
            places.iter_mut().skip(1).zip(&ids).for_each(|(place, id)| place.parent = Some(id.clone()));
            prop_assert_eq!(parse(compose(&places).as_bytes()), Some(places));
        }
    }
}
