//! The store that keeps everything in memory, for tests and for what need not survive.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem;
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use parking_lot::RwLock;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::store::{StateStore, StoreTx, StoreView, Trimmed, Writes};
use super::{Change, Entry, Event, Head, Key, KeyRange, Topic, TopicFilter};

/// A store in memory. Clones share it.
///
/// ```
/// use mosaic_mcp::state::{Key, MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let key = Key::of(&["greeting"])?;
/// state.put(key.clone(), "hello").await?;
/// assert_eq!(state.get(&key).await?.map(|entry| entry.value), Some("hello".into()));
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    held: RwLock<Held>,
    writer: Arc<Mutex<()>>,
    heads: watch::Sender<Head>,
}

#[derive(Debug, Clone, Default)]
struct Held {
    entries: BTreeMap<Key, Entry>,
    expiring: BTreeSet<(Timestamp, Key)>,
    /// The tracked key that changed at each revision: with the entries and the deletions, every change.
    by_revision: BTreeSet<(u64, Key)>,
    deleted: HashMap<Key, u64>,
    events: BTreeMap<u64, Event>,
    last_offsets: BTreeMap<Topic, u64>,
    trimmed: Trimmed,
    head: Head,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Held {
    fn range(&self, range: &KeyRange, limit: usize) -> Vec<Entry> {
        if range.from >= range.to {
            return Vec::new();
        }
        let bounds = (Bound::Included(&*range.from), Bound::Excluded(&*range.to));
        self.entries.range::<str, _>(bounds).take(limit).map(|(_, entry)| entry.clone()).collect()
    }

    fn apply(&mut self, writes: Writes) {
        for entry in writes.puts {
            self.forget_change(&entry.key);
            if entry.tracked {
                self.by_revision.insert((entry.version, entry.key.clone()));
            }
            if let Some(end) = entry.expires {
                self.expiring.insert((end, entry.key.clone()));
            }
            self.entries.insert(entry.key.clone(), entry);
        }
        for (key, revision) in writes.deletes {
            let Some(tracked) = self.entries.get(&key).map(|entry| entry.tracked) else { continue };
            self.forget_change(&key);
            self.entries.remove(&key);
            if tracked {
                self.by_revision.insert((revision, key.clone()));
                self.deleted.insert(key, revision);
            }
        }
        self.last_offsets.extend(writes.last_offsets);
        for event in writes.events {
            self.last_offsets.insert(event.topic.clone(), event.offset);
            self.events.insert(event.offset, event);
        }
        for trim in writes.trims {
            self.events.retain(|offset, event| {
                let goes = match &trim.topic {
                    Some(topic) => *topic == event.topic,
                    None => !event.topic.is_apart(),
                };
                *offset > trim.through || !goes
            });
            let mark = match trim.topic {
                Some(topic) => self.trimmed.topics.entry(topic).or_default(),
                None => &mut self.trimmed.all,
            };
            *mark = (*mark).max(trim.through);
        }
        if let Some(forget) = writes.forget {
            let old: Vec<_> =
                self.deleted.iter().filter(|(_, at)| **at <= forget).map(|(key, _)| key.clone()).collect();
            for key in old {
                self.forget_change(&key);
            }
            self.trimmed.deletions = self.trimmed.deletions.max(forget);
        }
        self.head = writes.head;
    }

    /// Takes the last change of a key, and the end of its value, out of their orders.
    fn forget_change(&mut self, key: &Key) {
        if let Some(end) = self.entries.get(key).and_then(|entry| entry.expires) {
            self.expiring.remove(&(end, key.clone()));
        }
        let version = self.deleted.remove(key).or_else(|| self.entries.get(key).map(|entry| entry.version));
        if let Some(version) = version {
            self.by_revision.remove(&(version, key.clone()));
        }
    }
}

#[async_trait]
impl StateStore for MemoryStore {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        let turn = self.0.writer.clone().lock_owned().await;
        let head = self.0.held.read().head;
        Ok(Box::new(MemoryTx { store: self.0.clone(), head, now, parts: Vec::new(), _turn: turn }))
    }

