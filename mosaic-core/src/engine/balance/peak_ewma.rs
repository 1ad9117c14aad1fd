//! The better of two: power of two choices over the peak-EWMA load (Mitzenmacher, 2001).

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use super::{Balancer, LoadCell, Order, order_from};

/// Takes two members at random and prefers the one whose load costs less. Nearly as good as looking at all of them, and no
/// member is overrun by everybody who saw it idle at the same instant.
///
/// ```
/// use mosaic_core::engine::balance::{Balancer, LoadCell, PeakEwma};
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let (slow, fast) = (LoadCell::new(now), LoadCell::new(now));
/// slow.sample(Duration::from_secs(1), now);
/// fast.sample(Duration::from_millis(1), now);
/// assert_eq!(PeakEwma::new(7).order(&[&slow, &fast], now)[0], 1);
/// ```
#[derive(Debug)]
pub struct PeakEwma {
    state: AtomicU64,
}

impl PeakEwma {
    /// A balancer whose random choices follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014). Two threads that draw at the same instant may draw the same number, which does
    /// no harm and costs less than keeping them apart.
    #[inline]
    fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.state.load(Ordering::Relaxed).wrapping_add(STEP);
        self.state.store(z, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Balancer for PeakEwma {
    #[inline]
    fn order(&self, members: &[&LoadCell], now: Instant) -> Order {
        let count = members.len();
        if count < 2 {
            return (0..count as u16).collect();
        }
        let random = self.random();
        // A product and a shift in place of a remainder; groups are far too small for its bias to matter.
        let below = |random: u64, bound: usize| (((random & 0xffff_ffff) * bound as u64) >> 32) as usize;
        let one = below(random, count);
        let other = below(random >> 32, count - 1);
        let other = if other >= one { other + 1 } else { other };
        let (first, second) =
            if members[one].costs_at_most(members[other], now) { (one, other) } else { (other, one) };
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

    #[test]
    fn every_member_exactly_once_and_the_slow_one_rarely_first() {
        let now = Instant::now();
        let cells: Vec<_> = (0..8).map(|_| LoadCell::new(now)).collect();
        for (at, cell) in cells.iter().enumerate() {
            cell.sample(Duration::from_millis(if at == 3 { 900 } else { 10 }), now);
        }
        let members: Vec<_> = cells.iter().collect();
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
        let members: Vec<_> = cells.iter().collect();
        let orders = |seed| {
            let balancer = PeakEwma::new(seed);
            (0..20).map(|_| balancer.order(&members, now).to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(orders(3), orders(3));
        assert_ne!(orders(3), orders(4));
    }
}
