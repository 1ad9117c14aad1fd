//! Cursors of lists: where the next page begins, tied to the list it belongs to.
//!
//! A cursor is `1~DIGEST~POSITION`: the version of the form, a digest over the list (its operation, what it is of and its
//! filters) and the position, and the position itself. The embedded providers take the last thing of the page before: a place in the order and
//! not a number of things to skip, so things that are made meanwhile move nothing. Vendors count, or hand out tokens.

use std::fmt::Display;
use std::str::FromStr;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Digester;
use mosaic_core::types::{Cursor, Page, PageRequest};
use serde::Serialize;

const VERSION: &str = "1";
/// Not secret: the digest finds mistakes. A cursor that somebody computes shows what the list shows anyway.
const DIGEST_KEY: [u8; 16] = *b"mosaic cursor 1\0";

/// One list: what tells its cursors from those of others.
///
/// ```
/// # #[cfg(feature = "http")] {
/// use mosaic_core::types::PageRequest;
/// use mosaic_providers::http::List;
///
/// let (list, other) = (List(("branches", "acme/widget")), List(("branches", "acme/gadget")));
/// let request = PageRequest::first(30).at(list.cursor(60));
/// assert_eq!(list.after::<u64>(&request).ok(), Some(Some(60)));
/// assert!(other.after::<u64>(&request).is_err());
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct List<S>(
    /// The operation, what it is a list of, and the filters.
    pub S,
);

impl<S: Serialize> List<S> {
    /// The position that a page begins after; none for the first page.
    ///
    /// # Errors
    /// `Invalid` where the cursor is not one of this list.
    pub fn after<P: FromStr>(&self, page: &PageRequest) -> Result<Option<P>> {
        let Some(cursor) = &page.cursor else { return Ok(None) };
        let mut parts = cursor.as_str().splitn(3, '~');
        let position = match (parts.next(), parts.next(), parts.next()) {
            (Some(VERSION), Some(digest), Some(position)) if digest == self.digest(position) => position,
            _ => return Err(invalid()),
        };
        position.parse().map(Some).map_err(|_| invalid())
    }

    /// A page of what was read, one more than asked for: that one only says that there is a next page.
    pub fn page<T, P: Display>(
        &self,
        mut items: Vec<T>,
        limit: usize,
        position: impl Fn(&T) -> P,
    ) -> Page<T> {
        if items.len() <= limit {
            return Page::last(items);
        }
        items.truncate(limit);
        let next = items.last().map(|last| self.cursor(position(last)));
        Page::new(items, next)
    }

    /// The cursor of a position in this list.
    pub fn cursor(&self, position: impl Display) -> Cursor {
        let position = position.to_string();
        Cursor::new(format!("{VERSION}~{}~{position}", self.digest(&position)))
    }

    fn digest(&self, position: &str) -> String {
        let mut digester = Digester::new(DIGEST_KEY);
        digester.value(&self.0);
        digester.text(position);
        format!("{:032x}", digester.finish())
    }
}

fn invalid() -> Error {
    Error::new(ErrorKind::Invalid, "page: the cursor is not one of this list")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cursor(list: &List<&str>) -> Cursor {
        list.page(vec![9u64, 8, 7], 2, |number| *number).next.unwrap()
    }

    fn at(list: &List<&str>, cursor: Cursor) -> Result<Option<u64>> {
        list.after(&PageRequest::first(2).at(cursor))
    }

    #[test]
    fn a_cursor_leads_behind_the_last_thing_of_its_page() {
        let list = List("a");
        assert_eq!(at(&list, cursor(&list)).unwrap(), Some(8));
        assert_eq!(list.after::<u64>(&PageRequest::first(2)).unwrap(), None);
        assert!(list.page(vec![1u64, 2], 2, |number| *number).next.is_none());
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        assert_eq!(at(&List("b"), cursor(&List("a"))).unwrap_err().kind(), ErrorKind::Invalid);
    }

    proptest! {
        #[test]
        fn a_changed_cursor_is_refused(place in 0usize..36, by in 1u8..127) {
            let list = List("a");
            let mut bytes = cursor(&list).as_str().as_bytes().to_vec();
            bytes[place] = (bytes[place] + by) % 128;
            let changed = Cursor::new(String::from_utf8(bytes).unwrap());
            prop_assert!(at(&list, changed).is_err());
        }

        #[test]
        fn any_text_is_refused_in_peace(text in "\\PC*|1~[0-9a-f]{32}~[0-9]+") {
            prop_assert!(at(&List("a"), Cursor::new(text)).is_err());
        }
    }
}
