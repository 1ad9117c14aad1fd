//! The state of a node: what applications, agents and the other rooms use.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::store::{StateStore, Trimmed};
use super::subscribe::{Feed, Parked, Since, Subscription, fill};
use super::tx::decode;
use super::upkeep::Upkeep;
use super::writer::{Work, Writer, advance, closed, submit};
use super::{
    Change, Entry, Event, Expect, Head, Key, KeyRange, StateOptions, Topic, TopicFilter, Tx, limits,
};

/// Values and events that survive, behind transactions that are written in groups. Clones share it.
///
/// ```
/// use mosaic_mcp::state::{Expect, Key, MemoryStore, State};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let key = Key::of(&["greeting"])?;
/// let version = state.put_if(key.clone(), "hello", Expect::Absent).await?;
/// assert!(state.put_if(key.clone(), "again", Expect::Absent).await.is_err());
/// state.put_if(key, "changed", Expect::Version(version)).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    store: Arc<dyn StateStore>,
    clock: Clock,
    /// None once it is closed.
    queue: parking_lot::RwLock<Option<mpsc::Sender<Box<dyn Work>>>>,
    heads: watch::Receiver<Head>,
    feed: Arc<Feed>,
    stop: CancellationToken,
    tasks: parking_lot::Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("head", &*self.0.heads.borrow()).finish_non_exhaustive()
    }
}

/// A state that is dropped without being closed stops as well: what waits is written, subscriptions and tasks end.
impl Drop for Inner {
    fn drop(&mut self) {
        self.stop.cancel();
        self.feed.close();
    }
}

impl State {
    pub(super) async fn start(options: StateOptions, store: Arc<dyn StateStore>) -> Result<Self> {
        let (head, heads) = watch::channel(store.head().await?);
        let (queue, waiting) = mpsc::channel(options.waiting);
        let ends = Arc::new(watch::Sender::new(None));
        let stop = CancellationToken::new();
        let feed = Arc::new(Feed::new(heads.borrow().offset, options.memory));
        let writer = Writer {
            store: store.clone(),
            clock: options.clock,
            queue: waiting,
            group: options.group,
            head: head.clone(),
            feed: feed.clone(),
            ends: ends.clone(),
        };
        let upkeep = Upkeep::new(&options, store.clone(), queue.clone(), heads.clone(), ends);
        let tasks = vec![
            tokio::spawn(writer.run()),
            tokio::spawn(listen(store.clone(), head, feed.clone(), stop.clone())),
            tokio::spawn(fill(store.clone(), feed.clone(), stop.clone())),
            tokio::spawn(upkeep.run(stop.clone())),
        ];
        Ok(Self(Arc::new(Inner {
            store,
            clock: options.clock,
            queue: parking_lot::RwLock::new(Some(queue)),
            heads,
            feed,
            stop,
            tasks: parking_lot::Mutex::new(tasks),
        })))
    }

    /// Opens a store with the defaults of [`StateOptions`].
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(store: impl StateStore) -> Result<Self> {
        StateOptions::new().open(store).await
    }

