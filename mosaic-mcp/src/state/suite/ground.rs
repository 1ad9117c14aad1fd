//! Where the suite gets its stores from.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use parking_lot::Mutex;

use crate::state::{Entry, Event, Key, MemoryStore, State, StateOptions, StateStore, Topic, TopicFilter};

/// Gives the suite the stores that it tries.
///
/// ```
/// use std::sync::Arc;
/// use async_trait::async_trait;
/// use mosaic_mcp::state::{MemoryStore, StateStore, suite::Stores};
///
/// struct OneForAll(MemoryStore);
///
/// #[async_trait]
/// impl Stores for OneForAll {
///     async fn open(&self, _name: &str) -> mosaic_core::Result<Arc<dyn StateStore>> {
///         Ok(Arc::new(self.0.clone()))
///     }
/// }
/// ```
#[async_trait]
pub trait Stores: Send + Sync {
    /// Opens the store of a name, of lower case letters and `_`. The first time it is empty; afterwards it holds what was written,
    /// also while it is open elsewhere: each time is a node of its own.
    async fn open(&self, name: &str) -> Result<Arc<dyn StateStore>>;
}

/// Stores in memory.
///
/// ```
/// use mosaic_mcp::state::suite::{MemoryStores, Stores as _};
///
/// # async fn open() -> mosaic_core::Result<()> {
/// let stores = MemoryStores::default();
/// let (one, other) = (stores.open("a").await?, stores.open("a").await?);
/// assert_eq!(one.head().await?, other.head().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct MemoryStores(Mutex<HashMap<String, MemoryStore>>);

#[async_trait]
impl Stores for MemoryStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn StateStore>> {
        Ok(Arc::new(self.0.lock().entry(name.to_owned()).or_default().clone()))
    }
}

/// A node over the store of a name.
pub(super) async fn node(stores: &dyn Stores, name: &str) -> Result<State> {
    StateOptions::new().open_shared(stores.open(name).await?).await
}

pub(super) fn key(parts: &[&str]) -> Result<Key> {
    Key::of(parts)
}

pub(super) fn topic(text: &str) -> Result<Topic> {
    Topic::new(text)
}

pub(super) fn filter(text: &str) -> Result<TopicFilter> {
    TopicFilter::new(text)
}

/// Appends one event in a transaction of its own, and gives its offset.
pub(super) async fn append(state: &State, to: &str, kind: &'static str) -> Result<u64> {
    let to = topic(to)?;
    state.run(move |tx| Box::pin(async move { tx.append(to, kind, "") })).await
}

pub(super) fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

pub(super) fn offsets(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.offset).collect()
}
