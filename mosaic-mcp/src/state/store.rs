//! The contract of a store: what memory, SQLite and PostgreSQL implement.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;

use super::{Change, Entry, Event, Head, Key, KeyRange, Topic, TopicFilter};

/// Keeps values and events. What people use is [`State`](super::State), which runs transactions over it in groups.
///
/// Reads see what was committed and are consistent in themselves. Limits are numbers of records; a store may give less only where
/// there is no more. Expired values are given as they are stored: `State` leaves them out.
///
/// ```
/// use mosaic_mcp::state::{MemoryStore, State};
///
/// # async fn open() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// # state.close().await
/// # }
/// ```
#[async_trait]
pub trait StateStore: Send + Sync + 'static {
    /// Begins the one write transaction that there is: waits until no other is open, on any node. `now` is the time of this node;
    /// a store that several nodes share uses its own.
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>>;

    /// How far the store has come.
    async fn head(&self) -> Result<Head>;

    /// The values of keys, in the order of the keys.
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>>;

    /// The first values of a range, in the order of their keys.
    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>>;

    /// The tracked keys of a range that changed after a revision, in the order of their changes. What one revision changed is never torn
    /// apart: the last revision is told whole, even where more than the limit come then.
    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>>;

    /// The events after an offset that a filter chooses, in order.
    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>>;

    /// What was removed from the log and from the changes.
    async fn trimmed(&self) -> Result<Trimmed>;

    /// The last offset at which an event that the filter chooses may be missing, of those after `after`; 0 for none. A store that
    /// can tell without [`StateStore::trimmed`] as a whole does so.
    async fn lost(&self, filter: &TopicFilter, after: u64) -> Result<u64> {
        let through = self.trimmed().await?.before(filter);
        Ok(if through > after { through } else { 0 })
    }

    /// The first values that cease to be, in the order of the times at which they do; with those that have expired and are
    /// still stored.
    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>>;

    /// Everything as it is now, for a backup. Nothing that is written afterwards shows in it, and it keeps nobody from writing.
    async fn view(&self) -> Result<Box<dyn StoreView>>;

    /// The store in which what this one is given lies sealed; none where it lies as it is given, which is so by default. Backups are
    /// made of the one below.
    fn sealed_below(&self) -> Option<&Arc<dyn StateStore>> {
        None
    }

    /// Waits until the store may have come further than `known`, by another node. A store of one node waits for ever.
    async fn changed_elsewhere(&self, known: Head) -> Result<()> {
        let _ = known;
        std::future::pending().await
    }

    /// How often [`StateStore::head`] is asked for changes of other nodes that were not heard of; none where all are heard of.
    fn poll_every(&self) -> Option<Duration> {
        None
    }

    /// Gives back what the store holds: connections, files.
    async fn close(&self) -> Result<()>;
}

/// A write transaction of a store. It sees what is committed; what it will write is kept by its user until [`StoreTx::commit`].
/// Dropping it gives it up.
#[async_trait]
pub trait StoreTx: Send {
    /// How far the store has come. Nothing moves it while this transaction is open.
    fn head(&self) -> Head;

    /// The time of this transaction.
    fn now(&self) -> Timestamp;

    /// The values of keys; those that are not there are left out.
    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>>;

    /// The first values of a range, in the order of their keys.
    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>>;

    /// The offset of the last event of each topic, also where that event was removed since; topics without one are left out.
    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>>;

    /// Writes a part ahead of [`StoreTx::commit`], which makes it stand or fall with the rest. Reads of this transaction need not
    /// see it. For what is larger than memory: a restore.
    async fn write(&mut self, part: Writes) -> Result<()>;

    /// Writes everything or nothing.
    ///
    /// # Errors
    /// With the delivery `NotSent` where nothing was written for certain; otherwise it may have been.
    async fn commit(self: Box<Self>, writes: Writes) -> Result<()>;
}

/// Everything that a store holds at one moment, read in parts of at most `limit` records. Fewer come only at the end.
#[async_trait]
pub trait StoreView: Send {
    /// How far the store had come.
    fn head(&self) -> Head;

    /// What had been removed.
    fn trimmed(&self) -> &Trimmed;

    /// Values after a key, in the order of their keys; from the first where there is none.
    async fn entries(&mut self, after: Option<&Key>, limit: usize) -> Result<Vec<Entry>>;

    /// Events after an offset, in order.
    async fn events(&mut self, after: u64, limit: usize) -> Result<Vec<Event>>;

    /// Topics after a topic, in order, with the offset of the last event of each: at least those that have lost events.
    async fn last_offsets(&mut self, after: Option<&Topic>, limit: usize) -> Result<Vec<(Topic, u64)>>;
}

/// What a transaction writes, already in order and without contradictions: each key is there once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Writes {
    /// Values to put.
    pub puts: Vec<Entry>,
    /// Keys to delete, with the revision of the deletion. Keys that are not there are passed over. Values that are not tracked are
    /// removed without a trace.
    pub deletes: Vec<(Key, u64)>,
    /// Events to append, with their offsets.
    pub events: Vec<Event>,
    /// Events to remove.
    pub trims: Vec<Trim>,
    /// Offsets of the last events of topics that have lost them: only a restore has these.
    pub last_offsets: Vec<(Topic, u64)>,
    /// Deletions to forget: those up to this revision.
    pub forget: Option<u64>,
    /// How far the store has come then.
    pub head: Head,
}

/// A removal of old events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trim {
    /// Of this topic; where there is none, of all but those below `audit`, whose events hold only together.
    pub topic: Option<Topic>,
    /// Up to this offset, inclusive.
    pub through: u64,
}

/// What a store no longer has.
///
/// ```
/// use mosaic_mcp::state::{Topic, TopicFilter, Trimmed};
///
/// let mut trimmed = Trimmed::default();
/// trimmed.topics.insert(Topic::new("task.7")?, 40);
/// assert_eq!(trimmed.before(&TopicFilter::new("task.*")?), 40);
/// assert_eq!(trimmed.before(&TopicFilter::new("agent.*")?), 0);
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trimmed {
    /// Events of every topic that is not below `audit`, up to this offset.
    pub all: u64,
    /// Events of a topic, up to this offset.
    pub topics: HashMap<Topic, u64>,
    /// Deletions of keys, up to this revision: who watches from before must list again.
    pub deletions: u64,
}

impl Trimmed {
    /// The last offset at which an event that the filter chooses may be missing; 0 for none.
    pub fn before(&self, filter: &TopicFilter) -> u64 {
        let chosen = self.topics.iter().filter(|(topic, _)| filter.matches(topic)).map(|(_, offset)| *offset);
        let all = if filter.is_apart() { 0 } else { self.all };
        chosen.max().unwrap_or(0).max(all)
    }
}
