//! A store whose time is that of its user.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use mosaic_mcp::state::{
    Change, Entry, Event, Head, Key, KeyRange, StateStore, StoreTx, StoreView, Topic, TopicFilter, Trimmed,
    Writes,
};

/// A store whose transactions have the time of the state above it, also where the store has a clock of its own: a test moves it.
pub(crate) struct Timed {
    store: Arc<dyn StateStore>,
    _still: Option<Still>,
}

impl Timed {
    pub(crate) fn over(store: Arc<dyn StateStore>) -> Self {
        Self { store, _still: None }
    }

    /// As long as the store is there, paused time stands still.
    pub(crate) fn still(mut self, still: Still) -> Self {
        self._still = Some(still);
        self
    }
}

/// While it is there, paused time moves only where a test moves it, not whenever everything waits: real files and servers take
/// real time.
pub(crate) struct Still {
    _held: std::sync::mpsc::Sender<()>,
}

impl Still {
    /// Begins within a runtime. It ends when it is dropped.
    pub(crate) fn begin() -> Self {
        let (held, end) = std::sync::mpsc::channel();
        // The runtime's time stands still while something blocks.
        tokio::task::spawn_blocking(move || end.recv());
        Self { _held: held }
    }
}

#[async_trait]
impl StateStore for Timed {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        Ok(Box::new(TimedTx { inner: self.store.begin(now).await?, now }))
    }
    async fn head(&self) -> Result<Head> {
        self.store.head().await
    }
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        self.store.get_many(keys).await
    }
    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.store.range(range, limit).await
    }
    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        self.store.changes(range, after, limit).await
    }
    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.store.events(filter, after, limit).await
    }
    async fn trimmed(&self) -> Result<Trimmed> {
        self.store.trimmed().await
    }
    async fn lost(&self, filter: &TopicFilter, after: u64) -> Result<u64> {
        self.store.lost(filter, after).await
    }
    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.store.expiring(limit).await
    }
    async fn view(&self) -> Result<Box<dyn StoreView>> {
        self.store.view().await
    }
    async fn changed_elsewhere(&self, known: Head) -> Result<()> {
        self.store.changed_elsewhere(known).await
    }
    fn poll_every(&self) -> Option<Duration> {
        self.store.poll_every()
    }
    async fn close(&self) -> Result<()> {
        self.store.close().await
    }
}

struct TimedTx {
    inner: Box<dyn StoreTx>,
    now: Timestamp,
}

#[async_trait]
impl StoreTx for TimedTx {
    fn head(&self) -> Head {
        self.inner.head()
    }
    fn now(&self) -> Timestamp {
        self.now
    }
    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        self.inner.get_many(keys).await
    }
    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.inner.range(range, limit).await
    }
    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        self.inner.last_offsets(topics).await
    }
    async fn write(&mut self, part: Writes) -> Result<()> {
        self.inner.write(part).await
    }
    async fn commit(self: Box<Self>, writes: Writes) -> Result<()> {
        self.inner.commit(writes).await
    }
}
