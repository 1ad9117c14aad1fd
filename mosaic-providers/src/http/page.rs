//! Lists of vendors in pages: from a cursor of ours to the parameters of a vendor, and back.
//!
//! Vendors count pages, count items, hand out a token, or name the whole next URL. A cursor is bound to its list (see
//! [`List`]), holds nothing but the place to go on from, and never an address.

use http::HeaderMap;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Cursor, Page, PageRequest};
use serde::Serialize;

use super::link;
use crate::cursor::List;

/// How many pages of the vendor's are read for one of ours, where most of what they hold is not wanted.
const PAGES: u64 = 10;

/// How many items to ask for: what the call wants, and not more than the vendor gives at once.
pub fn limit_of(page: &PageRequest, most: usize) -> usize {
    page.limit().min(most)
}

/// A part of a list whose pages are counted, or whose items are.
///
/// The cursor says how many items went before. Should the next call want another number of items at a time, the pages are
/// counted in the largest size that fits both.
///
/// ```
/// use mosaic_core::types::PageRequest;
/// use mosaic_providers::http::{List, Numbered};
///
/// let list = List(("branches", "acme/widget"));
/// let part = Numbered::of(&list, &PageRequest::first(30), 100)?;
/// assert_eq!((part.number(), part.size), (1, 30));
/// let page = part.page(&list, vec!["main"; 30], true);
/// let next = PageRequest::first(30).at(page.next.ok_or("there is more")?);
/// assert_eq!(Numbered::of(&list, &next, 100)?.number(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// How many items come before this part.
    pub offset: u64,
    /// How many items are asked for.
    pub size: u64,
}

impl Numbered {
    /// The part that a call asks for, at most `most` items at once.
    ///
    /// # Errors
    /// `Invalid` where the cursor is not one of this list.
    pub fn of(list: &List<impl Serialize>, page: &PageRequest, most: usize) -> Result<Self> {
        Self::at(list.after(page)?.unwrap_or(0), limit_of(page, most))
    }

    /// The part that begins behind so many items, at most `limit` items at once: for lists whose cursor holds more than that.
    ///
    /// # Errors
    /// `Invalid` where no list is as long.
    pub fn at(offset: u64, limit: usize) -> Result<Self> {
        // Larger than any list: some number that was made up.
        if offset > u64::from(u32::MAX) {
            return Err(Error::new(ErrorKind::Invalid, "page: the cursor is not one of this list"));
        }
        let size = (1..=limit as u64).rev().find(|size| offset.is_multiple_of(*size)).unwrap_or(1);
        Ok(Self { offset, size })
    }

    /// The number of the page, from 1.
    pub fn number(self) -> u64 {
        self.offset / self.size + 1
    }

    /// The page of what was read, and the cursor to the next one where there is one.
    pub fn page<T>(self, list: &List<impl Serialize>, items: Vec<T>, more: bool) -> Page<T> {
        let next = more.then(|| list.cursor(self.offset + self.size));
        Page::new(items, next)
    }

    /// The part of a list that was read whole.
    pub fn cut<T>(self, list: &List<impl Serialize>, all: Vec<T>) -> Page<T> {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let more = all.len() > count(self.offset + self.size);
        let items = all.into_iter().skip(count(self.offset)).take(count(self.size)).collect();
        self.page(list, items, more)
    }

    /// The same, where the vendor tells of a next page by a `Link` header.
    pub fn linked<T>(self, list: &List<impl Serialize>, items: Vec<T>, headers: &HeaderMap) -> Page<T> {
        self.page(list, items, link::relation(headers, "next").is_some())
    }

    /// The same, where the vendor tells nothing: a full page may have another one after it.
    pub fn guessed<T>(self, list: &List<impl Serialize>, items: Vec<T>) -> Page<T> {
        let full = items.len() as u64 >= self.size;
        self.page(list, items, full)
    }
}

/// Whether the vendor tells of a next page by a `Link` header.
pub fn has_next(headers: &HeaderMap) -> bool {
    link::relation(headers, "next").is_some()
}

/// What was picked out of a vendor's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sifted<T> {
    /// What was wanted.
    pub items: Vec<T>,
    /// How many items of the vendor's list come before what is next; none at its end.
    pub next: Option<u64>,
}

impl<T> Sifted<T> {
    /// The page of it, for a list whose cursor holds that number.
    pub fn page(self, list: &List<impl Serialize>) -> Page<T> {
        Page::new(self.items, self.next.map(|next| list.cursor(next)))
    }
}

/// Picks up to `limit` wanted items out of a list whose pages of `size` items are counted from 1, beginning after the first
/// `offset`: for lists that the vendor cannot filter, or not in every way. `fetch` gives a page and whether another one follows.
/// Ten pages are read at most: what was found by then comes with the place to go on from, and may be nothing.
///
/// # Errors
/// What `fetch` says; `Invalid` where no list is so long.
pub async fn sift<W, T, F>(
    offset: u64,
    limit: usize,
    size: u64,
    fetch: impl Fn(u64) -> F,
    keep: impl Fn(W) -> Option<T>,
) -> Result<Sifted<T>>
where
    F: Future<Output = Result<(Vec<W>, bool)>>,
{
    // Larger than any list: some number that was made up.
    Numbered::at(offset, 1)?;
    let mut items = Vec::new();
    let first = offset / size;
    for page in first..first + PAGES {
        let (found, more) = fetch(page + 1).await?;
        for (at, item) in (page * size..).zip(found).filter(|(at, _)| *at >= offset) {
            let Some(item) = keep(item) else { continue };
            // One more than asked for: that one only says that there is a next page.
            if items.len() == limit {
                return Ok(Sifted { items, next: Some(at) });
            }
            items.push(item);
        }
        // The next page is not read only to see whether it has anything.
        if !more || items.len() == limit {
            return Ok(Sifted { items, next: more.then_some((page + 1) * size) });
        }
    }
    Ok(Sifted { items, next: Some((first + PAGES) * size) })
}

