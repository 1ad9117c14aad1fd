//! Makes every name that becomes part of a path, and says which names on the disk count: the only place that does.

use std::ffi::OsStr;

use sha2::{Digest as _, Sha256};

/// What belongs to Mosaic in the root.
pub(super) const INNER: &str = ".mosaic";
/// What a space says of itself.
pub(super) const SPACE_FILE: &str = "_space.md";
/// The order of a space.
pub(super) const ORDER_FILE: &str = "_order.yml";

/// The number of characters of a space's key at most.
const KEY_MAX: usize = 64;
/// The number of characters of a document's id at most.
const ID_MAX: usize = 64;
/// The number of bytes that a title gives to the name of a file at most.
const SLUG_MAX: usize = 60;
/// Digits and letters that are not mistaken for each other, in lower case only: some file systems ignore the case.
const ALPHABET: &[u8] = b"23456789abcdefghjkmnpqrstvwxyz";
/// Fifteen of thirty characters: 73 bits.
const ID_LENGTH: usize = 15;
/// What Windows takes for devices, whatever follows a dot.
const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "com", "lpt"];

/// Whether a text is the key of a space: 1 to 64 lower-case letters, digits and hyphens, a letter first, and no device.
pub(super) fn is_key(key: &str) -> bool {
    key.len() <= KEY_MAX
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !DEVICES.contains(&key.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Whether a text can be the id of a document.
pub(super) fn is_id(id: &str) -> bool {
    (1..=ID_MAX).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A new id.
pub(super) fn new_id() -> String {
    (0..ID_LENGTH).filter_map(|_| fastrand::choice(ALPHABET)).map(|byte| char::from(*byte)).collect()
}

/// The id of a document that does not say one: it follows from its path in the space. `turn` counts on where another
/// document says that it has this id.
pub(super) fn derived_id(path: &str, turn: u32) -> String {
    let mut hash = Sha256::new();
    hash.update(turn.to_be_bytes());
    hash.update(path.as_bytes());
    let digits = hash.finalize().iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    format!("f-{digits}")
}

/// The name of the file of a new document: its title in lower-case letters, digits and hyphens, then its id.
///
/// The id is one of [`new_id`], so the name is no device, not hidden, and no other document's on any file system.
pub(super) fn file_name(title: &str, id: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_MAX {
            break;
        }
    }
    match slug.trim_end_matches('-') {
        "" => format!("{id}.md"),
        slug => format!("{slug}-{id}.md"),
    }
}

/// The name of a file that is a document, without its ending: `.md` in any case, not hidden, and not a file of a space or
/// of an editor.
pub(super) fn document_stem(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    (ending.eq_ignore_ascii_case("md") && is_visible(name) && !stem.is_empty()).then_some(stem)
}

/// Whether a folder inside a space may hold documents.
pub(super) fn is_folder(name: &str) -> bool {
    is_visible(name)
}

/// The key that the name of a folder in the root stands for.
pub(super) fn folder_key(name: &OsStr) -> Option<&str> {
    name.to_str().filter(|name| is_key(name))
}

fn is_visible(name: &str) -> bool {
    !name.starts_with(['.', '_', '#', '~']) && !name.ends_with('~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_plain_and_no_devices() {
        for good in ["a", "handbook", "team-7", "com-1", "control", &"k".repeat(64)] {
            assert!(is_key(good), "{good}");
        }
        for bad in
            ["", "A", "7a", "-a", "a b", "a/b", "..", ".a", "a.b", "con", "com1", "ä", "a\n", &"k".repeat(65)]
        {
            assert!(!is_key(bad), "{bad:?}");
        }
    }

    #[test]
    fn files_of_editors_are_no_documents() {
        assert_eq!(document_stem("01 Welcome.MD"), Some("01 Welcome"));
        for other in [
            ".a.md",
            "a.md~",
            "~$a.md",
            "#a.md#",
            ".#a.md",
            "_space.md",
            ".md",
            "a.md.swp",
            "a.txt",
            "4913",
            "md",
        ] {
            assert_eq!(document_stem(other), None, "{other}");
        }
    }

    #[test]
    fn ids_are_new_and_ids() {
        let (one, two) = (new_id(), new_id());
        assert!(is_id(&one) && one.len() == ID_LENGTH && one != two);
        assert_ne!(derived_id("a.md", 0), derived_id("a.md", 1));
        assert!(is_id(&derived_id("a.md", 0)));
    }

    proptest! {
        #[test]
        fn any_title_gives_a_safe_name(title in any::<String>()) {
            let name = file_name(&title, &new_id());
            let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            let stem = document_stem(&name).unwrap();
            prop_assert!(name.len() <= SLUG_MAX + ID_LENGTH + 4, "{name}");
            prop_assert!(stem.bytes().all(safe) && !stem.starts_with('-'), "{name}");
            prop_assert!(stem.len() >= ID_LENGTH);
        }
    }
}
