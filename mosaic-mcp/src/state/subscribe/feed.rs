//! What the subscribers of a node share: the newest events, and who waits for more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::ring::{Found, Ring};
use crate::state::{Event, Topic};

/// The events of a node, for its subscribers.
#[derive(Debug)]
pub(in crate::state) struct Feed {
    held: Mutex<Held>,
    /// The offset of the last event that this node knows to be there.
    head: AtomicU64,
    /// Tells that the ring went on, or that it ends.
    moved: Arc<Notify>,
    /// Tells that events are missing in the ring which the store has.
    gap: Notify,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Held {
    ring: Ring,
    most: usize,
    /// What was committed here while events before it were missing.
    early: VecDeque<Vec<Arc<Event>>>,
    followers: usize,
    parked: HashMap<Topic, Seat>,
}

#[derive(Debug, Default)]
struct Seat {
    wake: Arc<Notify>,
    taken: usize,
}

impl Held {
    /// Whether anybody needs events in memory.
    fn wanted(&self) -> bool {
        self.followers > 0 || !self.parked.is_empty()
    }

    fn wake_parked(&self, events: &[Arc<Event>]) {
        if self.parked.is_empty() {
            return;
        }
        for event in events {
            if let Some(seat) = self.parked.get(&event.topic) {
                seat.wake.notify_one();
            }
        }
    }

    /// Goes on after a place, where what lies before it cannot be had in one piece. Whoever waits looks for itself.
    fn restart(&mut self, at: u64) {
        self.ring.restart(at);
        self.parked.values().for_each(|seat| seat.wake.notify_waiters());
        self.parked.values().for_each(|seat| seat.wake.notify_one());
    }

    /// Adds what was committed here and now fits.
    fn settle(&mut self) {
        while let Some(events) = self.early.pop_front() {
            if !self.ring.push(&events) {
                self.early.push_front(events);
                break;
            }
        }
    }

