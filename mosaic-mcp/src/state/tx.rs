//! What a transaction sees and writes: the store, below what the group before it has written, below its own writes.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use bytes::Bytes;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::store::{StoreTx, Trim, Writes};
use super::{Entry, Event, Head, Key, KeyRange, Topic, limits};

/// What was written to a key: a value, or its deletion at a revision.
#[derive(Debug, Clone)]
pub(super) enum Written {
    Put(Entry),
    Deleted(u64),
}

impl Written {
    fn entry(&self) -> Option<&Entry> {
        if let Self::Put(entry) = self { Some(entry) } else { None }
    }
}

/// What the transactions of a group have written so far, and what they have read.
#[derive(Debug, Default)]
pub(super) struct Group {
    written: BTreeMap<Key, Written>,
    /// What the store holds of keys that were asked for. Nothing changes it while the group's transaction is open.
    read: HashMap<Key, Option<Entry>>,
    events: Vec<Event>,
    last_offsets: HashMap<Topic, Option<u64>>,
    trims: Vec<Trim>,
    forget: Option<u64>,
    pub(super) head: Head,
}

impl Group {
    pub(super) fn new(head: Head) -> Self {
        Self { head, ..Self::default() }
    }

    /// Whether anything is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.written.is_empty() && self.events.is_empty() && self.trims.is_empty() && self.forget.is_none()
    }

    /// The events that the group appends.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }

    /// When the first of the values that the group writes ceases to be.
    pub(super) fn first_end(&self) -> Option<Timestamp> {
        self.written.values().filter_map(|written| written.entry()?.expires).min()
    }

    /// Everything that the group writes.
    pub(super) fn into_writes(self) -> Writes {
        let (mut puts, mut deletes) = (Vec::new(), Vec::new());
        for (key, written) in self.written {
            match written {
                Written::Put(entry) => puts.push(entry),
                Written::Deleted(revision) => deletes.push((key, revision)),
            }
        }
        Writes {
            puts,
            deletes,
            events: self.events,
            trims: self.trims,
            forget: self.forget,
            head: self.head,
            ..Writes::default()
        }
    }

    /// Takes over what a transaction has written.
    pub(super) fn merge(&mut self, mut own: Own) {
        if own.is_empty() {
            return;
        }
        self.head = Head {
            revision: self.head.revision + 1,
            offset: self.head.offset + u64::try_from(own.events.len()).unwrap_or(u64::MAX),
        };
        for event in &own.events {
            self.last_offsets.insert(event.topic.clone(), Some(event.offset));
        }
        // Appending goes through both, which for a small one after many would be too much.
        if self.written.len() <= own.written.len() {
            self.written.append(&mut own.written);
        } else {
            self.written.extend(own.written);
        }
        self.events.extend(own.events);
        self.trims.extend(own.trims);
        self.forget = self.forget.max(own.forget);
    }
}

/// What one transaction has written.
#[derive(Debug, Default)]
pub(super) struct Own {
    written: BTreeMap<Key, Written>,
    events: Vec<Event>,
    trims: Vec<Trim>,
    forget: Option<u64>,
    bytes: usize,
}

impl Own {
    fn is_empty(&self) -> bool {
        self.written.is_empty() && self.events.is_empty() && self.trims.is_empty() && self.forget.is_none()
    }
}

/// A transaction: reads see everything before it and its own writes; nobody sees those before it is committed as a whole. All
/// transactions of a store, of every node, run one after the other, so what was read holds when the transaction is committed.
///
/// ```
/// use mosaic_mcp::state::{Expect, Key, MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let counter = Key::of(&["counter"])?;
/// let next = state
///     .run(move |tx| {
///         Box::pin(async move {
///             let next = tx.read::<u64>(&counter).await?.unwrap_or(0) + 1;
///             tx.write(&counter, &next)?;
///             Ok(next)
///         })
///     })
///     .await?;
/// assert_eq!(next, 1);
/// # state.close().await
/// # }
/// ```
#[expect(missing_debug_implementations, reason = "the store's transaction has none")]
pub struct Tx<'a> {
    store: &'a mut dyn StoreTx,
    group: &'a mut Group,
    own: Own,
    now: Timestamp,
}

/// What a key must be before it is written.
///
/// ```
/// use mosaic_mcp::state::Expect;
///
/// assert_ne!(Expect::Absent, Expect::Version(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// Not there.
    Absent,
    /// There, in any version.
    Present,
    /// There, in this version.
    Version(u64),
}

impl<'a> Tx<'a> {
    pub(super) fn new(store: &'a mut dyn StoreTx, group: &'a mut Group) -> Self {
        let now = store.now();
        Self { store, group, own: Own::default(), now }
    }

    pub(super) fn into_own(self) -> Own {
        self.own
    }

