//! What calls cost at a provider: a price for each unit of an operation.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What one unit of an operation costs, in a currency of the application's choice: free by default, exact to a millionth.
///
/// An operation says how many units it is ([`OpMeta::cost`](crate::op::OpMeta::cost)); a call costs that many times the price.
/// Prices are compared with each other and never converted, so all providers must be priced in one currency.
///
/// ```
/// use mosaic_core::types::Price;
///
/// let price: Price = "0.008".parse()?;
/// assert_eq!(price.of(5), Price::micros(40_000));
/// assert_eq!(price.of(5).to_string(), "0.04");
/// assert!(Price::FREE < price && "-1".parse::<Price>().is_err());
/// # Ok::<(), mosaic_core::types::InvalidPrice>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Price(u64);

/// A number that is no price, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a price: use a number from 0 to 1000000000, such as 0.008")]
pub struct InvalidPrice(String);

const MILLION: u64 = 1_000_000;
const HIGHEST: f64 = 1e9;

impl Price {
    /// Nothing.
    pub const FREE: Self = Self(0);

    /// So many millionths.
    pub const fn micros(micros: u64) -> Self {
        Self(micros)
    }

    /// In millionths.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// What an operation of so many units costs.
    pub const fn of(self, units: u32) -> Self {
        Self(self.0.saturating_mul(units as u64))
    }
}

impl TryFrom<f64> for Price {
    type Error = InvalidPrice;
    fn try_from(number: f64) -> Result<Self, InvalidPrice> {
        if (0.0..=HIGHEST).contains(&number) {
            return Ok(Self((number * MILLION as f64).round() as u64));
        }
        Err(InvalidPrice(number.to_string()))
    }
}

impl From<Price> for f64 {
    fn from(price: Price) -> Self {
        price.0 as f64 / MILLION as f64
    }
}

impl FromStr for Price {
    type Err = InvalidPrice;
    fn from_str(text: &str) -> Result<Self, InvalidPrice> {
        let invalid = || InvalidPrice(text.chars().take(80).collect());
        Self::try_from(text.parse::<f64>().map_err(|_| invalid())?).map_err(|_| invalid())
    }
}

impl JsonSchema for Price {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Price".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1_000_000_000 })
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / MILLION, self.0 % MILLION);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{rest:06}").trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_price_is_said() {
        for bad in ["", "free", "-0.1", "NaN", "inf", "1e10"] {
            assert!(bad.parse::<Price>().is_err(), "{bad}");
        }
        assert!(Price::try_from(f64::NAN).is_err());
    }

    #[test]
    fn a_price_travels_as_a_number() {
        let price: Price = serde_json::from_str("0.0025").unwrap();
        assert_eq!((price, price.to_string().as_str()), (Price::micros(2500), "0.0025"));
        assert_eq!(serde_json::to_string(&price).unwrap(), "0.0025");
        assert_eq!((Price::micros(u64::MAX).of(2)), Price::micros(u64::MAX));
        assert_eq!(Price::micros(3 * MILLION).to_string(), "3");
    }
}
