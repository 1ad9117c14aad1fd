//! A whole list as one stream, however many pages it has.

use std::collections::HashSet;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use futures_util::stream::{BoxStream, Stream, StreamExt as _, TryStreamExt as _, unfold};

use super::{Caller, Data, Operation};
use crate::context::CallContext;
use crate::error::{Error, ErrorKind, Result};
use crate::types::{Cursor, Page, Paged};

/// How many items a page is asked for at most, where the parameters do not say.
const PAGE: usize = 100;

/// So many pages without an item in a row are a provider that will not come to an end.
const EMPTY: usize = 100;

/// The items of a list, page by page: made by `all` of a client, such as [`Git::all`](super::Git::all).
///
/// Pages are fetched as they are read, each a call of its own through the whole path; all come from the provider that gave the
/// first one. It ends at its limit, at the end of the list, or with the first error as its last item. Dropping it ends it.
///
/// ```
/// use futures_util::TryStreamExt as _;
/// use mosaic_core::op::{Caller, git::{Git, ListBranches}};
///
/// async fn names(git: &Git<impl Caller>) -> mosaic_core::Result<Vec<String>> {
///     let mut branches = git.all(ListBranches::new("acme", "widget"), 1_000);
///     let mut names = Vec::new();
///     while let Some(branch) = branches.try_next().await? {
///         names.push(branch.name);
///     }
///     Ok(names)
/// }
/// ```
pub struct Pages<T>(BoxStream<'static, Result<T>>);

impl<T: Data> Pages<T> {
    pub(super) fn new<C, O>(caller: C, cx: CallContext, mut op: O, limit: usize) -> Self
    where
        C: Caller,
        O: Operation<Output = Page<T>> + Paged,
    {
        if op.page_request().limit.is_none() {
            op.page_request_mut().limit = u32::try_from(limit.clamp(1, PAGE)).ok();
        }
        let items = Vec::new().into_iter();
        let walk = Walk { caller, cx, op, seen: HashSet::new(), items, empty: 0, more: true };
        let items = unfold(walk, |mut walk| async move { walk.next().await.map(|item| (item, walk)) });
        Self(items.take(limit).boxed())
    }

    /// Everything at once.
    ///
    /// # Errors
    /// The first one; what was read before it is lost.
    pub async fn collect(self) -> Result<Vec<T>> {
        self.0.try_collect().await
    }
}

struct Walk<C, O, T> {
    caller: C,
    cx: CallContext,
    op: O,
    /// The cursors that were followed, so that a provider that goes round in circles is found out.
    seen: HashSet<Cursor>,
    items: vec::IntoIter<T>,
    /// How many pages without an item came one after the other.
    empty: usize,
    more: bool,
}

impl<C: Caller, O: Operation<Output = Page<T>> + Paged, T: Data> Walk<C, O, T> {
    async fn next(&mut self) -> Option<Result<T>> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            if !self.more {
                return None;
            }
            if let Err(error) = self.fetch().await {
                self.more = false;
                return Some(Err(error));
            }
        }
    }

    async fn fetch(&mut self) -> Result<()> {
        let answer = self.caller.call(&self.cx, self.op.clone()).await?;
        if let (None, Some(provider)) = (self.cx.pinned(), answer.provider()) {
            self.cx = self.cx.clone().pinned_to(provider.clone());
        }
        let page = answer.into_inner();
        self.more = page.next.is_some();
        if let Some(next) = page.next {
            if !self.seen.insert(next.clone()) {
                let message = "the cursors of the list go round in circles: the same page comes again";
                return Err(Error::new(ErrorKind::Protocol, message).operation(O::META.name));
            }
            self.op.page_request_mut().cursor = Some(next);
        }
        self.empty = if page.items.is_empty() { self.empty + 1 } else { 0 };
        if self.more && self.empty == EMPTY {
            let message = format!("the list does not come to an end: {EMPTY} pages in a row have no item");
            return Err(Error::new(ErrorKind::Protocol, message).operation(O::META.name));
        }
        self.items = page.items.into_iter();
        Ok(())
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}