/// The token to go on with that a call brings; none for the first page.
///
/// # Errors
/// `Invalid` where the cursor is not one of this list.
pub fn token_of(list: &List<impl Serialize>, page: &PageRequest) -> Result<Option<String>> {
    list.after(page)
}

/// The page of what was read, with the token of the vendor's for the next one.
pub fn tokened<T>(list: &List<impl Serialize>, items: Vec<T>, next: Option<String>) -> Page<T> {
    let next: Option<Cursor> = next.filter(|token| !token.is_empty()).map(|token| list.cursor(token));
    Page::new(items, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pages_are_counted_from_the_cursor() {
        let list = List("a");
        let first = Numbered::of(&list, &PageRequest::first(30), 50).unwrap();
        assert_eq!((first.number(), first.size), (1, 30));
        let next = first.page(&list, vec![0; 30], true).next.unwrap();
        let second = Numbered::of(&list, &PageRequest::first(30).at(next.clone()), 50).unwrap();
        assert_eq!((second.number(), second.size), (2, 30));
        let smaller = Numbered::of(&list, &PageRequest::first(20).at(next), 50).unwrap();
        assert_eq!((smaller.number(), smaller.size, smaller.offset), (3, 15, 30));
        assert_eq!(Numbered::of(&list, &PageRequest::first(100), 50).unwrap().size, 50);
    }

    #[test]
    fn what_was_read_whole_is_cut() {
        let list = List("a");
        let cut = |request: &PageRequest| Numbered::of(&list, request, 50).unwrap().cut(&list, vec![1, 2, 3]);
        let first = cut(&PageRequest::first(2));
        assert_eq!(first.items, [1, 2]);
        let last = cut(&PageRequest::first(2).at(first.next.unwrap()));
        assert_eq!((last.items.as_slice(), last.next), ([3].as_slice(), None));
        assert!(cut(&PageRequest::first(3)).next.is_none());
    }

    #[test]
    fn tokens_come_back_in_their_own_list_only() {
        let (list, other) = (List("a"), List("b"));
        let page = tokened(&list, vec![1], Some("x~y&z".into()));
        let request = PageRequest::first(10).at(page.next.unwrap());
        assert_eq!(token_of(&list, &request).unwrap().as_deref(), Some("x~y&z"));
        assert_eq!(token_of(&other, &request).unwrap_err().kind(), ErrorKind::Invalid);
        assert!(tokened(&list, vec![1], Some(String::new())).next.is_none());
    }

    #[tokio::test]
    async fn what_is_not_wanted_takes_no_place() {
        let list: Vec<u64> = (0..25).collect();
        let fetch = |page: u64| {
            let begin = (page as usize - 1) * 4;
            let end = list.len().min(begin + 4);
            std::future::ready(Ok((list[begin.min(end)..end].to_vec(), end < list.len())))
        };
        let thirds = |number: u64| number.is_multiple_of(3).then_some(number);
        let (mut all, mut offset) = (Vec::new(), Some(0));
        while let Some(at) = offset {
            let part = sift(at, 2, 4, fetch, thirds).await.unwrap();
            assert!((1..=2).contains(&part.items.len()), "{part:?}");
            all.extend(part.items);
            offset = part.next;
        }
        assert_eq!(all, [0, 3, 6, 9, 12, 15, 18, 21, 24]);
        // A page that has all that is wanted is the last that is read.
        let read = std::cell::Cell::new(0);
        let counted = |page| {
            read.set(read.get() + 1);
            fetch(page)
        };
        let full = sift(8, 4, 4, counted, Some).await.unwrap();
        assert_eq!((full, read.get()), (Sifted { items: vec![8, 9, 10, 11], next: Some(12) }, 1));
        assert_eq!(sift(24, 4, 4, fetch, Some).await.unwrap(), Sifted { items: vec![24], next: None });
        let list = List("thirds");
        let page = sift(0, 2, 4, fetch, thirds).await.unwrap().page(&list);
        let next = PageRequest::first(2).at(page.next.unwrap());
        assert_eq!((page.items, list.after(&next).unwrap()), (vec![0, 3], Some(4u64)));
        let none =
            sift(0, 2, 1, |page| std::future::ready(Ok((vec![page], true))), |_| None::<u64>).await.unwrap();
        assert_eq!(none, Sifted { items: vec![], next: Some(10) });
        assert!(sift(u64::MAX, 2, 4, fetch, thirds).await.is_err());
    }

    proptest! {
        #[test]
        fn whatever_the_sizes_every_item_comes_once(total in 0u64..300, sizes in proptest::collection::vec(1u32..=100, 1..6)) {
            let list = List("a");
            let (mut seen, mut at, mut turn) = (0u64, None::<Cursor>, 0);
            loop {
                let mut request = PageRequest::first(sizes[turn % sizes.len()]);
                request.cursor = at.take();
                let part = Numbered::of(&list, &request, 100).unwrap();
                prop_assert_eq!((part.number() - 1) * part.size, seen);
                let items: Vec<u64> = (seen..total.min(seen + part.size)).collect();
                seen += items.len() as u64;
                let page = part.page(&list, items, seen < total);
                turn += 1;
                match page.next {
                    Some(next) => at = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(seen, total);
        }
    }
}
