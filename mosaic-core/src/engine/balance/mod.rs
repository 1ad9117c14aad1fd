//! Choosing among providers that are as good as each other.

pub mod load;
pub mod peak_ewma;
pub mod round_robin;

use smallvec::SmallVec;
use tokio::time::Instant;

pub use load::LoadCell;
pub use peak_ewma::PeakEwma;
pub use round_robin::RoundRobin;

/// The order in which the members of a group are tried, as positions in the group.
pub type Order = SmallVec<[u16; 8]>;

/// Orders the members of a group for one call. The first is tried first; the rest stand by.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, LoadCell, RoundRobin};
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let (a, b) = (LoadCell::new(now), LoadCell::new(now));
/// let balancer = RoundRobin::default();
/// assert_eq!(balancer.order(&[&a, &b], now)[0], 0);
/// assert_eq!(balancer.order(&[&a, &b], now)[0], 1);
/// ```
pub trait Balancer: Send + Sync + 'static {
    /// The order for a call that begins at `now`; every position of `members` exactly once.
    fn order(&self, members: &[&LoadCell], now: Instant) -> Order;

    /// Its name, for explanations.
    fn name(&self) -> &'static str;
}

/// How a group is balanced.
///
/// ```
/// use mosaic_core::engine::balance::Balance;
///
/// assert_eq!(Balance::default(), Balance::PeakEwma);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Balance {
    /// One after the other.
    RoundRobin,
    /// The less loaded of two taken at random, by latency and calls in flight.
    #[default]
    PeakEwma,
}

impl Balance {
    /// A balancer of this kind; the seed makes its choices repeatable.
    pub fn balancer(self, seed: u64) -> Box<dyn Balancer> {
        match self {
            Self::RoundRobin => Box::new(RoundRobin::default()),
            Self::PeakEwma => Box::new(PeakEwma::new(seed)),
        }
    }
}

const FEW: [u16; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// Everybody in order, with `first` and `second` exchanged to the front.
#[inline]
fn order_from(count: usize, first: usize, second: usize) -> Order {
    let mut order =
        if count <= FEW.len() { Order::from_buf_and_len(FEW, count) } else { (0..count as u16).collect() };
    order.swap(0, first);
    // Where the second stood at the front it was moved to where the first was.
    order.swap(1, if second == 0 { first } else { second });
    order
}
