//! A store that sees nothing but sealed values.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;

use super::header::Parts;
use super::sealer::Sealer;
use crate::state::{
    Change, Entry, Event, Head, Key, KeyRange, StateStore, StoreTx, StoreView, Topic, TopicFilter, Trimmed,
    Writes,
};

/// Seals the values and the data of events of a store; see the [module](super) for what is and is not. Clones share it.
///
/// ```
/// use mosaic_mcp::security::seal::{Keyring, LocalKey, Sealed, Sealer};
/// use mosaic_mcp::state::{Key, MemoryStore, State, StateStore as _};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let (key, _) = LocalKey::generate()?;
/// let below = MemoryStore::new();
/// let state = State::open(Sealed::new(below.clone(), Sealer::new(Keyring::new(key)?))).await?;
/// let name = Key::of(&["plan"])?;
/// state.put(name.clone(), "in confidence").await?;
/// assert_eq!(&*state.get(&name).await?.ok_or("gone").unwrap().value, b"in confidence");
/// let stored = below.get_many(&[name]).await?.remove(0).ok_or("gone").unwrap();
/// assert!(!String::from_utf8_lossy(&stored.value).contains("confidence"));
/// # state.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct Sealed {
    pub(super) inner: Arc<dyn StateStore>,
    pub(super) sealer: Sealer,
}

impl Sealed {
    /// Seals what a store is given. The store is empty, or everything in it was sealed: what is not sealed is refused.
    pub fn new(store: impl StateStore, sealer: Sealer) -> Self {
        Self::over(Arc::new(store), sealer)
    }

    /// Seals what a shared store is given.
    pub fn over(store: Arc<dyn StateStore>, sealer: Sealer) -> Self {
        Self { inner: store, sealer }
    }

    /// The store below, where everything is sealed.
    pub fn below(&self) -> &Arc<dyn StateStore> {
        &self.inner
    }

    /// Opens the first value and the first event that are there, so that keys which do not fit are found at once.
    ///
    /// # Errors
    /// `Config` where a master key is not there, and where what is there is not sealed; those of the store and of the master keys.
    pub(crate) async fn check(&self) -> Result<()> {
        let entries = self.inner.range(&KeyRange::all(), 1).await?;
        let events = self.inner.events(&TopicFilter::all(), 0, 1).await?;
        let sealed = entries.iter().map(|entry| &entry.value).chain(events.iter().map(|event| &event.data));
        if sealed.map(|bytes| Parts::of(bytes)).any(|parts| parts.is_err()) {
            let message = "the store holds what is not sealed: open it without keys, and restore a backup of it into an empty \
                           store that seals";
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.sealer.open_entries(entries).await?;
        self.sealer.open_events(events).await?;
        Ok(())
    }
}

/// Whether the first value in a store is sealed, for those who open it without keys.
pub(crate) async fn is_sealed(store: &dyn StateStore) -> Result<bool> {
    Ok(store.range(&KeyRange::all(), 1).await?.iter().any(|entry| Parts::of(&entry.value).is_ok()))
}

/// Where a value is.
pub(super) fn place_of_value(key: &Key, version: u64) -> Vec<u8> {
    [b"value ", version.to_le_bytes().as_slice(), key.as_str().as_bytes()].concat()
}

/// Where the data of an event is.
fn place_of_event(event: &Event) -> Vec<u8> {
    let topic = event.topic.as_str().as_bytes();
    let length = (topic.len() as u64).to_le_bytes();
    let offset = event.offset.to_le_bytes();
    [b"event ", offset.as_slice(), length.as_slice(), topic, event.kind.as_bytes()].concat()
}

/// Seals and opens records.
trait Records {
    async fn seal_entry(&self, entry: &mut Entry) -> Result<()>;
    async fn open_entry(&self, entry: Entry) -> Result<Entry>;
    async fn open_entries(&self, entries: Vec<Entry>) -> Result<Vec<Entry>>;
    async fn open_events(&self, events: Vec<Event>) -> Result<Vec<Event>>;
    async fn seal_writes(&self, writes: Writes) -> Result<Writes>;
}

impl Records for Sealer {
    async fn seal_entry(&self, entry: &mut Entry) -> Result<()> {
        let place = place_of_value(&entry.key, entry.version);
        entry.value = self.seal(&place, &entry.value).await.map_err(|error| at(error, &entry.key))?;
        Ok(())
    }

    async fn open_entry(&self, mut entry: Entry) -> Result<Entry> {
        let place = place_of_value(&entry.key, entry.version);
        entry.value = self.open(&place, &entry.value).await.map_err(|error| at(error, &entry.key))?;
        Ok(entry)
    }