    /// Keeps what does not fit yet, within the bounds of the ring: beyond them it is read from the store like any other.
    fn keep(&mut self, events: Vec<Arc<Event>>) {
        self.early.push_back(events);
        if self.early.iter().map(Vec::len).sum::<usize>() > self.most {
            self.early.clear();
        }
    }
}

impl Feed {
    /// One that has nothing and goes on after an offset.
    pub(in crate::state) fn new(at: u64, most: usize) -> Self {
        let most = most.max(1);
        Self {
            held: Mutex::new(Held {
                ring: Ring::new(at, most),
                most,
                early: VecDeque::new(),
                followers: 0,
                parked: HashMap::new(),
            }),
            head: AtomicU64::new(at),
            moved: Arc::new(Notify::new()),
            gap: Notify::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// Whether anybody follows: what nobody follows need not be kept for it.
    pub(in crate::state) fn wanted(&self) -> bool {
        self.held.lock().wanted()
    }

    /// Takes what was committed here: events that lie beside each other in the log.
    pub(in crate::state) fn publish(&self, events: Vec<Event>) {
        let Some(last) = events.last().map(|event| event.offset) else { return };
        let events: Vec<Arc<Event>> = events.into_iter().map(Arc::new).collect();
        self.head.fetch_max(last, Ordering::AcqRel);
        let mut held = self.held.lock();
        if !held.wanted() {
            held.early.clear();
            held.ring.restart(last);
            return;
        }
        held.wake_parked(&events);
        if held.ring.push(&events) {
            held.settle();
        } else {
            held.keep(events);
            self.gap.notify_one();
        }
        drop(held);
        self.moved.notify_waiters();
    }

    /// Takes that the log has come to an offset.
    pub(in crate::state) fn reach(&self, head: u64) {
        self.head.fetch_max(head, Ordering::AcqRel);
        let mut held = self.held.lock();
        if held.ring.through() >= head {
            return;
        }
        if held.wanted() {
            self.gap.notify_one();
        } else {
            held.early.clear();
            held.ring.restart(head);
        }
    }

    /// Ends the subscriptions once they have what is in memory.
    pub(in crate::state) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let held = self.held.lock();
        held.parked.values().for_each(|seat| seat.wake.notify_waiters());
        drop(held);
        self.moved.notify_waiters();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The offset of the last event that this node knows to be there.
    pub(super) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// What follows an offset, and up to where the ring has the log.
    pub(super) fn after(&self, offset: u64) -> (Found, u64) {
        let held = self.held.lock();
        (held.ring.after(offset), held.ring.through())
    }

    /// Ends at the next move after this call.
    pub(super) fn moved(&self) -> OwnedNotified {
        self.moved.clone().notified_owned()
    }

    pub(super) fn enter(&self) {
        self.held.lock().followers += 1;
    }

    pub(super) fn leave(&self) {
        self.held.lock().followers -= 1;
    }

    /// Waits until events may be missing.
    pub(super) async fn missing(&self) {
        self.gap.notified().await;
    }

    /// The offsets after the first up to the second, which are to be read from the store; none where nothing is missing. What is
    /// too much for memory is left out: whoever needs it reads it.
    pub(super) fn gap(&self) -> Option<(u64, u64)> {
        let mut held = self.held.lock();
        let head = self.head();
        if !held.wanted() {
            held.early.clear();
            held.ring.restart(head);
        }
        let until =
            held.early.front().and_then(|events| events.first()).map_or(head, |first| first.offset - 1);
        let lowest = until.saturating_sub(held.most as u64);
        if held.ring.through() < lowest {
            held.restart(lowest);
        }
        (held.ring.through() < until).then(|| (held.ring.through(), until))
    }

    /// Takes what the store has after an offset and up to another. Where events between them were removed, the ring goes on
    /// behind the last that is missing, so that nobody passes over it without being told.
    pub(super) fn fill(&self, after: u64, until: u64, events: Vec<Event>) {
        let mut next = after + 1;
        let mut whole: Vec<Arc<Event>> = Vec::with_capacity(events.len());
        let mut hole = None;
        for event in events {
            if event.offset != next {
                whole.clear();
                hole = Some(event.offset - 1);
            }
            next = event.offset + 1;
            whole.push(Arc::new(event));
        }
        if next <= until {
            whole.clear();
            hole = Some(until);
        }
        let mut held = self.held.lock();
        if let Some(at) = hole
            && held.ring.through() < at
        {
            held.restart(at);
        }
        held.wake_parked(&whole);
        held.ring.push(&whole);
        held.settle();
        drop(held);
        self.moved.notify_waiters();
    }
}

/// A place where the next event of one topic is waited for. Each event wakes one of those who wait for its topic on this node.
///
/// ```
/// use mosaic_mcp::state::{MemoryStore, State, Topic};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mosaic_core::Result<()> {
/// let state = State::open(MemoryStore::new()).await?;
/// let topic = Topic::new("door.front")?;
/// // First take the place, then look, then wait: so nothing is missed.
/// let place = state.park(&topic);
/// let opens = topic.clone();
/// state.run(move |tx| Box::pin(async move { tx.append(opens, "door.opened", "") })).await?;
/// place.woken().await;
/// # state.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct Parked {
    feed: Arc<Feed>,
    topic: Topic,
    wake: Arc<Notify>,
}

impl Parked {
    pub(in crate::state) fn new(feed: &Arc<Feed>, topic: &Topic) -> Self {
        let mut held = feed.held.lock();
        let seat = held.parked.entry(topic.clone()).or_default();
        seat.taken += 1;
        let wake = seat.wake.clone();
        drop(held);
        Self { feed: feed.clone(), topic: topic.clone(), wake }
    }

    /// Waits for an event of the topic that came after the last one of which somebody was told; also ends, rarely, where there
    /// may have been one, and where the state is closed. Dropping it takes no event from the others.
    pub async fn woken(&self) {
        let wake = self.wake.notified();
        if !self.feed.is_closed() {
            wake.await;
        }
    }

    /// Wakes another one who waits for the topic, because there is more to do than one does.
    pub fn pass_on(&self) {
        self.wake.notify_one();
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        let mut held = self.feed.held.lock();
        if let Some(seat) = held.parked.get_mut(&self.topic) {
            seat.taken -= 1;
            if seat.taken == 0 {
                held.parked.remove(&self.topic);
            }
        }
    }
}
