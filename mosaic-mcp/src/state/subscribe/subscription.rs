//! One ordered stream of events: from the store where it is behind, then from memory.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use futures_util::future::BoxFuture;
use mosaic_core::error::{Error, ErrorKind, Result};
use tokio::sync::futures::OwnedNotified;

use super::feed::Feed;
use super::ring::{Batch, Found};
use crate::state::{Event, StateStore, TopicFilter};

/// The most events of one question to the store.
const PAGE: usize = 512;

/// Where a subscription begins.
///
/// ```
/// use mosaic_mcp::state::Since;
///
/// assert_ne!(Since::Start, Since::After(7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Since {
    /// At the oldest event that is kept.
    Start,
    /// With what comes from now on.
    Now,
    /// After an offset: that of the last event which was dealt with.
    After(u64),
}

/// An event as a subscriber gets it.
///
/// ```
/// # use mosaic_mcp::state::Delivery;
/// fn is_late(delivery: &Delivery) -> bool {
///     delivery.lag > 10_000
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The event.
    pub event: Arc<Event>,
    /// How many events the log has behind it, whatever their topics.
    pub lag: u64,
}

/// The events that a filter chooses, in the order of the log: each once, and none left out in silence. A [`Stream`] of
/// [`Delivery`].
///
/// It takes events as it is polled, so a slow one holds up nobody. Where events that the filter may choose were removed before it
/// came to them, it gives an error of the kind `NotFound`, whose fact `removed_through` is the last offset of those; it then goes
/// on with what is kept. After an error of the store it goes on where it was. It ends when the state is closed. Dropping it ends
/// it; [`Subscription::position`] is where a new one resumes.
///
/// ```
/// use futures_util::TryStreamExt as _;
/// use mosaic_mcp::state::{MemoryStore, Since, State, Topic, TopicFilter};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let mut doors = state.subscribe(TopicFilter::new("door.*")?, Since::Start);
/// state
///     .run(|tx| {
///         Box::pin(async move {
///             tx.append(Topic::new("window.left")?, "window.opened", "")?;
///             tx.append(Topic::new("door.front")?, "door.opened", "")
///         })
///     })
///     .await?;
/// let first = doors.try_next().await?.map(|delivery| (delivery.event.offset, delivery.lag));
/// assert_eq!((first, doors.position()), (Some((2, 0)), 2));
/// # state.close().await
/// # }
/// ```
#[must_use]
pub struct Subscription {
    feed: Arc<Feed>,
    store: Arc<dyn StateStore>,
    filter: TopicFilter,
    everything: bool,
    /// All up to here was given or passed over.
    position: u64,
    /// It begins with what is kept, so that it need not be told of what was removed before its first look.
    from_start: bool,
    /// Removals up to here are no news.
    told: u64,
    at_hand: AtHand,
    reading: Option<BoxFuture<'static, Result<Page>>>,
    moved: Pin<Box<OwnedNotified>>,
    waiting: bool,
    ended: bool,
}

/// Events that are about to be looked at.
enum AtHand {
    Memory { batch: Batch, next: usize },
    Store { events: std::vec::IntoIter<Event>, through: u64 },
    Nothing,
}

/// What the store had after a position.
struct Page {
    events: Vec<Event>,
    /// All up to here is in it.
    through: u64,
    /// Events that the filter may choose were removed up to here.
    removed: u64,
    /// Where the log ends, where that was asked.
    end: Option<u64>,
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription")
            .field("filter", &self.filter)
            .field("position", &self.position)
            .field("lag", &self.lag())
            .finish_non_exhaustive()
    }
}

impl Subscription {
    pub(in crate::state) fn new(
        feed: Arc<Feed>,
        store: Arc<dyn StateStore>,
        filter: TopicFilter,
        since: Since,
    ) -> Self {
        feed.enter();
        let position = match since {
            Since::Start => 0,
            Since::Now => feed.head(),
            Since::After(offset) => offset,
        };
        let moved = Box::pin(feed.moved());
        Self {
            everything: filter == TopicFilter::all(),
            at_hand: AtHand::Nothing,
            reading: None,
            waiting: false,
            ended: false,
            feed,
            store,
            filter,
            position,
            from_start: since == Since::Start,
            told: 0,
            moved,
        }
    }

    /// What it chooses.
    pub fn topics(&self) -> &TopicFilter {
        &self.filter
    }