    async fn open_entries(&self, entries: Vec<Entry>) -> Result<Vec<Entry>> {
        let mut opened = Vec::with_capacity(entries.len());
        for entry in entries {
            opened.push(self.open_entry(entry).await?);
        }
        Ok(opened)
    }

    async fn open_events(&self, mut events: Vec<Event>) -> Result<Vec<Event>> {
        for event in &mut events {
            let opened = self.open(&place_of_event(event), &event.data).await;
            event.data = opened.map_err(|error| error.context("offset", event.offset))?;
        }
        Ok(events)
    }

    async fn seal_writes(&self, mut writes: Writes) -> Result<Writes> {
        for entry in &mut writes.puts {
            self.seal_entry(entry).await?;
        }
        for event in &mut writes.events {
            event.data = self.seal(&place_of_event(event), &event.data).await?;
        }
        Ok(writes)
    }
}

fn at(error: Error, key: &Key) -> Error {
    error.context("key", key)
}

// What is forgotten here would not reach the store below.
#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl StateStore for Sealed {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        Ok(Box::new(SealedTx { inner: self.inner.begin(now).await?, sealer: self.sealer.clone() }))
    }

    async fn head(&self) -> Result<Head> {
        self.inner.head().await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let mut opened = Vec::with_capacity(keys.len());
        for entry in self.inner.get_many(keys).await? {
            opened.push(match entry {
                Some(entry) => Some(self.sealer.open_entry(entry).await?),
                None => None,
            });
        }
        Ok(opened)
    }

    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.sealer.open_entries(self.inner.range(range, limit).await?).await
    }

    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        let mut changes = self.inner.changes(range, after, limit).await?;
        for change in &mut changes {
            if let Some(value) = &mut change.value {
                let place = place_of_value(&change.key, change.version);
                *value = self.sealer.open(&place, value).await.map_err(|error| at(error, &change.key))?;
            }
        }
        Ok(changes)
    }

    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.sealer.open_events(self.inner.events(filter, after, limit).await?).await
    }

    async fn trimmed(&self) -> Result<Trimmed> {
        self.inner.trimmed().await
    }

    async fn lost(&self, filter: &TopicFilter, after: u64) -> Result<u64> {
        self.inner.lost(filter, after).await
    }

    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.inner.expiring(limit).await
    }

    async fn view(&self) -> Result<Box<dyn StoreView>> {
        Ok(Box::new(SealedView { inner: self.inner.view().await?, sealer: self.sealer.clone() }))
    }

    fn sealed_below(&self) -> Option<&Arc<dyn StateStore>> {
        Some(&self.inner)
    }

    async fn changed_elsewhere(&self, known: Head) -> Result<()> {
        self.inner.changed_elsewhere(known).await
    }

    fn poll_every(&self) -> Option<Duration> {
        self.inner.poll_every()
    }

    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("sealer", &self.sealer).finish_non_exhaustive()
    }
}

struct SealedTx {
    inner: Box<dyn StoreTx>,
    sealer: Sealer,
}

// What is forgotten here would not reach the store below.
#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl StoreTx for SealedTx {
    fn head(&self) -> Head {
        self.inner.head()
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        let mut found = self.inner.get_many(keys).await?;
        for entry in found.values_mut() {
            *entry = self.sealer.open_entry(entry.clone()).await?;
        }
        Ok(found)
    }

    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.sealer.open_entries(self.inner.range(range, limit).await?).await
    }

    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        self.inner.last_offsets(topics).await
    }

    async fn write(&mut self, part: Writes) -> Result<()> {
        self.inner.write(self.sealer.seal_writes(part).await?).await
    }

    async fn commit(self: Box<Self>, writes: Writes) -> Result<()> {
        let writes = self.sealer.seal_writes(writes).await?;
        self.inner.commit(writes).await
    }
}

struct SealedView {
    inner: Box<dyn StoreView>,
    sealer: Sealer,
}

// What is forgotten here would not reach the store below.
#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl StoreView for SealedView {
    fn head(&self) -> Head {
        self.inner.head()
    }

    fn trimmed(&self) -> &Trimmed {
        self.inner.trimmed()
    }

    async fn entries(&mut self, after: Option<&Key>, limit: usize) -> Result<Vec<Entry>> {
        self.sealer.open_entries(self.inner.entries(after, limit).await?).await
    }

    async fn events(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.sealer.open_events(self.inner.events(after, limit).await?).await
    }

    async fn last_offsets(&mut self, after: Option<&Topic>, limit: usize) -> Result<Vec<(Topic, u64)>> {
        self.inner.last_offsets(after, limit).await
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
