//! Snapshots of topics: what their events come to, so that old events may go.

use bytes::{BufMut as _, Bytes, BytesMut};
use mosaic_core::error::{Error, ErrorKind, Result};

use super::{Entry, Event, Key, State, Topic, TopicFilter, Tx};

/// What the events of a topic come to, up to an offset.
///
/// ```
/// use mosaic_mcp::state::{MemoryStore, State, Topic};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let sum = Topic::new("sum")?;
/// for n in ["1", "2", "3"] {
///     let sum = sum.clone();
///     state.run(move |tx| Box::pin(async move { tx.append(sum, "added", n) })).await?;
/// }
/// let of = sum.clone();
/// state.run(move |tx| Box::pin(async move { tx.put_snapshot(&of, 2, "3").await })).await?;
/// state.compact(&sum).await?;
/// let (snapshot, events) = state.replay(&sum, 100).await?;
/// assert_eq!(snapshot.map(|snapshot| snapshot.data), Some("3".into()));
/// assert_eq!(events.iter().map(|event| event.offset).collect::<Vec<_>>(), [3]);
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The offset of the last event that is in it.
    pub offset: u64,
    /// As whoever made it wrote it.
    pub data: Bytes,
}

/// How often a replay begins again because the topic was compacted meanwhile.
const TRIES: usize = 8;

fn key(topic: &Topic) -> Result<Key> {
    Key::of(&["snapshot", topic.as_str()])
}

impl Snapshot {
    fn write(&self) -> Bytes {
        let mut bytes = BytesMut::with_capacity(8 + self.data.len());
        bytes.put_u64(self.offset);
        bytes.put_slice(&self.data);
        bytes.freeze()
    }

    fn read(entry: &Entry) -> Result<Self> {
        let Some((offset, data)) = entry.value.split_first_chunk::<8>() else {
            return Err(Error::new(ErrorKind::Internal, format!("{}: this is no snapshot", entry.key)));
        };
        Ok(Self { offset: u64::from_be_bytes(*offset), data: entry.value.slice_ref(data) })
    }
}

impl Tx<'_> {
    /// Keeps what the events of a topic come to, up to an offset, instead of the snapshot before it.
    ///
    /// # Errors
    /// `Conflict` where there is a later one; `Invalid` where the offset is not reached yet, or the data too large: a snapshot
    /// has 8 bytes less than a value. Those of the store.
    pub async fn put_snapshot(&mut self, topic: &Topic, offset: u64, data: impl Into<Bytes>) -> Result<()> {
        if offset > self.offset() {
            let message = format!("a snapshot up to offset {offset}: the log ends at {}", self.offset());
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        if let Some(known) = self.snapshot(topic).await?
            && known.offset > offset
        {
            let message =
                format!("a snapshot of {topic} up to offset {offset}: there is one up to {}", known.offset);
            return Err(Error::new(ErrorKind::Conflict, message).refused());
        }
        self.put(key(topic)?, Snapshot { offset, data: data.into() }.write())
    }

    /// The snapshot of a topic.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn snapshot(&mut self, topic: &Topic) -> Result<Option<Snapshot>> {
        self.get(&key(topic)?).await?.as_ref().map(Snapshot::read).transpose()
    }
}