    async fn head(&self) -> Result<Head> {
        Ok(self.0.held.read().head)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let held = self.0.held.read();
        Ok(keys.iter().map(|key| held.entries.get(key.as_str()).cloned()).collect())
    }

    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        Ok(self.0.held.read().range(range, limit))
    }

    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        let held = self.0.held.read();
        let mut found: Vec<Change> = Vec::new();
        for (version, key) in held.by_revision.iter().skip_while(|(version, _)| *version <= after) {
            if !range.contains(key) {
                continue;
            }
            if found.len() >= limit && found.last().is_none_or(|last| last.version != *version) {
                break;
            }
            let value = held.entries.get(key).map(|entry| entry.value.clone());
            found.push(Change::new(key.clone(), value, *version));
        }
        Ok(found)
    }

    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        let held = self.0.held.read();
        let later = held.events.range((Bound::Excluded(after), Bound::Unbounded)).map(|(_, event)| event);
        Ok(later.filter(|event| filter.matches(&event.topic)).take(limit).cloned().collect())
    }

    async fn trimmed(&self) -> Result<Trimmed> {
        Ok(self.0.held.read().trimmed.clone())
    }

    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        let held = self.0.held.read();
        Ok(held.expiring.iter().take(limit).map(|(end, key)| (key.clone(), *end)).collect())
    }

    async fn view(&self) -> Result<Box<dyn StoreView>> {
        Ok(Box::new(MemoryView(self.0.held.read().clone())))
    }

    async fn changed_elsewhere(&self, known: Head) -> Result<()> {
        // Fails only where the sender is gone, which this store holds.
        let _ = self.0.heads.subscribe().wait_for(|head| head.revision > known.revision).await;
        Ok(())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

/// A copy: keys and values are shared, the order is not.
struct MemoryView(Held);

#[async_trait]
impl StoreView for MemoryView {
    fn head(&self) -> Head {
        self.0.head
    }

    fn trimmed(&self) -> &Trimmed {
        &self.0.trimmed
    }

    async fn entries(&mut self, after: Option<&Key>, limit: usize) -> Result<Vec<Entry>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.0.entries.range::<Key, _>((from, Bound::Unbounded));
        Ok(rest.take(limit).map(|(_, entry)| entry.clone()).collect())
    }

    async fn events(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        let rest = self.0.events.range((Bound::Excluded(after), Bound::Unbounded));
        Ok(rest.take(limit).map(|(_, event)| event.clone()).collect())
    }

    async fn last_offsets(&mut self, after: Option<&Topic>, limit: usize) -> Result<Vec<(Topic, u64)>> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.0.last_offsets.range((from, Bound::Unbounded));
        Ok(rest.take(limit).map(|(topic, offset)| (topic.clone(), *offset)).collect())
    }
}

struct MemoryTx {
    store: Arc<Inner>,
    head: Head,
    now: Timestamp,
    parts: Vec<Writes>,
    /// The turn of this writer: given back when it is dropped.
    _turn: OwnedMutexGuard<()>,
}

#[async_trait]
impl StoreTx for MemoryTx {
    fn head(&self) -> Head {
        self.head
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        let held = self.store.held.read();
        let found = keys.iter().filter_map(|key| held.entries.get(key.as_str()).cloned());
        Ok(found.map(|entry| (entry.key.clone(), entry)).collect())
    }

    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        Ok(self.store.held.read().range(range, limit))
    }

    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        let held = self.store.held.read();
        let found = topics.iter().filter_map(|topic| held.last_offsets.get_key_value(topic));
        Ok(found.map(|(topic, offset)| (topic.clone(), *offset)).collect())
    }

    async fn write(&mut self, part: Writes) -> Result<()> {
        self.parts.push(part);
        Ok(())
    }

    async fn commit(mut self: Box<Self>, writes: Writes) -> Result<()> {
        let parts = mem::take(&mut self.parts);
        let head = {
            let mut held = self.store.held.write();
            parts.into_iter().chain([writes]).for_each(|writes| held.apply(writes));
            held.head
        };
        self.store.heads.send_replace(head);
        Ok(())
    }
}
