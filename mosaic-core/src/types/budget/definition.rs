//! What a budget allows, and what of it was used.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BudgetPath, Currency, MOST, Window};
use crate::error::{Error, ErrorKind, Result};

/// The most thresholds of a budget.
const THRESHOLDS: usize = 4;

/// How much of a currency may be used in a window.
///
/// ```
/// use mosaic_core::types::budget::{BudgetLimit, Currency, Window};
///
/// let limit = BudgetLimit::new(Currency::Calls, Window::Day, 1_000);
/// assert_eq!(limit.amount, 1_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BudgetLimit {
    /// Of what.
    pub currency: Currency,
    /// In which time.
    pub window: Window,
    /// How much, in units of the currency: calls, tokens, milliseconds, or millionths of money.
    pub amount: u64,
}

impl BudgetLimit {
    /// So much of a currency in a window.
    pub const fn new(currency: Currency, window: Window, amount: u64) -> Self {
        Self { currency, window, amount }
    }

    /// From how much used on a percentage of it is reached: rounded up, so that it is not reached before.
    pub const fn share(&self, percent: u8) -> u64 {
        // An amount has 64 bits and a percentage 8: a product of 128 holds both.
        (self.amount as u128 * percent as u128).div_ceil(100) as u64
    }
}

crate::params! {
    /// A budget: what may be used at a path and below it. What has no limit is not counted.
    ///
    /// ```
    /// use mosaic_core::types::budget::{Budget, BudgetLimit, BudgetPath, Currency, Window};
    ///
    /// let limits = [BudgetLimit::new(Currency::Tokens, Window::Month, 5_000_000)];
    /// let budget = Budget::new(BudgetPath::new("acme/team:web")?, limits);
    /// assert_eq!(budget.told_at(), [80, 100]);
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub noun Budget {
        required {
            /// Where it stands.
            path: BudgetPath,
            /// What it allows: one limit for each currency and window at most.
            limits: Vec<BudgetLimit>,
        }
        optional {
            /// At how many percent of a limit it is told that so much is used: at most four from 1 to 100; 80 and 100 where absent.
            thresholds: Vec<u8>,
        }
    }

    /// What was used of a limit in the window that runs.
    ///
    /// ```
    /// use mosaic_core::types::budget::{BudgetUse, Currency, Window};
    ///
    /// let used = BudgetUse::new(Currency::Calls, Window::Day, 1_000u64, 1_020u64);
    /// assert_eq!((used.left(), used.debt()), (0, 20));
    /// ```
    pub noun BudgetUse {
        required {
            /// Of what.
            currency: Currency,
            /// In which time.
            window: Window,
            /// How much may be used.
            limit: u64,
            /// How much is used, or reserved.
            used: u64,
        }
        optional {
            /// When the window ends and nothing is used again.
            resets: Timestamp,
        }
        defaulted {
            /// How much of what is used is only lent to nodes, which may not have used it yet.
            lent: u64,
        }
    }

    /// A budget and what was used of it.
    ///
    /// ```
    /// use mosaic_core::types::budget::{Budget, BudgetPath, BudgetStatus};
    ///
    /// let budget = Budget::new(BudgetPath::new("acme")?, vec![]);
    /// assert!(BudgetStatus::new(budget, vec![]).uses.is_empty());
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub noun BudgetStatus {
        required {
            /// The budget.
            budget: Budget,
            /// What was used, limit by limit.
            uses: Vec<BudgetUse>,
        }
    }
}

impl Budget {
    /// At how many percent of a limit it is told.
    pub fn told_at(&self) -> &[u8] {
        self.thresholds.as_deref().unwrap_or(&[80, 100])
    }

    /// Checks that it means something.
    ///
    /// # Errors
    /// `Invalid` with what does not fit.
    pub fn check(&self) -> Result<()> {
        let invalid =
            |message: String| Err(Error::new(ErrorKind::Invalid, format!("{}: {message}", self.path)));
        for (at, limit) in self.limits.iter().enumerate() {
            let BudgetLimit { currency, window, amount } = *limit;
            if amount > MOST {
                return invalid(format!("{amount} {} are more than can be counted: {MOST}", currency.unit()));
            }
            if self.limits[..at].iter().any(|other| (other.currency, other.window) == (currency, window)) {
                return invalid(format!("two limits of {currency} for the window {window}"));
            }
        }
        if self.told_at().len() > THRESHOLDS || !self.told_at().iter().all(|at| (1..=100).contains(at)) {
            return invalid(format!("thresholds: at most {THRESHOLDS}, from 1 to 100 percent"));
        }
        Ok(())
    }
}

impl BudgetUse {
    /// How much is left.
    pub fn left(&self) -> u64 {
        self.limit.saturating_sub(self.used)
    }

    /// How much more is used than may be.
    pub fn debt(&self) -> u64 {
        self.used.saturating_sub(self.limit)
    }
}
