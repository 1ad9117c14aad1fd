//! Validated identifiers: cheap to clone, compared by text, safe to print.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A name of one kind: 1 to 64 characters of `a-z A-Z 0-9 . _ -`, beginning with a letter or a digit.
///
/// Cloning copies a pointer. `K` only keeps the kinds apart: a [`TenantId`] is never taken for a [`ProviderId`].
///
/// ```
/// use mosaic_core::types::ProviderId;
///
/// let id = ProviderId::new("forge-a")?;
/// assert_eq!(id.as_str(), "forge-a");
/// assert!(ProviderId::new("no spaces").is_err());
/// # Ok::<(), mosaic_core::types::InvalidId>(())
/// ```
pub struct Id<K> {
    text: Arc<str>,
    kind: PhantomData<fn() -> K>,
}

/// What an [`Id`] names: gives it a word for messages.
pub trait IdKind: 'static {
    /// The word used in messages, such as `provider`.
    const WORD: &'static str;
}

/// Marks the identifiers of configured providers; see [`ProviderId`].
#[derive(Debug)]
pub enum ProviderKind {}
/// Marks the identifiers of tenants; see [`TenantId`].
#[derive(Debug)]
pub enum TenantKind {}

impl IdKind for ProviderKind {
    const WORD: &'static str = "provider";
}
impl IdKind for TenantKind {
    const WORD: &'static str = "tenant";
}

/// Names a configured backend, such as `github-main`.
pub type ProviderId = Id<ProviderKind>;
/// Names a tenant: the unit of isolation of caches, quotas and rules.
pub type TenantId = Id<TenantKind>;

/// A text that is no identifier, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {word} id: use 1 to 64 of a-z A-Z 0-9 . _ -, beginning with a letter or digit")]
pub struct InvalidId {
    word: &'static str,
    text: String,
}

impl<K: IdKind> Id<K> {
    /// Checks `text` and makes it an identifier.
    ///
    /// # Errors
    /// [`InvalidId`] where the text is empty, too long or has another character.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidId> {
        let text = text.as_ref();
        let valid = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !valid {
            return Err(InvalidId { word: K::WORD, text: text.chars().take(80).collect() });
        }
        Ok(Self { text: text.into(), kind: PhantomData })
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl TenantId {
    /// The tenant of calls that name none: `default`.
    pub fn default_tenant() -> Self {
        Self { text: "default".into(), kind: PhantomData }
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), kind: PhantomData }
    }
}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.text.cmp(&other.text)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}
impl<K> std::borrow::Borrow<str> for Id<K> {
    fn borrow(&self) -> &str {
        &self.text
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}
impl<K: IdKind> FromStr for Id<K> {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text)
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(text).map_err(serde::de::Error::custom)
    }
}
impl<K: IdKind> JsonSchema for Id<K> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("{}Id", K::WORD).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" })
    }
}

/// Names one call, in logs, audit records and answers; prints as 32 hexadecimal digits.
///
/// ```
/// use mosaic_core::types::RequestId;
///
/// let id = RequestId::from_parts(1, 2);
/// assert_eq!(id.to_string(), "00000000000000010000000000000002");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    seed: u64,
    number: u64,
}

impl RequestId {
    /// An id from the seed of whoever counts and the number of the call.
    pub const fn from_parts(seed: u64, number: u64) -> Self {
        Self { seed, number }
    }
}
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.seed, self.number)
    }
}
impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_ids() {
        for good in ["a", "forge-a", "0.x_Y", &"a".repeat(64)] {
            assert_eq!(ProviderId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", ".a", "a b", "ä", "a/b", "a\n", &"a".repeat(65)] {
            assert!(ProviderId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn json_is_checked_like_text() {
        assert!(serde_json::from_str::<TenantId>("\"acme\"").is_ok());
        let err = serde_json::from_str::<TenantId>("\"a b\"").unwrap_err().to_string();
        assert!(err.contains("not a tenant id"), "{err}");
    }
}
