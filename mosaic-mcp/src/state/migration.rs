//! Numbered changes of a store's schema, and which of them are still to be made.

use mosaic_core::error::{Error, ErrorKind, Result};

/// One change of a schema. Never altered once it is released: the next change is the next number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    /// What it does, in a word or two.
    pub(super) name: &'static str,
    /// Statements of the database, in its own dialect.
    pub(super) sql: &'static str,
}

/// A change that a store says was made: its number, from 1, and the checksum that it had then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) number: u32,
    pub(super) checksum: String,
}

impl Migration {
    /// What tells whether it was altered; the ends of lines do not count.
    pub(super) fn checksum(&self) -> String {
        blake3::hash(self.sql.replace("\r\n", "\n").as_bytes()).to_hex().to_string()
    }
}

/// The changes that are still to be made, with their numbers; `applied` is in the order of the numbers.
///
/// # Errors
/// `Config` where the store is newer than this program, or was made by other changes than those that it knows.
pub(super) fn pending(
    known: &'static [Migration],
    applied: &[Applied],
) -> Result<impl Iterator<Item = (u32, &'static Migration)>> {
    if applied.len() > known.len() {
        let message = format!(
            "the state store has schema {}, this program knows up to {}: use a newer program",
            applied.len(),
            known.len()
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    for ((number, migration), was) in numbered(known).zip(applied) {
        if was.number != number {
            let message = format!("the state store lacks change {number} of its schema: it is damaged");
            return Err(Error::new(ErrorKind::Config, message));
        }
        if was.checksum != migration.checksum() {
            let message = format!(
                "change {number} ({}) of the state store's schema is not the one that this program has: \
                 the store was made by a different program",
                migration.name
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    }
    Ok(numbered(known).skip(applied.len()))
}

fn numbered(known: &'static [Migration]) -> impl Iterator<Item = (u32, &'static Migration)> {
    (1..).zip(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration { name: "first", sql: "CREATE TABLE a (b)" },
        Migration { name: "second", sql: "CREATE TABLE c (d);\nCREATE TABLE e (f)" },
    ];

    fn applied(count: usize) -> Vec<Applied> {
        let all = numbered(KNOWN).map(|(number, made)| Applied { number, checksum: made.checksum() });
        all.take(count).collect()
    }

    fn refusal(applied: &[Applied]) -> String {
        let Err(error) = pending(KNOWN, applied) else { panic!("{applied:?} is taken") };
        assert_eq!(error.kind(), ErrorKind::Config);
        error.message().to_owned()
    }

    #[test]
    fn what_is_missing_is_made_in_order() {
        for made in 0..=2 {
            let numbers: Vec<u32> =
                pending(KNOWN, &applied(made)).unwrap().map(|(number, _)| number).collect();
            assert_eq!(numbers, [1, 2][made..]);
        }
    }

    #[test]
    fn a_newer_store_is_refused() {
        let mut newer = applied(2);
        newer.push(Applied { number: 3, checksum: "?".to_owned() });
        assert!(refusal(&newer).contains("use a newer program"));
    }

    #[test]
    fn a_store_of_other_changes_is_refused() {
        let mut other = applied(2);
        other[1].checksum = "0".repeat(64);
        assert!(refusal(&other).contains("change 2 (second)"));
        assert!(refusal(&applied(2)[1..]).contains("lacks change 1"));
    }

    #[test]
    fn ends_of_lines_do_not_count() {
        let other = Migration { name: "second", sql: "CREATE TABLE c (d);\r\nCREATE TABLE e (f)" };
        assert_eq!(other.checksum(), KNOWN[1].checksum());
    }
}
