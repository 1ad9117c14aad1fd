//! Lists in pages: a cursor is the name of the last thing that was shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mosaic_core::error::{Error, ErrorKind, Result};

/// Cuts one page out of a list: what follows the thing that the cursor names, `size` at most, and the cursor of the page
/// after it.
///
/// # Errors
/// `Invalid` for a cursor that no page gave, or whose thing is gone; the list is to be read from its beginning then.
pub(super) fn page<T>(
    items: Vec<T>,
    cursor: Option<&str>,
    size: usize,
    name: impl Fn(&T) -> &str,
) -> Result<(Vec<T>, Option<String>)> {
    let begin = match cursor {
        None => 0,
        Some(cursor) => {
            let last = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let at = last.and_then(|last| items.iter().position(|item| name(item) == last));
            at.ok_or_else(|| {
                Error::new(ErrorKind::Invalid, "the cursor is none of this list; read it from its beginning")
            })? + 1
        }
    };
    let more = items.len() > begin + size;
    let shown: Vec<T> = items.into_iter().skip(begin).take(size).collect();
    let next = shown.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(name(last)));
    Ok((shown, next))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(items: &[String], size: usize) -> Vec<String> {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (shown, next) = page(items.to_vec(), cursor.as_deref(), size, |item| item).unwrap();
            assert!(shown.len() <= size);
            seen.extend(shown);
            match next {
                None => return seen,
                next => cursor = next,
            }
        }
    }

    proptest! {
        #[test]
        fn pages_give_everything_once_in_order(
            items in prop::collection::btree_set(".{1,8}", 0..20), size in 1_usize..8,
        ) {
            let items: Vec<String> = items.into_iter().collect();
            prop_assert_eq!(all(&items, size), items);
        }

        #[test]
        fn no_cursor_breaks_it(cursor in ".{0,20}") {
            let items = vec!["a".to_owned(), "b".to_owned()];
            if let Err(error) = page(items, Some(&cursor), 1, |item| item) {
                prop_assert_eq!(error.kind(), ErrorKind::Invalid);
            }
        }
    }
}
