//! A rate limit: how many requests are left, which a test may set, and how many were charged.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mosaic_core::types::Timestamp;

/// The limit of one server.
#[derive(Debug)]
pub(crate) struct Meter(Mutex<Count>);

#[derive(Debug)]
struct Count {
    limit: u64,
    remaining: u64,
    reset: i64,
    charged: u64,
    spared: u64,
    refused: u64,
}

/// What a vendor says of the limit in its headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    pub(crate) used: u64,
    /// Seconds since 1970.
    pub(crate) reset: i64,
}

impl Meter {
    /// So many requests within the hour that begins now.
    pub(crate) fn new(limit: u64) -> Self {
        let reset = Timestamp::now().as_second() + 3_600;
        Self(Mutex::new(Count { limit, remaining: limit, reset, charged: 0, spared: 0, refused: 0 }))
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so many are left.
    pub(crate) fn set_remaining(&self, remaining: u64) {
        self.count().remaining = remaining;
    }

    /// The limit is renewed at this time, in seconds since 1970.
    pub(crate) fn set_reset(&self, reset: i64) {
        self.count().reset = reset;
    }

    /// Takes one off; `false` where none is left.
    pub(crate) fn charge(&self) -> bool {
        let mut count = self.count();
        if count.remaining == 0 {
            count.refused += 1;
            return false;
        }
        count.remaining -= 1;
        count.charged += 1;
        true
    }

    /// Whether nothing is left; counts as a refusal then.
    pub(crate) fn is_spent(&self) -> bool {
        let mut count = self.count();
        if count.remaining == 0 {
            count.refused += 1;
        }
        count.remaining == 0
    }

    /// Counts a request that costs nothing, such as one answered by 304.
    pub(crate) fn spare(&self) {
        self.count().spared += 1;
    }

    pub(crate) fn standing(&self) -> Standing {
        let count = self.count();
        Standing {
            limit: count.limit,
            remaining: count.remaining,
            used: count.limit.saturating_sub(count.remaining),
            reset: count.reset,
        }
    }

    /// How many requests were charged.
    pub(crate) fn charged(&self) -> u64 {
        self.count().charged
    }

    /// How many requests cost nothing.
    pub(crate) fn spared(&self) -> u64 {
        self.count().spared
    }

    /// How many requests were refused because nothing was left.
    pub(crate) fn refused(&self) -> u64 {
        self.count().refused
    }
}
