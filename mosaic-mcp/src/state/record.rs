//! What a store keeps: values under keys, events in a log, and how far both have come.

use bytes::Bytes;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use serde::de::DeserializeOwned;

use super::{Key, Topic};

/// A value and its version.
///
/// ```
/// # use mosaic_mcp::state::Entry;
/// fn newer(a: &Entry, b: &Entry) -> bool {
///     a.version > b.version
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name.
    pub key: Key,
    /// What it is.
    pub value: Bytes,
    /// The revision of the transaction that wrote it. No two writes of a store share one, so a value that was deleted and made
    /// again is not taken for the old one.
    pub version: u64,
    /// When it ceases to be, where it does.
    pub expires: Option<Timestamp>,
    /// Whether changes tell of it; see [`Tx::put_untracked`](super::Tx::put_untracked).
    pub tracked: bool,
}

impl Entry {
    /// An entry as a store holds it: tracked.
    pub fn new(key: Key, value: Bytes, version: u64, expires: Option<Timestamp>) -> Self {
        Self { key, value, version, expires, tracked: true }
    }

    /// The same, where changes tell of it or do not.
    #[must_use]
    pub fn tracked(mut self, tracked: bool) -> Self {
        self.tracked = tracked;
        self
    }

    /// The value from JSON.
    ///
    /// # Errors
    /// `Internal` where what is stored does not fit.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        super::tx::decode(self)
    }

    /// Whether it is there at that time.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// Something that happened, as the log keeps it.
///
/// ```
/// # use mosaic_mcp::state::Event;
/// fn line(event: &Event) -> String {
///     format!("{} {} {}", event.offset, event.topic, event.kind)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its place in the log: 1 for the first, and one more for each.
    pub offset: u64,
    /// What it is about.
    pub topic: Topic,
    /// What kind of event, such as `task.completed`; 1 to 64 bytes.
    pub kind: Box<str>,
    /// The rest, as whoever appended it wrote it.
    pub data: Bytes,
    /// When it was appended.
    pub at: Timestamp,
}

impl Event {
    /// An event as a store holds it.
    pub fn new(offset: u64, topic: Topic, kind: impl Into<Box<str>>, data: Bytes, at: Timestamp) -> Self {
        Self { offset, topic, kind: kind.into(), data, at }
    }
}

/// How far a store has come.
///
/// ```
/// use mosaic_mcp::state::Head;
///
/// assert_eq!(Head::default(), Head { revision: 0, offset: 0 });
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The number of the last transaction that changed anything.
    pub revision: u64,
    /// The offset of the last event.
    pub offset: u64,
}

/// A key whose value changed: the last change only, as the store keeps no older values.
///
/// ```
/// # use mosaic_mcp::state::Change;
/// fn is_gone(change: &Change) -> bool {
///     change.value.is_none()
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The key.
    pub key: Key,
    /// Its value now; none where it was deleted or expired.
    pub value: Option<Bytes>,
    /// The revision of the change.
    pub version: u64,
}

impl Change {
    /// A change as a store tells it.
    pub fn new(key: Key, value: Option<Bytes>, version: u64) -> Self {
        Self { key, value, version }
    }
}
