//! Pages of things that have a key and are in its order.

use std::fmt::Display;
use std::str::FromStr;

use mosaic_core::error::Result;
use mosaic_core::types::{Cursor, Page, PageRequest};

use super::fault;

/// The part of a list that is asked for. The keys rise; a cursor is the kind of the list and the last key of its page, so
/// what is added or goes meanwhile moves nothing else.
pub(super) fn page<K: Ord + Display + FromStr, T>(
    kind: &str,
    items: impl Iterator<Item = (K, T)>,
    request: &PageRequest,
) -> Result<Page<T>> {
    let after = request.cursor.as_ref().map(|cursor| {
        let key = cursor.as_str().strip_prefix(kind).and_then(|rest| rest.strip_prefix('.'));
        key.and_then(|key| key.parse::<K>().ok())
            .ok_or_else(|| fault::invalid("page: the cursor is not one of this list"))
    });
    let after = after.transpose()?;
    let mut items = items.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let (mut taken, mut last) = (Vec::new(), None);
    for (key, item) in items.by_ref().take(request.limit()) {
        taken.push(item);
        last = Some(key);
    }
    let more = items.next().is_some();
    let next = last.filter(|_| more).map(|key| Cursor::new(format!("{kind}.{key}")));
    Ok(Page::new(taken, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_fit_together_and_foreign_cursors_are_refused() {
        let items = || (1..=5u64).map(|at| (at, at * 10));
        let first = page("runs", items(), &PageRequest::first(2)).unwrap();
        assert_eq!(first.items, [10, 20]);
        let rest = PageRequest::first(3).at(first.next.unwrap());
        let second = page("runs", items(), &rest).unwrap();
        assert_eq!((second.items, second.next), (vec![30, 40, 50], None));
        for bad in ["", "runs", "runs.", "runs.x", "jobs.2"] {
            let request = PageRequest::first(2).at(Cursor::new(bad));
            assert!(page("runs", items(), &request).is_err(), "{bad}");
        }
    }
}
