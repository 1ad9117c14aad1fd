//! How a state is opened.

use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::Result;

use super::{Clock, State, StateStore};

/// How a state is opened.
///
/// ```
/// use mosaic_mcp::state::{MemoryStore, StateOptions};
///
/// # async fn open() -> mosaic_core::Result<()> {
/// let state = StateOptions::new().group(64).open(MemoryStore::new()).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct StateOptions {
    pub(super) clock: Clock,
    pub(super) group: usize,
    pub(super) waiting: usize,
    pub(super) memory: usize,
    pub(super) sweep_every: Duration,
    pub(super) keep_deletions: Duration,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl StateOptions {
    /// The defaults: groups of 512, 8,192 waiting transactions, 8,192 events in memory, the system's clock; expired values are
    /// deleted within a second, and deletions are kept for an hour.
    pub fn new() -> Self {
        Self {
            clock: Clock::System,
            group: 512,
            waiting: 8_192,
            memory: 8_192,
            sweep_every: Duration::from_secs(1),
            keep_deletions: Duration::from_secs(3_600),
        }
    }

    /// What time it is.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many transactions are written together at most.
    pub fn group(mut self, most: usize) -> Self {
        self.group = most.max(1);
        self
    }

    /// How many transactions may wait; more wait outside until there is room.
    pub fn waiting(mut self, most: usize) -> Self {
        self.waiting = most.max(1);
        self
    }

    /// How many of the newest events are held in memory for subscribers, at most 16 MiB of them; who is further behind reads
    /// from the store.
    pub fn memory(mut self, most: usize) -> Self {
        self.memory = most.max(1);
        self
    }

    /// How long an expired value may stay in the store, and those who watch it may wait for its deletion. Reads do not see it in
    /// any case. At least a millisecond.
    pub fn sweep_every(mut self, every: Duration) -> Self {
        self.sweep_every = every.max(Duration::from_millis(1));
        self
    }

    /// How long it is remembered that a key was deleted, at least: who watches from before is told to list again. They are
    /// forgotten when something else is written.
    pub fn keep_deletions(mut self, time: Duration) -> Self {
        self.keep_deletions = time;
        self
    }

    /// Opens a store.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open(self, store: impl StateStore) -> Result<State> {
        self.open_shared(Arc::new(store)).await
    }

    /// Opens a store that others hold, too.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn open_shared(self, store: Arc<dyn StateStore>) -> Result<State> {
        State::start(self, store).await
    }
}