    /// The offset up to which it has given or passed over everything: [`Since::After`] it, a new subscription goes on.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many events of the log it has not looked at, as far as this node knows.
    pub fn lag(&self) -> u64 {
        self.feed.head().saturating_sub(self.position)
    }

    /// The next event at hand that the filter chooses.
    fn take(&mut self) -> Option<Arc<Event>> {
        match &mut self.at_hand {
            AtHand::Memory { batch, next } => {
                while let Some(event) = batch.get(*next) {
                    *next += 1;
                    self.position = event.offset;
                    if self.everything || self.filter.matches(&event.topic) {
                        return Some(event.clone());
                    }
                }
            }
            AtHand::Store { events, through } => {
                if let Some(event) = events.next() {
                    self.position = event.offset;
                    return Some(Arc::new(event));
                }
                self.position = self.position.max(*through);
            }
            AtHand::Nothing => return None,
        }
        self.at_hand = AtHand::Nothing;
        None
    }

    /// Takes what the store had; an error where something is missing.
    fn receive(&mut self, page: Page) -> Result<()> {
        if let Some(end) = page.end {
            self.feed.reach(end);
            if end >= self.position {
                return Ok(());
            }
            let asked = std::mem::replace(&mut self.position, end);
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "the log ends at offset {end} and never came to {asked}: the offset is of another log, or of one that was \
                     restored; events follow from {end}"
                ),
            )
            .context("log_end", end));
        }
        let after = self.position;
        self.at_hand = AtHand::Store { events: page.events.into_iter(), through: page.through };
        let told = if self.from_start && after == 0 { page.removed } else { self.told };
        self.told = told.max(page.removed);
        if page.removed > after && page.removed > told {
            let (filter, removed) = (&self.filter, page.removed);
            return Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "events of {filter} between offsets {after} and {removed} were removed before they were read: \
                     what follows is what is kept; read a snapshot, or go on without them"
                ),
            )
            .context("removed_through", removed));
        }
        Ok(())
    }

    fn read(&self, known: u64) -> BoxFuture<'static, Result<Page>> {
        let (store, filter, after) = (self.store.clone(), self.filter.clone(), self.position);
        Box::pin(async move {
            if after > known {
                let end = Some(store.head().await?.offset);
                return Ok(Page { events: Vec::new(), through: after, removed: 0, end });
            }
            let events = store.events(&filter, after, PAGE).await?;
            // Asked afterwards, so that what is removed in between is noticed.
            let removed = store.lost(&filter, after).await?;
            let last = events.last().map_or(0, |event| event.offset);
            let through = if events.len() < PAGE { last.max(known) } else { last };
            Ok(Page { events, through, removed, end: None })
        })
    }
}

impl Stream for Subscription {
    type Item = Result<Delivery>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(event) = this.take() {
                let lag = this.feed.head().saturating_sub(event.offset);
                return Poll::Ready(Some(Ok(Delivery { event, lag })));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            // Others get their turn even where the filter chooses nothing of much.
            let turn = ready!(tokio::task::coop::poll_proceed(cx));
            turn.made_progress();
            if let Some(reading) = &mut this.reading {
                let page = ready!(reading.as_mut().poll(cx));
                this.reading = None;
                if let Err(error) = page.and_then(|page| this.receive(page)) {
                    this.ended = this.feed.is_closed();
                    return Poll::Ready(Some(Err(error)));
                }
                continue;
            }
            if this.waiting {
                ready!(this.moved.as_mut().poll(cx));
                this.waiting = false;
            }
            match this.feed.after(this.position) {
                (Found::Batch(batch, next), _) => this.at_hand = AtHand::Memory { batch, next },
                (Found::Behind, known) => this.reading = Some(this.read(known)),
                // An offset that this node has not heard of: the store knows whether there is such a one.
                (Found::Nothing, _) if this.position > this.feed.head() => {
                    this.reading = Some(this.read(this.feed.head()));
                }
                (Found::Nothing, _) if this.feed.is_closed() => this.ended = true,
                (Found::Nothing, through) => {
                    // Waits from before the look on, so that no move is missed in between.
                    this.moved.set(this.feed.moved());
                    this.waiting = this.feed.after(this.position).1 == through && !this.feed.is_closed();
                }
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.feed.leave();
    }
}
