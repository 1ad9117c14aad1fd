//! Deliveries that come twice: vendors send again what was not answered in time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{Delivery, Vendor};

/// Remembers which deliveries were handled, each for a time. Clones remember the same. It is private to the process: where several
/// share the work, keep [`Delivery::id`] where all see it.
///
/// The ids are not signed, except by GitLab's signing tokens: this spares double work, and is no guard against somebody who saw a
/// delivery and sends it again.
///
/// ```
/// use mosaic_providers::webhook::{Deduplicator, Delivery, Repeat};
///
/// # fn handle(_: &Delivery) -> Result<(), String> { Ok(()) }
/// fn answer(seen: &Deduplicator, delivery: &Delivery) -> u16 {
///     let claim = match seen.claim(delivery) {
///         Ok(claim) => claim,
///         Err(Repeat::Done) => return 200,
///         Err(Repeat::UnderWay) => return 503,
///     };
///     if handle(delivery).is_err() {
///         return 500; // The claim is dropped: when the vendor sends it again, it is handled again.
///     }
///     claim.done();
///     200
/// }
/// ```
#[derive(Clone)]
pub struct Deduplicator(Arc<Shared>);

struct Shared {
    window: Mutex<Window>,
    capacity: usize,
    keep: Duration,
}

#[derive(Default)]
struct Window {
    /// What is under way or done.
    known: HashMap<Key, Repeat>,
    /// What is done, and when, the oldest first.
    done: VecDeque<(Instant, Key)>,
}

/// Vendor and id, of one size whatever the sender writes.
type Key = [u8; 32];

/// Why a delivery is not to be handled.
///
/// ```
/// use mosaic_providers::webhook::Repeat;
///
/// assert_ne!(Repeat::Done, Repeat::UnderWay);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// It was handled.
    Done,
    /// Somebody handles it at this moment, and may fail: have it sent again.
    UnderWay,
}

impl Deduplicator {
    /// How many deliveries the default remembers.
    pub const CAPACITY: usize = 10_000;
    /// For how long the default remembers a delivery.
    pub const KEEP: Duration = Duration::from_secs(24 * 60 * 60);

    /// Remembers the last [`CAPACITY`](Self::CAPACITY) deliveries for [`KEEP`](Self::KEEP).
    pub fn new() -> Self {
        Self::bounded(Self::CAPACITY, Self::KEEP)
    }

    /// Remembers so many of the last deliveries, each for so long. Each takes about a hundred bytes.
    pub fn bounded(capacity: usize, keep: Duration) -> Self {
        Self(Arc::new(Shared { window: Mutex::default(), capacity, keep }))
    }

    /// Claims a delivery, so that nobody else handles it. One without an id can always be claimed.
    ///
    /// # Errors
    /// [`Repeat`], where it was claimed before and not given back.
    pub fn claim(&self, delivery: &Delivery) -> Result<Claim, Repeat> {
        let Some(id) = &delivery.id else {
            return Ok(Claim { shared: Arc::clone(&self.0), key: None });
        };
        let mut digest =
            Sha256::new().chain_update(delivery.vendor.name()).chain_update([0]).chain_update(id);
        if delivery.vendor == Vendor::GitLab {
            // What older releases have for an id is the same for all that follows from one event.
            digest = digest.chain_update([0]).chain_update(&delivery.body);
        }
        let key = digest.finalize().into();
        let mut window = self.0.window.lock();
        window.forget(|count, age| count > self.0.capacity || age >= self.0.keep);
        match window.known.get(&key) {
            Some(repeat) => Err(*repeat),
            None => {
                window.known.insert(key, Repeat::UnderWay);
                Ok(Claim { shared: Arc::clone(&self.0), key: Some(key) })
            }
        }
    }

    /// How many deliveries it remembers or knows to be under way.
    pub fn len(&self) -> usize {
        self.0.window.lock().known.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Window {
    /// Forgets what is done, from the oldest on, while it is to be forgotten: by how many there are, and how old it is.
    fn forget(&mut self, due: impl Fn(usize, Duration) -> bool) {
        let now = Instant::now();
        while let Some((at, key)) = self.done.front() {
            if !due(self.done.len(), now.saturating_duration_since(*at)) {
                return;
            }
            self.known.remove(key);
            self.done.pop_front();
        }
    }
}

impl Default for Deduplicator {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Deduplicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deduplicator").field("len", &self.len()).field("capacity", &self.0.capacity).finish()
    }
}

/// A delivery that is being handled. Dropped, it is given back, as after a failure: the delivery may be claimed again.
///
/// ```
/// # use mosaic_providers::webhook::{Deduplicator, Delivery};
/// fn first_time(seen: &Deduplicator, delivery: &Delivery) -> bool {
///     seen.claim(delivery).map(|claim| claim.done()).is_ok()
/// }
/// ```
#[must_use = "dropped at once, it claims nothing"]
pub struct Claim {
    shared: Arc<Shared>,
    key: Option<Key>,
}

impl Claim {
    /// Says that the delivery was handled: it is not handled again while it is remembered.
    pub fn done(mut self) {
        let Some(key) = self.key.take() else {
            return;
        };
        let mut window = self.shared.window.lock();
        window.known.insert(key, Repeat::Done);
        window.done.push_back((Instant::now(), key));
        window.forget(|count, _| count > self.shared.capacity);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.shared.window.lock().known.remove(&key);
        }
    }
}

impl std::fmt::Debug for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claim").finish_non_exhaustive()
    }
}
