//! Where a provider stands, or where a caller is.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const LONGEST: usize = 31;

/// The name of a region, such as `eu` or `eu-central-1`: 1 to 31 characters of `a-z 0-9 . _ -`, beginning with a letter or a
/// digit. Capital letters are taken and made small, so that `EU` and `eu` are one region.
///
/// The text is kept in place: a region is copied like a number.
///
/// ```
/// use mosaic_core::types::Region;
///
/// let region: Region = "EU-Central-1".parse()?;
/// assert_eq!(region.as_str(), "eu-central-1");
/// assert!(region.is("eu-CENTRAL-1") && !region.is("eu"));
/// # Ok::<(), mosaic_core::types::InvalidRegion>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region {
    length: u8,
    text: [u8; LONGEST],
}

/// A text that is no region, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a region: use 1 to 31 of a-z 0-9 . _ -, beginning with a letter or digit")]
pub struct InvalidRegion(String);

impl Region {
    /// Checks a text and makes it a region.
    ///
    /// # Errors
    /// [`InvalidRegion`] where the text is empty, too long or has another character.
    pub fn new(text: &str) -> Result<Self, InvalidRegion> {
        let valid = (1..=LONGEST).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !valid {
            return Err(InvalidRegion(text.chars().take(80).collect()));
        }
        let mut region = Self { length: text.len() as u8, text: [0; LONGEST] };
        region.text[..text.len()].copy_from_slice(text.as_bytes());
        region.text.make_ascii_lowercase();
        Ok(region)
    }

    /// The region as text, in small letters.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in.
        std::str::from_utf8(&self.text[..usize::from(self.length)]).unwrap_or_default()
    }

    /// Whether a text names this region, whatever the case of its letters.
    #[inline]
    pub fn is(&self, text: &str) -> bool {
        self.text[..usize::from(self.length)].eq_ignore_ascii_case(text.as_bytes())
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;
    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        Self::new(text)
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;
    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        Self::new(&text)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.as_str().into()
    }
}

impl JsonSchema for Region {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Region".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$" })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_region_is_said() {
        for bad in ["", "-eu", "eu west", "eü", &"x".repeat(32)] {
            assert!(Region::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Region::new(&"X".repeat(31)).unwrap().as_str(), "x".repeat(31));
        assert!(Region::new("e u").unwrap_err().to_string().contains("\"e u\""));
    }

    #[test]
    fn a_region_travels_as_text() {
        let region: Region = serde_json::from_str("\"APAC\"").unwrap();
        assert_eq!(serde_json::to_string(&region).unwrap(), "\"apac\"");
        assert!(serde_json::from_str::<Region>("\"\"").is_err());
    }
}
