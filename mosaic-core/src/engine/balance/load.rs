//! What is known of a provider's load: calls in flight and a latency that remembers its peaks.
//!
//! The latency is a peak-sensitive exponentially weighted moving average: it jumps up to a slow answer at once and comes
//! down with time (the load metric of Finagle's "peak EWMA" balancer). The cost of choosing a provider is this latency times
//! the calls it would then have in flight.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How fast the past is forgotten: after this time a sample has 37 % of its weight.
const DECAY: Duration = Duration::from_secs(10);
const DECAY_NANOS: f64 = 1e9 * DECAY.as_secs() as f64;

/// The latency assumed before the first answer. Small, so that a new provider is tried soon.
const UNKNOWN_NANOS: f64 = 1_000_000.0;

/// The load of one provider. All atomics: read by every choice, written by every answer.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::balance::LoadCell;
/// use tokio::time::Instant;
///
/// let now = Instant::now();
/// let cell = LoadCell::new(now);
/// cell.sample(Duration::from_millis(40), now);
/// assert_eq!(cell.latency(now), Duration::from_millis(40));
/// ```
#[derive(Debug)]
pub struct LoadCell {
    origin: Instant,
    in_flight: AtomicU32,
    /// Nanoseconds, as the bits of an `f64`; 0 before the first sample.
    latency: AtomicU64,
    /// When `latency` was written, in nanoseconds since the origin.
    stamp: AtomicU64,
}

impl LoadCell {
    /// Nothing in flight, nothing known.
    pub fn new(now: Instant) -> Self {
        Self {
            origin: now,
            in_flight: AtomicU32::new(0),
            latency: AtomicU64::new(0),
            stamp: AtomicU64::new(0),
        }
    }

    /// One more call in flight; to be followed by [`LoadCell::leave`].
    #[inline]
    pub fn enter(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// One call less in flight.
    #[inline]
    pub fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Takes the latency of one answer.
    #[inline]
    pub fn sample(&self, latency: Duration, now: Instant) {
        let (old, at) = (f64::from_bits(self.latency.load(Ordering::Relaxed)), self.nanos(now));
        let new = nanos(latency) as f64;
        let kept = if new >= old {
            new
        } else {
            let weight = Self::weight(at.saturating_sub(self.stamp.load(Ordering::Relaxed)));
            old * weight + new * (1.0 - weight)
        };
        // Two answers at the same instant may overwrite each other: one sample less, never a wrong one.
        self.latency.store(kept.max(1.0).to_bits(), Ordering::Relaxed);
        self.stamp.store(at, Ordering::Relaxed);
    }

    /// The latency as it counts now: peaks come down while nothing is heard.
    pub fn latency(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.decayed(self.nanos(now)) as u64)
    }

    /// What choosing this provider would cost now.
    #[inline]
    pub fn cost(&self, now: Instant) -> f64 {
        self.cost_at(self.nanos(now))
    }

    /// Whether choosing this provider costs no more now than choosing the other.
    #[inline]
    pub fn costs_at_most(&self, other: &Self, now: Instant) -> bool {
        let at = self.nanos(now);
        // Cells of one orchestrator count from one origin: the clock is reckoned with once.
        let others = if self.origin == other.origin { at } else { other.nanos(now) };
        self.cost_at(at) <= other.cost_at(others)
    }

    #[inline]
    fn cost_at(&self, at: u64) -> f64 {
        let latency = match self.decayed(at) {
            0.0 => UNKNOWN_NANOS,
            known => known,
        };
        latency * f64::from(self.in_flight() + 1)
    }

    #[inline]
    fn decayed(&self, at: u64) -> f64 {
        let latency = f64::from_bits(self.latency.load(Ordering::Relaxed));
        latency * Self::weight(at.saturating_sub(self.stamp.load(Ordering::Relaxed)))
    }

    #[inline]
    fn weight(age: u64) -> f64 {
        let x = age as f64 * (1.0 / DECAY_NANOS);
        // For the usual age, below a fiftieth of the decay, three terms of the series are exact to a millionth.
        if x < 0.02 { 1.0 - x + 0.5 * x * x } else { (-x).exp() }
    }

    #[inline]
    fn nanos(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.origin))
    }
}

/// Without the detour through 128 bits. What does not fit lasts for centuries.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration.as_secs().wrapping_mul(1_000_000_000).wrapping_add(u64::from(duration.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_up_at_once_and_comes_down_with_time() {
        let start = Instant::now();
        let cell = LoadCell::new(start);
        cell.sample(Duration::from_millis(10), start);
        cell.sample(Duration::from_millis(500), start);
        assert_eq!(cell.latency(start), Duration::from_millis(500));
        cell.sample(Duration::from_millis(10), start);
        assert!(cell.latency(start) > Duration::from_millis(490), "one fast answer forgives nothing");
        let later = start + 5 * DECAY;
        cell.sample(Duration::from_millis(10), later);
        assert!(cell.latency(later) < Duration::from_millis(20));
    }

    #[test]
    fn calls_in_flight_weigh() {
        let now = Instant::now();
        let cell = LoadCell::new(now);
        let idle = cell.cost(now);
        cell.enter();
        assert_eq!(cell.cost(now), 2.0 * idle);
        cell.leave();
        assert_eq!(cell.cost(now), idle);
    }
}
