//! Paths of calls in a vendor's own words: checked where they are made, so that nobody behind has to.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, ErrorKind, Result};

/// A path below the root of a provider's API, as it goes on the wire: percent-encoded where needed, without a query.
///
/// It begins with `/` and leads nowhere but down: no host, no empty part before the last, no `.` and `..`, not even encoded.
/// A slash inside a part is `%2F`, as in `/projects/acme%2Fwidget`. At most 2,048 bytes.
///
/// ```
/// use mosaic_core::types::vendor::ApiPath;
///
/// let path = ApiPath::new("/repos/acme/widget/topics")?;
/// assert_eq!(path.as_str(), "/repos/acme/widget/topics");
/// for bad in ["topics", "//example.org/x", "/a/../b", "/a/%2e%2E/b", "/a?page=2", "https://example.org/", "/ä"] {
///     assert!(ApiPath::new(bad).is_err(), "{bad}");
/// }
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct ApiPath(String);

impl ApiPath {
    /// The number of bytes that no path has more of.
    pub const MAX: usize = 2_048;

    /// Checks a path.
    ///
    /// # Errors
    /// `Invalid`, saying what is wrong with it.
    pub fn new(path: impl Into<String>) -> Result<Self> {
        let path = path.into();
        match fault(&path) {
            None => Ok(Self(path)),
            Some(why) => {
                let shown: String = path.chars().take(80).collect();
                Err(Error::new(ErrorKind::Invalid, format!("the path {shown:?} {why}")))
            }
        }
    }

    /// The path as it goes on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is wrong with a path.
fn fault(path: &str) -> Option<&'static str> {
    if path.len() > ApiPath::MAX {
        return Some("is longer than 2,048 bytes");
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Some("does not begin with `/`: it goes below the root of the provider's API, without a host");
    };
    if path.contains(['?', '#']) {
        return Some("has a query or a fragment: give the query beside it");
    }
    if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte)) {
        return Some("has a character that must be percent-encoded");
    }
    let mut parts = rest.split('/').peekable();
    while let Some(part) = parts.next() {
        if part.is_empty() && parts.peek().is_some() {
            return Some("has an empty part");
        }
        let Some(decoded) = decoded(part) else {
            return Some("has a `%` without two hexadecimal digits after it");
        };
        if decoded.iter().any(u8::is_ascii_control) {
            return Some("has an encoded control character");
        }
        // Some servers decode before they look at the parts.
        if decoded.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| matches!(part, b"." | b"..")) {
            return Some("has a part `.` or `..`, which would lead somewhere else");
        }
    }
    None
}

/// The bytes that a part stands for.
fn decoded(part: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?].map(|digit| char::from(digit).to_digit(16));
            let [high, low] = [digits[0]?, digits[1]?];
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

impl FromStr for ApiPath {
    type Err = Error;
    fn from_str(path: &str) -> Result<Self> {
        Self::new(path)
    }
}

impl Deref for ApiPath {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ApiPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = String::deserialize(deserializer)?;
        Self::new(path).map_err(|error| serde::de::Error::custom(error.message()))
    }
}

impl JsonSchema for ApiPath {
    fn schema_name() -> Cow<'static, str> {
        "ApiPath".into()
    }
    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::ApiPath").into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A path below the root of the provider's API, percent-encoded where needed, without host and query.",
            "pattern": "^/[A-Za-z0-9/._~!$&'()*+,;=:@%-]*$",
            "maxLength": ApiPath::MAX,
            "examples": ["/version", "/repos/acme/widget/topics", "/projects/acme%2Fwidget/"],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_leads_elsewhere_is_refused_with_a_reason() {
        for (path, part) in [
            ("", "begin"),
            ("repos", "begin"),
            ("https://example.org/x", "begin"),
            ("//example.org/x", "empty part"),
            ("/a//b", "empty part"),
            ("/..", "`..`"),
            ("/a/..", "`..`"),
            ("/a/../b", "`..`"),
            ("/./a", "`..`"),
            ("/%2e%2e/a", "`..`"),
            ("/.%2E/a", "`..`"),
            ("/a%2f..%2fb", "`..`"),
            ("/a%5C..%5cb", "`..`"),
            ("/a?b", "query"),
            ("/a#b", "query"),
            ("/a b", "encoded"),
            ("/a\\b", "encoded"),
            ("/a\r\nhost: x", "encoded"),
            ("/ü", "encoded"),
            ("/a%0d%0ab", "control"),
            ("/a%", "hexadecimal"),
            ("/a%2", "hexadecimal"),
            ("/a%zz", "hexadecimal"),
            (&"/a".repeat(1_025), "longer"),
        ] {
            let error = ApiPath::new(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.message().contains(part), "{path}: {error}");
        }
    }

    #[test]
    fn what_vendors_have_is_taken() {
        for path in [
            "/",
            "/user",
            "/repos/acme/widget/",
            "/projects/acme%2Fwidget/repository/files/a%2Eb..c%2Erb",
            "/repositories/acme/%7B1f-2a%7D",
            "/job/a/lastBuild/api/json",
            "/crumbIssuer/api/json",
            "/a/..b/b../...",
        ] {
            assert_eq!(ApiPath::new(path).unwrap().as_str(), path);
        }
    }

    proptest! {
        /// Whatever is taken stays below the root, for servers that decode first too.
        #[test]
        fn nothing_that_is_taken_climbs(path in "/[a./%25eEfF\\\\?#:@ -]{0,24}") {
            if let Ok(path) = ApiPath::new(path) {
                let all: Vec<u8> = path.as_str()[1..].split('/').flat_map(|part| {
                    let mut part = decoded(part).unwrap();
                    part.push(b'/');
                    part
                }).collect();
                let climbs = all.split(|byte| matches!(byte, b'/' | b'\\')).any(|part| part == b"..");
                prop_assert!(!climbs, "{}", path);
            }
        }
    }
}
