//! Pieces of a limit that a store lends to a node.

use std::time::Duration;

use super::{BudgetPath, Currency, Window};

/// What a node says of a lease, and what it wants.
///
/// ```
/// use mosaic_core::types::budget::LeaseQuestion;
/// use mosaic_core::types::budget::{BudgetPath, Currency, Window};
///
/// let first = LeaseQuestion::new(BudgetPath::new("acme")?, Currency::Calls, Window::Day, "node-1/1");
/// assert!((first.used, first.want, first.renew) == (0, 0, false));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseQuestion {
    /// Of which budget.
    pub path: BudgetPath,
    /// Of what.
    pub currency: Currency,
    /// In which time.
    pub window: Window,
    /// Names the lease: no two of any node ever share a name.
    pub lease: String,
    /// The number of the window in which that much was used; see [`Window::number`].
    pub number: i64,
    /// How much was used of the lease since it began, with what is reserved.
    pub used: u64,
    /// How much more than that is wanted.
    pub want: u64,
    /// Whether the lease was there before: if the store knows it no more, its time was over.
    pub renew: bool,
    /// Whether the node needs it no more: all that is not used is given back.
    pub end: bool,
}

impl LeaseQuestion {
    /// Of a lease of which nothing was used yet.
    pub fn new(path: BudgetPath, currency: Currency, window: Window, lease: impl Into<String>) -> Self {
        let lease = lease.into();
        Self { path, currency, window, lease, number: 0, used: 0, want: 0, renew: false, end: false }
    }
}

/// What a store lends.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::types::budget::Lease;
///
/// let lease = Lease::new(7, 100, Duration::from_secs(10));
/// assert!(!lease.lost && !lease.unlimited);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The number of the window that runs at the store. The lease holds in it only.
    pub number: i64,
    /// How much the node may use in all since the lease began: never less than it was told before in this window.
    pub granted: u64,
    /// How long it holds, from when it was asked for.
    pub holds: Duration,
    /// Whether there was no such lease any more: what was used of it and not reported belongs to the next one.
    pub lost: bool,
    /// Whether there is no such limit any more.
    pub unlimited: bool,
}

impl Lease {
    /// So much for so long.
    pub const fn new(number: i64, granted: u64, holds: Duration) -> Self {
        Self { number, granted, holds, lost: false, unlimited: false }
    }

    /// An answer to a question about a lease whose time was over.
    #[must_use]
    pub const fn lost(mut self) -> Self {
        self.lost = true;
        self
    }

    /// An answer to a question about a limit that is no more.
    #[must_use]
    pub const fn unlimited(mut self) -> Self {
        self.unlimited = true;
        self
    }
}
