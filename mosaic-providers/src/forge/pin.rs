//! A place in a list of what a commit or a tree holds, pinned to it: pages fit together while branches move on.

use std::fmt;
use std::str::FromStr;

use super::names::is_object_id;

/// How many items come before, in the list that an object begins or holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    /// The id of the commit or tree.
    pub(crate) id: String,
    /// How many items come before.
    pub(crate) offset: u64,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.id, self.offset)
    }
}

/// Says that a text is no pin.
#[derive(Debug)]
pub(crate) struct NoPin;

impl FromStr for Pin {
    type Err = NoPin;

    fn from_str(text: &str) -> Result<Self, NoPin> {
        let (id, offset) = text.split_once('.').ok_or(NoPin)?;
        let offset = offset.parse::<u32>().map_err(|_| NoPin)?;
        if !is_object_id(id) {
            return Err(NoPin);
        }
        Ok(Self { id: id.to_owned(), offset: offset.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pin_comes_back(id in "[0-9a-f]{40}|[0-9a-f]{64}", offset in any::<u32>()) {
            let pin = Pin { id, offset: offset.into() };
            prop_assert_eq!(pin.to_string().parse::<Pin>().unwrap(), pin);
        }

        #[test]
        fn other_texts_are_no_pins(text in "\\PC*|[0-9a-f]{39}\\.1|[0-9a-f]{40}\\.(-1|x|99999999999)?") {
            prop_assert!(text.parse::<Pin>().is_err());
        }
    }
}
