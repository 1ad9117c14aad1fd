//! How long to wait before the next attempt: exponential with jitter.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// Waits between attempts on one provider. They double from `first` to `longest`, each with a random share taken off or
/// added, so that callers do not come back together.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::limit::BackoffConfig;
///
/// let config = BackoffConfig { first: Duration::from_millis(50), ..BackoffConfig::default() };
/// let waits: Vec<_> = config.waits(7).take(3).collect();
/// assert!(waits[0] >= Duration::from_millis(50));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackoffConfig {
    /// The first wait; 100 ms by default.
    pub first: Duration,
    /// The longest wait; 10 s by default.
    pub longest: Duration,
    /// Whether a random share of up to one whole wait is added; yes by default.
    pub jitter: bool,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self { first: Duration::from_millis(100), longest: Duration::from_secs(10), jitter: true }
    }
}

impl BackoffConfig {
    /// The waits, without end. Their jitter follows from the seed.
    pub fn waits(&self, seed: u64) -> impl Iterator<Item = Duration> + Send + use<> {
        let mut builder = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_factor(2.0)
            .without_max_times();
        if self.jitter {
            builder = builder.with_jitter().with_jitter_seed(seed);
        }
        builder.build()
    }
}
