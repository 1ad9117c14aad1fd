//! Amounts of all currencies at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Currency;
use crate::types::Price;

/// Amounts of every currency, nothing of each at first.
///
/// ```
/// use mosaic_core::types::Price;
/// use mosaic_core::types::budget::{Amounts, Currency};
///
/// let amounts = Amounts::new().calls(1).tokens(2_000).money(Price::micros(40_000));
/// assert_eq!(amounts.of(Currency::Money), 40_000);
/// assert!(Amounts::new().is_nothing());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Amounts {
    /// Calls.
    pub calls: u64,
    /// Tokens.
    pub tokens: u64,
    /// Time, in milliseconds.
    pub milliseconds: u64,
    /// Money.
    pub money: Price,
}

impl Amounts {
    /// Nothing of anything.
    pub const fn new() -> Self {
        Self { calls: 0, tokens: 0, milliseconds: 0, money: Price::FREE }
    }

    /// The same with so many calls.
    #[must_use]
    pub const fn calls(mut self, calls: u64) -> Self {
        self.calls = calls;
        self
    }

    /// The same with so many tokens.
    #[must_use]
    pub const fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = tokens;
        self
    }

    /// The same with so much time, in milliseconds.
    #[must_use]
    pub const fn milliseconds(mut self, milliseconds: u64) -> Self {
        self.milliseconds = milliseconds;
        self
    }

    /// The same with so much money.
    #[must_use]
    pub const fn money(mut self, money: Price) -> Self {
        self.money = money;
        self
    }

    /// The same with so many units of a currency.
    #[must_use]
    pub const fn with(self, currency: Currency, units: u64) -> Self {
        match currency {
            Currency::Calls => self.calls(units),
            Currency::Tokens => self.tokens(units),
            Currency::Time => self.milliseconds(units),
            Currency::Money => self.money(Price::micros(units)),
        }
    }

    /// How many units of a currency.
    pub const fn of(&self, currency: Currency) -> u64 {
        match currency {
            Currency::Calls => self.calls,
            Currency::Tokens => self.tokens,
            Currency::Time => self.milliseconds,
            Currency::Money => self.money.as_micros(),
        }
    }

    /// Whether there is nothing of any currency.
    pub fn is_nothing(&self) -> bool {
        *self == Self::new()
    }
}
