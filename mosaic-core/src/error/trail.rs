//! The attempts that one call made, in order.

use std::time::Duration;

use super::{Delivery, ErrorKind};
use crate::types::ProviderId;

/// One failed attempt of a call.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::error::{Attempt, Delivery, ErrorKind};
/// use mosaic_core::types::ProviderId;
///
/// let attempt = Attempt::new(ProviderId::new("forge-a")?, ErrorKind::Network, Delivery::NotSent, Duration::ZERO);
/// assert_eq!(attempt.to_string(), "forge-a: network, not sent, 0ns");
/// # Ok::<(), mosaic_core::types::InvalidId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The provider that was tried.
    pub provider: ProviderId,
    /// How it ended.
    pub kind: ErrorKind,
    /// Whether the request left this process.
    pub delivery: Delivery,
    /// How long it took.
    pub elapsed: Duration,
}

impl Attempt {
    /// A failed attempt.
    pub fn new(provider: ProviderId, kind: ErrorKind, delivery: Delivery, elapsed: Duration) -> Self {
        Self { provider, kind, delivery, elapsed }
    }
}

impl std::fmt::Display for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}, {}, {:?}", self.provider, self.kind, self.delivery, self.elapsed)
    }
}
