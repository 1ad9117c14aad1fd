//! What is due and cannot be done: it is put aside for a while, so that everything else goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::state::Key;

/// How long it is left alone.
const FOR: Duration = Duration::from_secs(60);
/// How much is put aside at most.
const MOST: usize = 8_192;

/// What is left alone, and until when.
pub(super) type Skipped = Arc<BTreeMap<Key, Instant>>;

/// What this node has put aside. Another node tries it as well, once a minute.
#[derive(Debug, Default)]
pub(super) struct Aside(Mutex<Skipped>);

impl Aside {
    /// What is to be left alone now.
    pub(super) fn now(&self) -> Skipped {
        let (mut skipped, now) = (self.0.lock(), Instant::now());
        if skipped.values().any(|until| *until <= now) {
            Arc::make_mut(&mut skipped).retain(|_, until| now < *until);
        }
        skipped.clone()
    }

    /// Leaves something alone for a while.
    pub(super) fn put(&self, key: Key, error: &Error) {
        tracing::warn!(%error, %key, "what is due could not be done; it is tried again in a minute");
        let mut skipped = self.0.lock();
        if skipped.len() < MOST {
            Arc::make_mut(&mut skipped).insert(key, Instant::now() + FOR);
        }
    }
}

/// Whether the store as a whole does not answer, rather than that something in it does not fit.
pub(super) fn is_of_the_store(error: &Error) -> bool {
    use ErrorKind as K;
    matches!(
        error.kind(),
        K::Network
            | K::Timeout
            | K::Unauthenticated
            | K::RateLimited
            | K::Throttled
            | K::Provider
            | K::Protocol
            | K::CircuitOpen
            | K::DeadlineExceeded
            | K::Cancelled
            | K::Config
            | K::Lifecycle
    )
}
