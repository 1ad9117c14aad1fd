//! Budgets: how much may be used, of what, in which time, and where in a tree.

mod account;
mod amounts;
mod definition;
mod lease;
mod path;
mod shortage;
mod window;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

pub use account::BudgetAccount;
pub use amounts::Amounts;
pub use definition::{Budget, BudgetLimit, BudgetStatus, BudgetUse};
pub use lease::{Lease, LeaseQuestion};
pub use path::BudgetPath;
pub use shortage::BudgetShortage;
pub use window::Window;

/// The most of one currency that is counted: 2^48 - 1 of its units, which are 281 million in money and 8,900 years in time.
///
/// ```
/// assert_eq!(mosaic_core::types::budget::MOST, 281_474_976_710_655);
/// ```
pub const MOST: u64 = (1 << 48) - 1;

/// What a budget counts. Each currency has its own units, and none is converted into another.
///
/// ```
/// use mosaic_core::types::budget::Currency;
///
/// assert_eq!(Currency::Money.to_string(), "money");
/// assert_eq!(Currency::Time.unit(), "milliseconds");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Currency {
    /// Calls of operations: an operation counts as many as its cost says.
    Calls,
    /// Tokens of models, in and out.
    Tokens,
    /// Time, in milliseconds.
    Time,
    /// Money, in millionths; see [`Price`](crate::types::Price).
    Money,
}

impl Currency {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Calls, Self::Tokens, Self::Time, Self::Money];

    /// Its place among all.
    #[cfg(feature = "engine")]
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// What one of it is.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Time => "milliseconds",
            Self::Money => "millionths",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Time => "time",
            Self::Money => "money",
        })
    }
}