impl State {
    /// The snapshot of a topic.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn snapshot(&self, topic: &Topic) -> Result<Option<Snapshot>> {
        self.get(&key(topic)?).await?.as_ref().map(Snapshot::read).transpose()
    }

    /// The snapshot of a topic and the first events after it: all that is to be known of it. More events follow from the offset of
    /// the last by [`State::events`].
    ///
    /// # Errors
    /// `NotFound` where events were removed that no snapshot has; those of the store.
    pub async fn replay(&self, topic: &Topic, limit: usize) -> Result<(Option<Snapshot>, Vec<Event>)> {
        let filter = TopicFilter::new(topic.as_str())?;
        let mut snapshot = self.snapshot(topic).await?;
        for _ in 0..TRIES {
            let after = snapshot.as_ref().map_or(0, |snapshot| snapshot.offset);
            let lost = match self.events(&filter, after, limit).await {
                Err(error) if error.kind() == ErrorKind::NotFound => error,
                events => return Ok((snapshot, events?)),
            };
            // Compacted between the two reads, or trimmed without a snapshot.
            let now = self.snapshot(topic).await?;
            if now == snapshot {
                return Err(lost);
            }
            snapshot = now;
        }
        Err(Error::new(ErrorKind::Conflict, format!("{topic} is compacted all the time: try again later")))
    }

    /// Removes the events of a topic that are in its snapshot; gives the offset of the last.
    ///
    /// # Errors
    /// `NotFound` where there is no snapshot; as for [`State::run`].
    pub async fn compact(&self, topic: &Topic) -> Result<u64> {
        let topic = topic.clone();
        self.run(move |tx| {
            Box::pin(async move {
                let Some(snapshot) = tx.snapshot(&topic).await? else {
                    return Err(Error::new(ErrorKind::NotFound, format!("{topic} has no snapshot")));
                };
                tx.trim(Some(topic), snapshot.offset);
                Ok(snapshot.offset)
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::MemoryStore;

    async fn snapshot(state: &State, topic: &Topic, offset: u64, data: &'static str) -> Result<()> {
        let topic = topic.clone();
        state.run(move |tx| Box::pin(async move { tx.put_snapshot(&topic, offset, data).await })).await
    }

    #[tokio::test]
    async fn a_snapshot_and_the_events_after_it_are_everything() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let (log, other) = (Topic::new("log.1").unwrap(), Topic::new("log.2").unwrap());
        for n in 1..=20_u64 {
            let topic = if n % 4 == 0 { other.clone() } else { log.clone() };
            state.run(move |tx| Box::pin(async move { tx.emit(topic, "added", &n) })).await.unwrap();
        }
        let sum = |snapshot: Option<Snapshot>, events: Vec<Event>| {
            let read = |bytes: &Bytes| serde_json::from_slice::<u64>(bytes).unwrap();
            snapshot.map_or(0, |snapshot| read(&snapshot.data))
                + events.iter().map(|event| read(&event.data)).sum::<u64>()
        };
        let (none, events) = state.replay(&log, 100).await.unwrap();
        assert_eq!((none.clone(), sum(none, events)), (None, 150));
        assert_eq!(state.compact(&log).await.unwrap_err().kind(), ErrorKind::NotFound);
        for (offset, data) in [(3, "6"), (10, "43")] {
            snapshot(&state, &log, offset, data).await.unwrap();
            let (found, events) = state.replay(&log, 100).await.unwrap();
            assert_eq!(sum(found, events), 150, "before it is compacted");
            assert_eq!(state.compact(&log).await.unwrap(), offset);
            let (found, events) = state.replay(&log, 100).await.unwrap();
            assert!(events.iter().all(|event| event.offset > offset));
            assert_eq!(sum(found, events), 150);
        }
        let whole = state.events(&TopicFilter::new("log.2").unwrap(), 0, 100).await.unwrap();
        assert_eq!(whole.len(), 5, "other topics are whole");
        assert_eq!(snapshot(&state, &log, 5, "0").await.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(snapshot(&state, &log, 99, "0").await.unwrap_err().kind(), ErrorKind::Invalid);
        state.close().await.unwrap();
    }

    #[tokio::test]
    async fn events_that_no_snapshot_has_are_missed() {
        let state = State::open(MemoryStore::new()).await.unwrap();
        let log = Topic::new("log").unwrap();
        for _ in 0..3 {
            let topic = log.clone();
            state.run(move |tx| Box::pin(async move { tx.append(topic, "k", "") })).await.unwrap();
        }
        snapshot(&state, &log, 1, "").await.unwrap();
        let topic = log.clone();
        let trim = state.run(move |tx| {
            Box::pin(async move {
                tx.trim(Some(topic), 2);
                Ok(())
            })
        });
        trim.await.unwrap();
        assert_eq!(state.replay(&log, 9).await.unwrap_err().kind(), ErrorKind::NotFound);
        state.close().await.unwrap();
    }
}
