//! One after the other.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::{Balancer, Choice, Order};

/// Gives each member its turn; the others stand by in the order of the circle.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, RoundRobin};
///
/// assert_eq!(RoundRobin::default().name(), "round robin");
/// ```
#[derive(Debug, Default)]
pub struct RoundRobin(AtomicUsize);

impl Balancer for RoundRobin {
    fn order(&self, choices: &[Choice<'_>], _: Instant) -> Order {
        let count = choices.len();
        if count == 0 {
            return Order::new();
        }
        let start = self.0.fetch_add(1, Ordering::Relaxed) % count;
        (start..count).chain(0..start).map(|at| at as u16).collect()
    }

    fn name(&self) -> &'static str {
        "round robin"
    }
}
