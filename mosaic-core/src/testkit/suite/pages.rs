//! Lists as every suite reads them: page after page, to the end.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;

use super::{Failure, done, ensure, refused};
use crate::error::{ErrorKind, Result};
use crate::types::{Cursor, Page, PageRequest, Paged};

/// Everything in a list, asked for in pages of `limit`. Fails where a page holds more, or where the list would never end.
pub(super) async fn walk<O, T, F>(
    behaviour: &'static str,
    op: &O,
    limit: u32,
    call: impl Fn(O) -> F,
) -> Result<Vec<T>, Failure>
where
    O: Paged + Clone,
    F: Future<Output = Result<Page<T>>>,
{
    let (mut items, mut cursor, mut seen) = (Vec::new(), None, HashSet::new());
    loop {
        let mut op = op.clone();
        *op.page_request_mut() = PageRequest { cursor, limit: Some(limit) };
        let page = done(behaviour, &format!("a page of {limit}"), call(op).await)?;
        let size = page.items.len();
        ensure(behaviour, size <= limit as usize, || {
            format!("expected at most {limit} things a page, got {size}")
        })?;
        items.extend(page.items);
        let Some(next) = page.next else { return Ok(items) };
        ensure(behaviour, size > 0, || "expected the list to end at an empty page")?;
        ensure(behaviour, seen.insert(next.clone()), || {
            format!("pages of {limit}: expected the list to go on, got a page that leads back")
        })?;
        cursor = Some(next);
    }
}

/// Fails unless the list refuses cursors that the provider did not make.
pub(super) async fn refuse_cursors<O, T, F>(
    behaviour: &'static str,
    op: &O,
    call: impl Fn(O) -> F,
) -> Result<(), Failure>
where
    O: Paged + Clone,
    T: fmt::Debug,
    F: Future<Output = Result<Page<T>>>,
{
    for bad in ["", "nonsense", "0", "-1", "\u{0}", "漢字"] {
        let mut op = op.clone();
        *op.page_request_mut() = PageRequest::first(1).at(Cursor::new(bad));
        refused(behaviour, &format!("the page at the cursor {bad:?}"), call(op).await, ErrorKind::Invalid)?;
    }
    Ok(())
}