    /// The time of the transaction: of the store, where several nodes share one.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The revision that what this transaction writes will have.
    pub fn revision(&self) -> u64 {
        self.group.head.revision + 1
    }

    /// The offset of the last event, with those of this transaction.
    pub fn offset(&self) -> u64 {
        self.group.head.offset + u64::try_from(self.own.events.len()).unwrap_or(u64::MAX)
    }

    /// One value.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get(&mut self, key: &Key) -> Result<Option<Entry>> {
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        self.load(std::slice::from_ref(key)).await?;
        Ok(self.known(key).flatten())
    }

    /// Several values, in the order of their keys: one question to the store at most.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get_many(&mut self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let missing: Vec<Key> = keys.iter().filter(|key| self.known(key).is_none()).cloned().collect();
        if !missing.is_empty() {
            self.load(&missing).await?;
        }
        Ok(keys.iter().map(|key| self.known(key).flatten()).collect())
    }

    /// The value of a key as far as it is known here; none where the store has to be asked.
    fn known(&self, key: &Key) -> Option<Option<Entry>> {
        let written = self.own.written.get(key).or_else(|| self.group.written.get(key));
        let found = match written {
            Some(written) => written.entry().cloned(),
            None => self.group.read.get(key)?.clone(),
        };
        Some(found.filter(|entry| entry.is_live(self.now)))
    }

    async fn load(&mut self, keys: &[Key]) -> Result<()> {
        let mut found = self.store.get_many(keys).await?;
        self.group.read.reserve(keys.len());
        for key in keys {
            // A key may be asked for twice.
            self.group.read.entry(key.clone()).or_insert_with_key(|key| found.remove(key));
        }
        Ok(())
    }

    /// The first values of a range, in the order of their keys.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        let mut live = Vec::new();
        let mut rest = range.clone();
        while live.len() < limit {
            // What was written or has expired may hide entries of the store, so that more of them may be needed.
            let want = limit - live.len();
            let stored = self.store.range(&rest, want).await?;
            let end = (stored.len() == want).then(|| stored.last().map(|entry| entry.key.clone())).flatten();
            let covered = match &end {
                Some(last) => rest.clone().before(&format!("{last}\0")),
                None => rest.clone(),
            };
            let mut merged: BTreeMap<Key, Option<Entry>> =
                stored.into_iter().map(|entry| (entry.key.clone(), Some(entry))).collect();
            for written in [&self.group.written, &self.own.written] {
                for (key, written) in within(written, &covered) {
                    merged.insert(key.clone(), written.entry().cloned());
                }
            }
            live.extend(merged.into_values().flatten().filter(|entry| entry.is_live(self.now)));
            match end {
                Some(last) => rest = rest.after(&last),
                None => break,
            }
        }
        live.truncate(limit);
        Ok(live)
    }

    /// Puts a value.
    ///
    /// # Errors
    /// `Invalid` where the value, or the transaction as a whole, is too large.
    pub fn put(&mut self, key: Key, value: impl Into<Bytes>) -> Result<()> {
        self.put_until(key, value, None)
    }

    /// Puts a value that ceases to be at a time.
    ///
    /// # Errors
    /// As for [`Tx::put`].
    pub fn put_until(&mut self, key: Key, value: impl Into<Bytes>, expires: Option<Timestamp>) -> Result<()> {
        self.put_entry(Entry::new(key, value.into(), self.revision(), expires))
    }

    /// Puts a value of which no change tells, then or when it is deleted. For records whose keys nobody watches, and keys of an index:
    /// a store keeps no order of their changes, so that it writes them with less. A key is tracked or not from its first value on:
    /// who watches one that changes sides may miss that.
    ///
    /// # Errors
    /// As for [`Tx::put`].
    pub fn put_untracked(
        &mut self,
        key: Key,
        value: impl Into<Bytes>,
        expires: Option<Timestamp>,
    ) -> Result<()> {
        self.put_entry(Entry::new(key, value.into(), self.revision(), expires).tracked(false))
    }

    fn put_entry(&mut self, entry: Entry) -> Result<()> {
        limits::value(entry.value.len())?;
        self.grow(entry.key.as_str().len() + entry.value.len())?;
        self.own.written.insert(entry.key.clone(), Written::Put(entry));
        Ok(())
    }

    /// Deletes a value; one that is not there is passed over.
    ///
    /// # Errors
    /// `Invalid` where the transaction as a whole is too large.
    pub fn delete(&mut self, key: Key) -> Result<()> {
        self.grow(key.as_str().len())?;
        let deleted = Written::Deleted(self.revision());
        self.own.written.insert(key, deleted);
        Ok(())
    }

    /// Checks what a key is now.
    ///
    /// # Errors
    /// `Conflict` where it is something else, with the version that it has.
    pub async fn expect(&mut self, key: &Key, expected: Expect) -> Result<()> {
        let found = match expected {
            Expect::Any => return Ok(()),
            _ => self.get(key).await?.map(|entry| entry.version),
        };
        let fits = match expected {
            Expect::Any => true,
            Expect::Absent => found.is_none(),
            Expect::Present => found.is_some(),
            Expect::Version(version) => found == Some(version),
        };
        if fits {
            return Ok(());
        }
        let found = found.map_or("it is not there".to_owned(), |version| format!("it has version {version}"));
        Err(Error::new(ErrorKind::Conflict, format!("{key}: {expected:?} was expected, and {found}"))
            .refused())
    }

    /// A value from JSON.
    ///
    /// # Errors
    /// Those of the store; `Internal` where what is stored does not fit.
    pub async fn read<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>> {
        self.get(key).await?.map(|entry| decode(&entry)).transpose()
    }

    /// Puts a value as JSON.
    ///
    /// # Errors
    /// As for [`Tx::put`]; `Internal` where the value has no JSON form.
    pub fn write<T: Serialize + ?Sized>(&mut self, key: &Key, value: &T) -> Result<()> {
        self.put(key.clone(), encode(key, value)?)
    }

    /// Appends an event to the log, and gives its offset. It is there exactly if the transaction is.
    ///
    /// # Errors
    /// `Invalid` where the event, or the transaction as a whole, is too large.
    pub fn append(&mut self, topic: Topic, kind: impl Into<Box<str>>, data: impl Into<Bytes>) -> Result<u64> {
        let (kind, data) = (kind.into(), data.into());
        limits::kind(&kind)?;
        limits::value(data.len())?;
        self.grow(topic.as_str().len() + kind.len() + data.len())?;
        let offset = self.offset() + 1;
        self.own.events.push(Event::new(offset, topic, kind, data, self.now));
        Ok(offset)
    }

    /// Appends an event whose data is JSON; see [`Tx::append`].
    ///
    /// # Errors
    /// As for [`Tx::append`]; `Internal` where the data has no JSON form.
    pub fn emit<T: Serialize + ?Sized>(
        &mut self,
        topic: Topic,
        kind: impl Into<Box<str>>,
        data: &T,
    ) -> Result<u64> {
        let json = encode(&topic, data)?;
        self.append(topic, kind, json)
    }

    /// The offset of the last event of a topic; 0 where there is none. A transaction that checks it before it appends is an
    /// append to an expected place.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn last_offset(&mut self, topic: &Topic) -> Result<u64> {
        if let Some(own) = self.own.events.iter().rev().find(|event| event.topic == *topic) {
            return Ok(own.offset);
        }
        if let Some(known) = self.group.last_offsets.get(topic) {
            return Ok(known.unwrap_or(0));
        }
        let found = self.store.last_offsets(std::slice::from_ref(topic)).await?.remove(topic);
        self.group.last_offsets.insert(topic.clone(), found);
        Ok(found.unwrap_or(0))
    }

    /// Removes events up to an offset, inclusive: of one topic, or of all but those below `audit`, whose records hold only together.
    /// Who follows from before is told.
    pub fn trim(&mut self, topic: Option<Topic>, through: u64) {
        let through = through.min(self.group.head.offset);
        // Before the first event there is nothing to remove, and nothing to tell.
        if through > 0 {
            self.own.trims.push(Trim { topic, through });
        }
    }

    /// Forgets deletions up to a revision, inclusive. Who watches keys from before is told to list again.
    pub fn forget_deletions(&mut self, through: u64) {
        self.own.forget = Some(through.min(self.group.head.revision)).max(self.own.forget);
    }

    fn grow(&mut self, bytes: usize) -> Result<()> {
        self.own.bytes += bytes;
        limits::transaction(self.own.bytes)
    }
}

fn within<'m>(
    written: &'m BTreeMap<Key, Written>,
    range: &KeyRange,
) -> impl Iterator<Item = (&'m Key, &'m Written)> {
    let bounds = (Bound::Included(&*range.from), Bound::Excluded(&*range.to));
    let some = (range.from < range.to).then(|| written.range::<str, _>(bounds));
    some.into_iter().flatten()
}

/// A value as JSON.
pub(super) fn encode<T: Serialize + ?Sized>(what: &dyn std::fmt::Display, value: &T) -> Result<Bytes> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("{what}: the value has no JSON form")).source(error)
    })
}

/// A value from JSON.
pub(super) fn decode<T: DeserializeOwned>(entry: &Entry) -> Result<T> {
    serde_json::from_slice(&entry.value).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("{}: what is stored is not what is read: {error}", entry.key))
    })
}
