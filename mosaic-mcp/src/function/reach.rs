//! What a caller may do at all: what lists leave out.

use std::fmt;
use std::sync::Arc;

use super::Permission;

type Has = dyn Fn(Permission<'_>) -> bool + Send + Sync;

/// How far the permissions of a caller reach, as a [`Gate`](super::Gate) tells it to those who make lists. It is about what a caller
/// is shown; what it may do is asked when it does it.
///
/// ```
/// use mosaic_core::types::Effect;
/// use mosaic_mcp::function::{Permission, Reach};
///
/// let reads = Reach::of(|needed| needed.effect.is_read());
/// assert!(reads.has(Permission::new("git", "get_file", "", Effect::Read)));
/// assert!(!reads.has(Permission::new("git", "write_file", "", Effect::Idempotent)));
/// ```
#[derive(Clone)]
pub struct Reach {
    has: Option<Arc<Has>>,
    everything: bool,
    key: Option<[u64; 5]>,
}

impl Reach {
    /// Whatever there is.
    pub const fn everything() -> Self {
        Self { has: None, everything: true, key: None }
    }

    /// Nothing.
    pub const fn nothing() -> Self {
        Self { has: None, everything: false, key: None }
    }

    /// What this says yes to: asked with a resource about that one, and with an empty one whether there may be any.
    pub fn of(has: impl Fn(Permission<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self { has: Some(Arc::new(has)), everything: false, key: None }
    }

    /// The same, where callers with the same key are told the same: what is made for one of them is kept for the others.
    #[must_use]
    pub const fn alike(mut self, key: [u64; 5]) -> Self {
        self.key = Some(key);
        self
    }

    /// Whether it reaches so far.
    pub fn has(&self, needed: Permission<'_>) -> bool {
        self.has.as_ref().map_or(self.everything, |has| has(needed))
    }

    /// Whether it has no end.
    pub(crate) const fn is_everything(&self) -> bool {
        self.everything
    }

    /// What callers alike have in common.
    pub(crate) const fn key(&self) -> Option<[u64; 5]> {
        self.key
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("everything", &self.everything)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
