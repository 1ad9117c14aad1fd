//! The one with the fewest calls in flight.

use smallvec::SmallVec;
use tokio::time::Instant;

use super::random::{Random, below};
use super::{Balancer, Choice, Order, order_from, straight, weight};

/// Chooses the member that would have the fewest calls in flight for its weight; of equals one at random, so that none of
/// them is always the first. The next best stands by first.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, Choice, LeastConnections, LoadCell};
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let (busy, idle) = (LoadCell::new(now), LoadCell::new(now));
/// busy.enter();
/// let balancer = LeastConnections::new(7, &[1, 1]);
/// assert_eq!(balancer.order(&Choice::all([&busy, &idle]), now)[0], 1);
/// ```
#[derive(Debug)]
pub struct LeastConnections {
    weights: Box<[u32]>,
    random: Random,
}

/// Calls that it would have, for a weight.
#[derive(Clone, Copy)]
struct Load {
    calls: u64,
    weight: u64,
}

impl Load {
    /// Whether one call weighs less here than there. Both products fit: each factor is at most 2^32.
    #[inline]
    fn less(self, other: Self) -> bool {
        self.calls * other.weight < other.calls * self.weight
    }
}

impl LeastConnections {
    /// A balancer for members with these weights, whose random choices follow from the seed.
    pub fn new(seed: u64, weights: &[u32]) -> Self {
        Self { weights: weights.into(), random: Random::new(seed) }
    }

    /// The least loaded of all but one; of equals one at random.
    #[inline]
    fn least(&self, loads: &[Load], random: u64, without: Option<usize>) -> usize {
        let others = || loads.iter().enumerate().filter(|(at, _)| Some(*at) != without);
        let (mut least, mut equals) = (None::<Load>, 0);
        for (_, load) in others() {
            match least {
                Some(known) if known.less(*load) => {}
                Some(known) if !load.less(known) => equals += 1,
                _ => (least, equals) = (Some(*load), 1),
            }
        }
        let mut left = below(random, equals);
        for (at, load) in others() {
            if least.is_some_and(|least| !least.less(*load)) {
                if left == 0 {
                    return at;
                }
                left -= 1;
            }
        }
        0
    }
}

impl Balancer for LeastConnections {
    #[inline]
    fn order(&self, choices: &[Choice<'_>], _: Instant) -> Order {
        let count = choices.len();
        if count < 2 {
            return straight(count);
        }
        // Others change the gauges meanwhile: they are read once.
        let loads: SmallVec<[Load; 8]> = choices
            .iter()
            .map(|choice| Load {
                calls: u64::from(choice.load.in_flight()) + 1,
                weight: u64::from(weight(&self.weights, choice.place)),
            })
            .collect();
        let random = self.random.draw();
        let first = self.least(&loads, random, None);
        let second = self.least(&loads, random >> 32, Some(first));
        order_from(count, first, second)
    }

    fn name(&self) -> &'static str {
        "least connections"
    }
}
