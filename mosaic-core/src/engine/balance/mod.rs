//! Choosing among providers that are as good as each other.

pub mod least_connections;
pub mod load;
pub mod peak_ewma;
mod random;
pub mod round_robin;
pub mod weighted;

use std::fmt;
use std::str::FromStr;

use smallvec::SmallVec;
use tokio::time::Instant;

pub use least_connections::LeastConnections;
pub use load::LoadCell;
pub use peak_ewma::PeakEwma;
pub use round_robin::RoundRobin;
pub use weighted::Weighted;

/// The order in which a balancer's choices are tried, as positions among them.
pub type Order = SmallVec<[u16; 8]>;

/// One of those that a balancer chooses among for one call.
///
/// ```
/// use mosaic_core::engine::balance::{Choice, LoadCell};
/// use tokio::time::Instant;
///
/// let load = LoadCell::new(Instant::now());
/// assert_eq!(Choice::new(3, &load).place, 3);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Choice<'a> {
    /// Its place in the group: the same for every call, whoever else may be chosen.
    pub place: u16,
    /// Its load.
    pub load: &'a LoadCell,
}

impl<'a> Choice<'a> {
    /// The member at this place of the group.
    #[inline]
    pub fn new(place: u16, load: &'a LoadCell) -> Self {
        Self { place, load }
    }

    /// Every member of a group.
    pub fn all(loads: impl IntoIterator<Item = &'a LoadCell>) -> Vec<Self> {
        loads.into_iter().zip(0u16..).map(|(load, place)| Self::new(place, load)).collect()
    }
}

/// Orders those members of a group that are as good as each other for one call. The first is tried first; the rest stand by.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, Choice, LoadCell, RoundRobin};
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let (a, b) = (LoadCell::new(now), LoadCell::new(now));
/// let balancer = RoundRobin::default();
/// let members = Choice::all([&a, &b]);
/// assert_eq!(balancer.order(&members, now)[0], 0);
/// assert_eq!(balancer.order(&members, now)[0], 1);
/// ```
pub trait Balancer: Send + Sync + 'static {
    /// The order for a call that begins at `now`; every position of `choices` exactly once.
    fn order(&self, choices: &[Choice<'_>], now: Instant) -> Order;

    /// Its name, for explanations.
    fn name(&self) -> &'static str;
}

/// How a group is balanced.
///
/// In configuration: `round-robin`, `weighted`, `least-connections`, and `response-time` or `peak-ewma`, which are two names of
/// one way.
///
/// ```
/// use mosaic_core::engine::balance::Balance;
///
/// assert_eq!(Balance::default(), Balance::PeakEwma);
/// assert_eq!("response-time".parse(), Ok(Balance::PeakEwma));
/// assert_eq!(Balance::LeastConnections.to_string(), "least-connections");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Balance {
    /// One after the other.
    RoundRobin,
    /// One after the other, each as often as its weight says, and evenly mixed.
    Weighted,
    /// The one with the fewest calls in flight for its weight.
    LeastConnections,
    /// By response time: the less loaded of two taken at random, by latency and calls in flight.
    #[default]
    PeakEwma,
}

impl Balance {
    /// The names in configuration, and what each stands for. The first name of a way is the one it is printed with.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("round-robin", Self::RoundRobin),
        ("weighted", Self::Weighted),
        ("least-connections", Self::LeastConnections),
        ("response-time", Self::PeakEwma),
        ("peak-ewma", Self::PeakEwma),
    ];

    /// A balancer of this kind for members with these weights; the seed makes its choices repeatable.
    pub fn balancer(self, seed: u64, weights: &[u32]) -> Box<dyn Balancer> {
        match self {
            Self::RoundRobin => Box::new(RoundRobin::default()),
            Self::Weighted => Box::new(Weighted::new(weights)),
            Self::LeastConnections => Box::new(LeastConnections::new(seed, weights)),
            Self::PeakEwma => Box::new(PeakEwma::new(seed)),
        }
    }
}

/// A text that names no way of balancing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no way of balancing: use round-robin, weighted, least-connections or response-time")]
pub struct UnknownBalance(String);

impl FromStr for Balance {
    type Err = UnknownBalance;
    fn from_str(text: &str) -> Result<Self, UnknownBalance> {
        let known = Self::NAMES.into_iter().find(|(name, _)| *name == text);
        known.map(|(_, balance)| balance).ok_or_else(|| UnknownBalance(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.into_iter().find(|(_, balance)| balance == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

const FEW: [u16; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// Everybody in order.
#[inline]
fn straight(count: usize) -> Order {
    if count <= FEW.len() { Order::from_buf_and_len(FEW, count) } else { (0..count as u16).collect() }
}

/// Everybody in order, with `first` and `second` exchanged to the front.
#[inline]
fn order_from(count: usize, first: usize, second: usize) -> Order {
    let mut order = straight(count);
    order.swap(0, first);
    // Where the second stood at the front it was moved to where the first was.
    order.swap(1, if second == 0 { first } else { second });
    order
}

/// The weight of the member at a place. Routing tries drained members, whose weight is 0, after all others; among themselves
/// they count as equals.
#[inline]
fn weight(weights: &[u32], place: u16) -> u32 {
    weights.get(usize::from(place)).copied().unwrap_or(1).max(1)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
