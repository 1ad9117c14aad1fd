//! Pages of results and the cursor that leads to the next one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the next page begins. Opaque: made by a provider, handed back to the same provider.
///
/// ```
/// use mosaic_core::types::Cursor;
///
/// let cursor = Cursor::new("page-2");
/// assert_eq!(cursor.as_str(), "page-2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor from a provider's own text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The provider's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a list, in the provider's order.
///
/// ```
/// use mosaic_core::types::Page;
///
/// let page = Page::last(vec![1, 2, 3]);
/// assert_eq!(page.items.len(), 3);
/// assert!(page.next.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Where the next page begins; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page with another one after it, where `next` says so.
    pub fn new(items: Vec<T>, next: Option<Cursor>) -> Self {
        Self { items, next }
    }

    /// The only or the last page.
    pub fn last(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// Which part of a list a call asks for.
///
/// ```
/// use mosaic_core::types::PageRequest;
///
/// assert_eq!(PageRequest::default().limit(), 30);
/// assert_eq!(PageRequest::first(500).limit(), 100);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PageRequest {
    /// Where to begin; absent for the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// How many items at most; 30 where absent, never more than 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u32>,
}

impl PageRequest {
    /// The first page with at most `limit` items.
    pub fn first(limit: u32) -> Self {
        Self { cursor: None, limit: Some(limit) }
    }

    /// The page that begins at `cursor`.
    #[must_use]
    pub fn at(mut self, cursor: Cursor) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// The number of items to return at most: within 1 to 100, 30 by default.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(30).clamp(1, 100) as usize
    }
}

/// Parameters that ask for a part of a list.
///
/// ```
/// use mosaic_core::op::git::ListBranches;
/// use mosaic_core::types::{PageRequest, Paged};
///
/// let mut op = ListBranches::new("acme", "widget");
/// *op.page_request_mut() = PageRequest::first(5);
/// assert_eq!(op.page_request().limit(), 5);
/// ```
pub trait Paged {
    /// Which part is asked for.
    fn page_request(&self) -> &PageRequest;

    /// The same, to be changed.
    fn page_request_mut(&mut self) -> &mut PageRequest;
}
