//! Subscriptions with a name, whose place is kept in the state.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use super::subscription::{Delivery, Since, Subscription};
use crate::state::{Key, KeyRange, State, TopicFilter, Tx};

/// The longest name, in bytes.
const NAME: usize = 128;
/// The most consumers of one listing.
const LISTED: usize = 1_000;

/// Followers of the log that go on where they were: a name, a filter, and the offset up to which all is done. Clones share them.
///
/// ```
/// use futures_util::TryStreamExt as _;
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::state::{Consumers, MemoryStore, Since, State, Topic, TopicFilter};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let (cx, consumers) = (CallContext::new(), Consumers::new(state.clone()));
/// let builds = TopicFilter::new("build.>")?;
/// state.run(|tx| Box::pin(async move { tx.append(Topic::new("build.1")?, "build.ended", "") })).await?;
///
/// let mut reports = consumers.open(&cx, "reports", builds.clone(), Since::Start).await?;
/// let ended = reports.try_next().await?.map_or(0, |delivery| delivery.event.offset);
/// // Only what is acknowledged is done: without this, the next one begins here again.
/// reports.acknowledge(ended).await?;
///
/// let again = consumers.open(&cx, "reports", builds, Since::Start).await?;
/// assert_eq!(again.position(), ended);
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Consumers {
    state: State,
}

/// What is kept of a consumer.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    filter: TopicFilter,
    acknowledged: u64,
    /// The revision at which it was opened last: who opened it before is no longer heard.
    opened: u64,
    /// It began with the oldest event that was kept.
    #[serde(default)]
    from_start: bool,
}

/// A consumer as it is listed.
///
/// ```
/// # use mosaic_mcp::state::ConsumerInfo;
/// fn is_behind(consumer: &ConsumerInfo) -> bool {
///     consumer.lag > 100_000
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerInfo {
    /// Its name.
    pub name: String,
    /// What it chooses.
    pub filter: TopicFilter,
    /// The offset up to which all is done.
    pub acknowledged: u64,
    /// How many events of the log lie behind that, whatever their topics.
    pub lag: u64,
}

impl Consumers {
    /// The consumers of a state.
    pub fn new(state: State) -> Self {
        Self { state }
    }

    /// Opens the consumer of a name, of 1 to 128 bytes: a new one begins where `since` says, one that is there goes on behind what
    /// was acknowledged. Whoever had it open before can no longer acknowledge.
    ///
    /// # Errors
    /// `Invalid` for a name that is none; `Conflict` where it is there with another filter; those of the store.
    pub async fn open(
        &self,
        cx: &CallContext,
        name: &str,
        filter: TopicFilter,
        since: Since,
    ) -> Result<Consumer> {
        let key = key(cx, name)?;
        let (place, wanted) = (key.clone(), filter.clone());
        let record = self.state.run(move |tx| Box::pin(open(tx, place, wanted, since))).await?;
        let from_start = record.from_start && record.acknowledged == 0;
        let since = if from_start { Since::Start } else { Since::After(record.acknowledged) };
        let subscription = self.state.subscribe(filter, since);
        Ok(Consumer { state: self.state.clone(), key, opened: record.opened, subscription })
    }

    /// The consumers of the tenant after a name, in the order of their names; at most 1,000.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self, cx: &CallContext, after: Option<&str>) -> Result<Vec<ConsumerInfo>> {
        let mut range = KeyRange::below(&["consumer", cx.tenant_id().as_str()])?;
        if let Some(after) = after {
            range = range.after(&key(cx, after)?);
        }
        let head = self.state.head().offset;
        let found = self.state.range(&range, LISTED).await?;
        let info = found.iter().map(|entry| {
            let Record { filter, acknowledged, .. } = entry.read()?;
            let lag = head.saturating_sub(acknowledged);
            Ok(ConsumerInfo { name: entry.key.last_part(), filter, acknowledged, lag })
        });
        info.collect()
    }

    /// Forgets a consumer. Who has it open goes on getting events, and can no longer acknowledge.
    ///
    /// # Errors
    /// `NotFound` where there is none of the name; those of the store.
    pub async fn remove(&self, cx: &CallContext, name: &str) -> Result<()> {
        let (key, name) = (key(cx, name)?, name.to_owned());
        self.state
            .run(move |tx| {
                Box::pin(async move {
                    if tx.get(&key).await?.is_none() {
                        let message = format!("there is no consumer {name:?}");
                        return Err(Error::new(ErrorKind::NotFound, message).refused());
                    }
                    tx.delete(key)
                })
            })
            .await
    }
}

fn key(cx: &CallContext, name: &str) -> Result<Key> {
    if name.is_empty() || name.len() > NAME {
        return Err(Error::new(ErrorKind::Invalid, format!("the name of a consumer has 1 to {NAME} bytes")));
    }
    Key::of(&["consumer", cx.tenant_id().as_str(), name])
}

async fn open(tx: &mut Tx<'_>, key: Key, filter: TopicFilter, since: Since) -> Result<Record> {
    let mut record = match tx.read::<Record>(&key).await? {
        Some(record) if record.filter == filter => record,
        Some(Record { filter: other, .. }) => {
            let message = format!("{key} is there and follows {other}, not {filter}: take another name");
            return Err(Error::new(ErrorKind::Conflict, message).refused());
        }
        None => {
            let acknowledged = match since {
                Since::Start => 0,
                Since::Now => tx.offset(),
                Since::After(offset) => offset,
            };
            Record { filter, acknowledged, opened: 0, from_start: since == Since::Start }
        }
    };
    record.opened = tx.revision();
    tx.write(&key, &record)?;
    Ok(record)
}

/// A consumer that is open: a stream of [`Delivery`] as a [`Subscription`] is, and [`Consumer::acknowledge`]. What was given and not
/// acknowledged is given again to whoever opens it next.
#[must_use]
#[derive(Debug)]
pub struct Consumer {
    state: State,
    key: Key,
    opened: u64,
    subscription: Subscription,
}

impl Consumer {
    /// Notes that everything up to an offset is done, so that one who opens the consumer later goes on behind it. An offset before
    /// one that was acknowledged changes nothing.
    ///
    /// # Errors
    /// `Invalid` for an offset that was not given yet; `Conflict` where the consumer was opened again or removed meanwhile: drop
    /// this one; those of the store.
    pub async fn acknowledge(&self, offset: u64) -> Result<()> {
        let given = self.subscription.position();
        if offset > given {
            let message = format!("offset {offset} was not given yet: the last one is {given}");
            return Err(Error::new(ErrorKind::Invalid, message).refused());
        }
        let (key, opened) = (self.key.clone(), self.opened);
        self.state
            .run(move |tx| {
                Box::pin(async move {
                    let Some(mut record) =
                        tx.read::<Record>(&key).await?.filter(|record| record.opened == opened)
                    else {
                        let message = format!("{key} was opened again or removed: drop this one");
                        return Err(Error::new(ErrorKind::Conflict, message).refused());
                    };
                    if offset > record.acknowledged {
                        record.acknowledged = offset;
                        tx.write(&key, &record)?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The offset up to which everything was given or passed over.
    pub fn position(&self) -> u64 {
        self.subscription.position()
    }

    /// How many events of the log were not looked at, as far as this node knows.
    pub fn lag(&self) -> u64 {
        self.subscription.lag()
    }
}

impl Stream for Consumer {
    type Item = Result<Delivery>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.get_mut().subscription).poll_next(cx)
    }
}
