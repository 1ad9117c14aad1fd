//! Receipts: what a message is acknowledged, returned or answered by.

use std::fmt;
use std::str::FromStr;

use mosaic_core::error::{Error, Result};

use super::limit;

/// Which letter was given out, and when: good for that one time only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) lane: String,
    pub(super) number: u64,
    pub(super) token: u64,
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:x}-{:x}", self.lane, self.number, self.token)
    }
}

impl FromStr for Receipt {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split('-');
        let (lane, number, token) = (parts.next(), parts.next().and_then(hex), parts.next().and_then(hex));
        match (lane, number, token, parts.next()) {
            (Some(lane), Some(number), Some(token), None)
                if lane.len() == limit::LANE && lane.bytes().all(is_hex) && token > 0 =>
            {
                Ok(Self { lane: lane.to_owned(), number, token })
            }
            _ => {
                let shown: String = text.chars().take(80).collect();
                Err(limit::invalid(format!(
                    "{shown:?} is no receipt: give those of the messages as they came"
                )))
            }
        }
    }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn hex(part: &str) -> Option<u64> {
    let canonical = !part.is_empty() && part.bytes().all(is_hex) && (part == "0" || !part.starts_with('0'));
    if canonical { u64::from_str_radix(part, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_receipt_comes_back(lane in "[0-9a-f]{32}", number in any::<u64>(), token in 1u64..) {
            let receipt = Receipt { lane, number, token };
            prop_assert_eq!(receipt.to_string().parse::<Receipt>().unwrap(), receipt);
        }

        #[test]
        fn any_text_is_taken_or_refused_and_has_one_form(text in "[0-9a-fA-F+-]{0,60}|.{0,60}") {
            if let Ok(receipt) = text.parse::<Receipt>() {
                prop_assert_eq!(receipt.to_string(), text);
            }
        }
    }
}