    /// Runs a transaction. It is written as a whole, or, where it gives an error, not at all; it runs once. Dropping the future
    /// before it ends leaves open whether it is written.
    ///
    /// # Errors
    /// The transaction's own; `Lifecycle` once the state is closed; those of the store, where the delivery says whether
    /// it may have been written nevertheless.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        F: for<'t> FnOnce(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let queue = self.0.queue.read().clone().ok_or_else(closed)?;
        submit(queue, work).await
    }

    /// One value, as it is committed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get(&self, key: &Key) -> Result<Option<Entry>> {
        Ok(self.get_many(std::slice::from_ref(key)).await?.pop().flatten())
    }

    /// Several values, in the order of the keys.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let now = self.now();
        let found = self.0.store.get_many(keys).await?;
        Ok(found.into_iter().map(|entry| entry.filter(|entry| entry.is_live(now))).collect())
    }

    /// A value from JSON.
    ///
    /// # Errors
    /// Those of the store; `Internal` where what is stored does not fit.
    pub async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        self.get(key).await?.map(|entry| decode(&entry)).transpose()
    }

    /// The first values of a range, in the order of their keys; at most [`limits::READ`](super::limits::READ).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        let (now, limit) = (self.now(), limit.min(limits::READ));
        let (mut live, mut rest) = (Vec::new(), range.clone());
        while live.len() < limit {
            let want = limit - live.len();
            let found = self.0.store.range(&rest, want).await?;
            let whole = found.len() < want;
            if let Some(last) = found.last() {
                rest = rest.after(&last.key);
            }
            live.extend(found.into_iter().filter(|entry| entry.is_live(now)));
            if whole {
                break;
            }
        }
        Ok(live)
    }

    /// Puts a value; gives its version.
    ///
    /// # Errors
    /// As for [`State::run`].
    pub async fn put(&self, key: Key, value: impl Into<Bytes>) -> Result<u64> {
        self.put_if(key, value, Expect::Any).await
    }

    /// Puts a value where the key is what is expected; gives the new version.
    ///
    /// # Errors
    /// `Conflict` where it is something else; as for [`State::run`].
    pub async fn put_if(&self, key: Key, value: impl Into<Bytes>, expected: Expect) -> Result<u64> {
        let value = value.into();
        self.run(move |tx| {
            Box::pin(async move {
                tx.expect(&key, expected).await?;
                tx.put(key, value)?;
                Ok(tx.revision())
            })
        })
        .await
    }

    /// Deletes a value where the key is what is expected.
    ///
    /// # Errors
    /// As for [`State::put_if`].
    pub async fn delete_if(&self, key: Key, expected: Expect) -> Result<()> {
        self.run(move |tx| {
            Box::pin(async move {
                tx.expect(&key, expected).await?;
                tx.delete(key)
            })
        })
        .await
    }

    /// The events after an offset that a filter chooses, in order; at most [`limits::READ`](super::limits::READ).
    ///
    /// # Errors
    /// `NotFound` where events that the filter may choose were removed since the offset: the error says from where on all are
    /// there. Those of the store.
    pub async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        let found = self.0.store.events(filter, after, limit.min(limits::READ)).await?;
        // Asked afterwards, so that what is removed in between is noticed.
        let gone = self.0.store.lost(filter, after).await?;
        if gone > after {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "events of {filter} up to offset {gone} were removed: follow from {gone}, or read a snapshot"
                ),
            ));
        }
        Ok(found)
    }

    /// The events that a filter chooses, replayed from where one says and then as they come, on this node and on others.
    pub fn subscribe(&self, filter: TopicFilter, since: Since) -> Subscription {
        Subscription::new(self.0.feed.clone(), self.0.store.clone(), filter, since)
    }

    /// Takes a place where the next event of a topic is waited for.
    pub fn park(&self, topic: &Topic) -> Parked {
        Parked::new(&self.0.feed, topic)
    }

    /// The tracked keys of a range that changed after a revision, each with its value now; at most [`limits::READ`](super::limits::READ).
    ///
    /// # Errors
    /// `NotFound` where deletions since the revision were forgotten: list the range again. Those of the store.
    pub async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        let found = self.0.store.changes(range, after, limit.min(limits::READ)).await?;
        let gone = self.0.store.trimmed().await?.deletions;
        if gone > after {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("deletions up to revision {gone} were forgotten: list the keys again"),
            ));
        }
        Ok(found)
    }

    /// What was removed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn trimmed(&self) -> Result<Trimmed> {
        self.0.store.trimmed().await
    }

    /// How far the store has come, as far as this node knows.
    pub fn head(&self) -> Head {
        *self.0.heads.borrow()
    }

    /// How far the store has come, as it moves: also by other nodes.
    pub fn heads(&self) -> watch::Receiver<Head> {
        self.0.heads.clone()
    }

    /// The time of this node.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The clock of this node.
    pub fn clock(&self) -> Clock {
        self.0.clock
    }

    /// The store below.
    pub fn store(&self) -> &Arc<dyn StateStore> {
        &self.0.store
    }

    /// Writes what waits, ends the tasks and closes the store. Calls after that are refused.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn close(&self) -> Result<()> {
        self.0.queue.write().take();
        self.0.stop.cancel();
        let tasks = std::mem::take(&mut *self.0.tasks.lock());
        for task in tasks {
            // A task that panicked has ended as well.
            let _ = task.await;
        }
        self.0.feed.close();
        self.0.store.close().await
    }
}

/// How long it waits after an error where nothing else says when to look again.
const DEAF: Duration = Duration::from_secs(1);

/// Follows what other nodes write.
async fn listen(
    store: Arc<dyn StateStore>,
    head: watch::Sender<Head>,
    feed: Arc<Feed>,
    stop: CancellationToken,
) {
    let every = store.poll_every();
    let follow = async {
        loop {
            let known = *head.borrow();
            // A wake-up that is lost, or a broken connection, costs one turn of polling.
            let heard = match every {
                Some(every) => timeout(every, store.changed_elsewhere(known)).await.unwrap_or(Ok(())),
                None => store.changed_elsewhere(known).await,
            };
            if let Err(error) = heard {
                tracing::warn!(%error, "changes of other nodes are not heard; they are polled");
                tokio::time::sleep(every.unwrap_or(DEAF)).await;
            }
            match store.head().await {
                Ok(now) => {
                    feed.reach(now.offset);
                    head.send_if_modified(|known| advance(known, now));
                }
                Err(error) => tracing::warn!(%error, "the state store does not answer"),
            }
        }
    };
    let _: Option<std::convert::Infallible> = stop.run_until_cancelled(follow).await;
}
