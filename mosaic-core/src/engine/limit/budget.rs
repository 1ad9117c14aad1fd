//! The retry budget: how many retries a provider may cost in proportion to the calls that succeed.
//!
//! A count per call multiplies load exactly when a provider is down. A budget bounds the whole: each call that succeeds at once
//! pays in a fraction of a retry, each retry takes a whole one out, and a small reserve lets quiet providers retry at all (after
//! the retry budgets of Finagle).

use std::sync::atomic::{AtomicU64, Ordering};

/// How large a retry budget is.
///
/// ```
/// use mosaic_core::engine::limit::RetryBudgetConfig;
///
/// assert_eq!(RetryBudgetConfig::default().percent, 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudgetConfig {
    /// How many retries per hundred calls that succeed at their first attempt; 20 by default.
    pub percent: u32,
    /// How many retries are there at first; 10 by default.
    pub reserve: u32,
    /// How many retries may be saved at most; 100 by default.
    pub most: u32,
}

impl Default for RetryBudgetConfig {
    fn default() -> Self {
        Self { percent: 20, reserve: 10, most: 100 }
    }
}

/// The budget of one provider, shared by all calls to it.
///
/// ```
/// use mosaic_core::engine::limit::{RetryBudget, RetryBudgetConfig};
///
/// let budget = RetryBudget::new(RetryBudgetConfig { percent: 50, reserve: 1, most: 10 });
/// assert!(budget.withdraw());
/// assert!(!budget.withdraw());
/// budget.deposit();
/// budget.deposit();
/// assert!(budget.withdraw());
/// ```
#[derive(Debug)]
pub struct RetryBudget {
    /// In hundredths of a retry.
    saved: AtomicU64,
    per_call: u64,
    most: u64,
}

impl RetryBudget {
    /// A budget that holds its reserve.
    pub fn new(config: RetryBudgetConfig) -> Self {
        let most = u64::from(config.most.max(config.reserve)) * 100;
        Self { saved: AtomicU64::new(u64::from(config.reserve) * 100), per_call: config.percent.into(), most }
    }

    /// Pays in for one call.
    #[inline]
    pub fn deposit(&self) {
        // A full budget is the usual case, and costs one load.
        if self.saved.load(Ordering::Relaxed) < self.most {
            self.saved.fetch_add(self.per_call, Ordering::Relaxed);
        }
    }

    /// Takes one retry out, where one is there.
    pub fn withdraw(&self) -> bool {
        self.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(100)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_retries_than_the_share(
            percent in 0u32..100, reserve in 0u32..20, steps in prop::collection::vec(any::<bool>(), 0..500),
        ) {
            let budget = RetryBudget::new(RetryBudgetConfig { percent, reserve, most: 100 });
            let (mut calls, mut retries) = (0u32, 0u32);
            for retry in steps {
                if retry {
                    retries += u32::from(budget.withdraw());
                } else {
                    budget.deposit();
                    calls += 1;
                }
                prop_assert!(retries <= reserve + calls * percent / 100);
            }
        }
    }
}
