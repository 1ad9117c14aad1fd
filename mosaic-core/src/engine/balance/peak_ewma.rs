//! The better of two: power of two choices over the peak-EWMA load (Mitzenmacher, 2001).

use tokio::time::Instant;

use super::random::{Random, below};
use super::{Balancer, Choice, Order, order_from, straight};

/// Takes two members at random and prefers the one whose load costs less. Nearly as good as looking at all of them, and no
/// member is overrun by everybody who saw it idle at the same instant.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, Choice, LoadCell, PeakEwma};
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let (slow, fast) = (LoadCell::new(now), LoadCell::new(now));
/// slow.sample(Duration::from_secs(1), now);
/// fast.sample(Duration::from_millis(1), now);
/// assert_eq!(PeakEwma::new(7).order(&Choice::all([&slow, &fast]), now)[0], 1);
/// ```
#[derive(Debug)]
pub struct PeakEwma {
    random: Random,
}

impl PeakEwma {
    /// A balancer whose random choices follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed) }
    }
}

impl Balancer for PeakEwma {
    #[inline]
    fn order(&self, choices: &[Choice<'_>], now: Instant) -> Order {
        let count = choices.len();
        if count < 2 {
            return straight(count);
        }
        let random = self.random.draw();
        let one = below(random, count);
        let other = below(random >> 32, count - 1);
        let other = if other >= one { other + 1 } else { other };
        let (first, second) = if choices[one].load.costs_at_most(choices[other].load, now) {
            (one, other)
        } else {
            (other, one)
        };
        order_from(count, first, second)
    }

    fn name(&self) -> &'static str {
        "peak EWMA, better of two"
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::balance::LoadCell;

    #[test]
    fn every_member_exactly_once_and_the_slow_one_rarely_first() {
        let now = Instant::now();
        let cells: Vec<_> = (0..8).map(|_| LoadCell::new(now)).collect();
        for (at, cell) in cells.iter().enumerate() {
            cell.sample(Duration::from_millis(if at == 3 { 900 } else { 10 }), now);
        }
        let members = Choice::all(&cells);
        let balancer = PeakEwma::new(1);
        let mut first = [0; 8];
        for _ in 0..8000 {
            let order = balancer.order(&members, now);
            let mut sorted = order.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..8).collect::<Vec<u16>>());
            first[order[0] as usize] += 1;
        }
        assert_eq!(first[3], 0, "the slow one loses every comparison");
        assert!(first.iter().enumerate().all(|(at, n)| at == 3 || *n > 700), "{first:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_choices() {
        let now = Instant::now();
        let cells: Vec<_> = (0..5).map(|_| LoadCell::new(now)).collect();
        let members = Choice::all(&cells);
        let orders = |seed| {
            let balancer = PeakEwma::new(seed);
            (0..20).map(|_| balancer.order(&members, now).to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(orders(3), orders(3));
        assert_ne!(orders(3), orders(4));
    }
}
