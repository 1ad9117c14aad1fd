//! The random numbers of balancers: they follow from a seed, and drawing one takes no lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug)]
pub(super) struct Random(AtomicU64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next number. Two threads that draw at the same instant may draw the same one, which does no harm and costs less
    /// than keeping them apart.
    #[inline]
    pub(super) fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.load(Ordering::Relaxed).wrapping_add(STEP);
        self.0.store(z, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A number below a bound, from the low half of a random one: a product and a shift in place of a remainder. Groups are far too
/// small for its bias to matter.
#[inline]
pub(super) fn below(random: u64, bound: usize) -> usize {
    (((random & 0xffff_ffff) * bound as u64) >> 32) as usize
}
