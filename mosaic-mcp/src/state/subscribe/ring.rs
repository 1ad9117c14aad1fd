//! The newest events of the log, in memory, without a hole.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::state::Event;

/// Events that lie beside each other in the log.
pub(super) type Batch = Arc<[Arc<Event>]>;

/// The most events of one batch: what a subscriber holds on to is bounded by it.
const BATCH: usize = 256;
/// The most bytes of data that are held.
const BYTES: usize = 16 << 20;

/// The events after `from` up to `through`, all of them.
#[derive(Debug)]
pub(super) struct Ring {
    from: u64,
    through: u64,
    batches: VecDeque<Batch>,
    bytes: usize,
    most: usize,
}

/// What is there after an offset.
#[derive(Debug)]
pub(super) enum Found {
    /// The batch that holds the next event, and the place of that event in it.
    Batch(Batch, usize),
    /// Nothing yet.
    Nothing,
    /// What follows is only in the store.
    Behind,
}

impl Ring {
    /// One that is empty at an offset and holds so many events at most.
    pub(super) fn new(at: u64, most: usize) -> Self {
        Self { from: at, through: at, batches: VecDeque::new(), bytes: 0, most }
    }

    /// Up to where it has the log.
    pub(super) fn through(&self) -> u64 {
        self.through
    }

    /// Forgets everything and goes on after an offset.
    pub(super) fn restart(&mut self, at: u64) {
        *self = Self::new(at, self.most);
    }

    /// Adds events that lie beside each other; those that it has are passed over. Tells whether they fit: the first follows what
    /// is there, or is there.
    pub(super) fn push(&mut self, events: &[Arc<Event>]) -> bool {
        let Some(first) = events.first() else { return true };
        if first.offset > self.through + 1 {
            return false;
        }
        let known = usize::try_from(self.through + 1 - first.offset).unwrap_or(usize::MAX);
        for batch in events.get(known..).unwrap_or_default().chunks(BATCH) {
            self.bytes += batch.iter().map(|event| event.data.len()).sum::<usize>();
            self.through += batch.len() as u64;
            self.batches.push_back(batch.into());
        }
        self.shrink();
        true
    }

    fn shrink(&mut self) {
        while self.through - self.from > self.most as u64 || self.bytes > BYTES {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.bytes -= oldest.iter().map(|event| event.data.len()).sum::<usize>();
            self.from += oldest.len() as u64;
        }
    }

    /// What follows an offset.
    pub(super) fn after(&self, offset: u64) -> Found {
        if offset >= self.through {
            return Found::Nothing;
        }
        if offset < self.from {
            return Found::Behind;
        }
        let later =
            self.batches.partition_point(|batch| batch.last().is_none_or(|last| last.offset <= offset));
        let Some((batch, first)) = self.batches.get(later).and_then(|batch| Some((batch, batch.first()?)))
        else {
            return Found::Behind;
        };
        let at = usize::try_from((offset + 1).saturating_sub(first.offset)).unwrap_or(usize::MAX);
        Found::Batch(batch.clone(), at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Topic;
    use proptest::prelude::*;

    fn events(from: u64, count: u64, bytes: usize) -> Vec<Arc<Event>> {
        let topic = Topic::new("a").unwrap();
        let event = |offset| {
            let data = vec![0; bytes].into();
            Arc::new(Event::new(offset, topic.clone(), "x", data, mosaic_core::types::Timestamp::UNIX_EPOCH))
        };
        (from..from + count).map(event).collect()
    }

    proptest! {
        #[test]
        fn it_has_the_end_of_the_log_without_a_hole(
            most in 1usize..700,
            pushes in prop::collection::vec((0u64..4, 1u64..600), 1..12),
        ) {
            let mut ring = Ring::new(5, most);
            for (back, count) in pushes {
                let first = (ring.through() + 1).saturating_sub(back).max(1);
                let before = ring.through();
                prop_assert!(ring.push(&events(first, count, 1)));
                prop_assert_eq!(ring.through(), before.max(first + count - 1));
                prop_assert!(ring.through() - ring.from <= most as u64);
                let mut at = ring.from;
                while let Found::Batch(batch, place) = ring.after(at) {
                    prop_assert_eq!(batch[place].offset, at + 1);
                    at += 1;
                }
                prop_assert_eq!(at, ring.through());
                prop_assert!(ring.from == 0 || matches!(ring.after(ring.from - 1), Found::Behind));
            }
            prop_assert!(!ring.push(&events(ring.through() + 2, 1, 1)));
        }
    }

    #[test]
    fn its_bytes_are_bounded() {
        let mut ring = Ring::new(0, 10_000);
        for n in 0..100 {
            ring.push(&events(n + 1, 1, 1 << 20));
            assert!(ring.bytes <= BYTES);
        }
        assert_eq!(ring.through - ring.from, 16);
        ring.restart(200);
        assert!(matches!(ring.after(199), Found::Behind));
        assert!(matches!(ring.after(200), Found::Nothing));
    }
}
