//! Topics of events and messages, and filters of them.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an event or a message is about: 1 to 16 segments joined by `.`, at most 255 bytes, such as `task.acme.17`. A segment has
/// letters, digits, `_`, `-`, `:`, `/`, `@`, `+` or `=`.
///
/// ```
/// use mosaic_mcp::state::{Topic, TopicFilter};
///
/// let topic = Topic::new("task.acme.17")?;
/// assert!(TopicFilter::new("task.*.17")?.matches(&topic));
/// assert!(TopicFilter::new("task.>")?.matches(&topic));
/// assert!(!TopicFilter::new("task.*")?.matches(&topic));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(#[schemars(with = "String")] Arc<str>);

/// Chooses topics: segments as in a [`Topic`], where `*` stands for any one segment, and `>`, as the last, for one or more.
///
/// ```
/// use mosaic_mcp::state::TopicFilter;
///
/// assert!(TopicFilter::new("build.*.>").is_ok());
/// assert!(TopicFilter::new("build.>.log").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct TopicFilter(#[schemars(with = "String")] Arc<str>);

/// The longest topic or filter, in bytes.
const LONGEST: usize = 255;
/// What topics of the audit begin with: its records hold only together, so that nothing removes some of them by the way.
const APART: &str = "audit.";
/// The most segments.
const SEGMENTS: usize = 16;

impl Topic {
    /// Checks a topic.
    ///
    /// # Errors
    /// `Invalid`, with what does not fit.
    pub fn new(text: impl AsRef<str>) -> Result<Self> {
        let text = text.as_ref();
        check(text, "topic", is_plain)?;
        Ok(Self(text.into()))
    }

    /// A topic of parts. What a segment may not hold is escaped, so that no part reaches out of its place.
    ///
    /// ```
    /// use mosaic_mcp::state::Topic;
    ///
    /// assert_eq!(Topic::of(&["task", "acme.eu", "7"])?.as_str(), "task.acme=2Eeu.7");
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` where a part is empty, or all together are too long or too many.
    pub fn of<P: AsRef<str>>(parts: &[P]) -> Result<Self> {
        let mut text = String::with_capacity(64);
        for part in parts {
            if !text.is_empty() {
                text.push('.');
            }
            escape(part.as_ref(), &mut text);
        }
        Self::new(text)
    }

    /// A topic of a tenant: `@TENANT`, then the parts. Everything that happens for a tenant is told under such a topic, and
    /// [`TopicFilter::of_tenant`] keeps a reader among those of one.
    ///
    /// # Errors
    /// As for [`Topic::of`].
    pub fn of_tenant<P: AsRef<str>>(tenant: &TenantId, parts: &[P]) -> Result<Self> {
        let mut text = tenant_segment(tenant);
        for part in parts {
            text.push('.');
            escape(part.as_ref(), &mut text);
        }
        Self::new(text)
    }

    /// Whether it is one of the audit.
    pub(crate) fn is_apart(&self) -> bool {
        self.0.starts_with(APART)
    }

    /// The topic as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The topic as its tenant sees it: without the first segment. None where it is of another tenant or of none.
    pub fn within(&self, tenant: &TenantId) -> Option<&str> {
        self.0.strip_prefix(&tenant_segment(tenant))?.strip_prefix('.')
    }
}

/// The first segment of a tenant's topics. `=` is in no tenant's name, so that two tenants never share one.
fn tenant_segment(tenant: &TenantId) -> String {
    let mut text = String::with_capacity(64);
    text.push('@');
    escape(tenant.as_str(), &mut text);
    text
}

fn escape(part: &str, text: &mut String) {
    let stays =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':' | b'/' | b'@' | b'+');
    if part.bytes().all(stays) {
        text.push_str(part);
        return;
    }
    for byte in part.bytes() {
        if stays(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "={byte:02X}");
        }
    }
}

impl TopicFilter {
    /// A filter within the topics of a tenant: it chooses no other's, whatever it says.
    ///
    /// ```
    /// use mosaic_core::types::TenantId;
    /// use mosaic_mcp::state::{Topic, TopicFilter};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (acme, other) = (TenantId::new("acme")?, TenantId::new("other")?);
    /// let filter = TopicFilter::of_tenant(&acme, "task.>")?;
    /// assert!(filter.matches(&Topic::of_tenant(&acme, &["task", "7"])?));
    /// assert!(!filter.matches(&Topic::of_tenant(&other, &["task", "7"])?));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`TopicFilter::new`].
    pub fn of_tenant(tenant: &TenantId, filter: &str) -> Result<Self> {
        Self::new(format!("{}.{filter}", tenant_segment(tenant)))
    }

    /// Checks a filter.
    ///
    /// # Errors
    /// `Invalid`, with what does not fit.
    pub fn new(text: impl AsRef<str>) -> Result<Self> {
        let text = text.as_ref();
        check(text, "topic filter", |segment| is_plain(segment) || segment == "*" || segment == ">")?;
        if text.split('.').rev().skip(1).any(|segment| segment == ">") {
            return Err(invalid("topic filter", text, "`>` is the last segment or none"));
        }
        Ok(Self(text.into()))
    }

    /// Every topic.
    pub fn all() -> Self {
        Self(">".into())
    }

    /// The filter as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it chooses the topic.
    pub fn matches(&self, topic: &Topic) -> bool {
        let mut rest = topic.0.as_bytes();
        for wanted in self.0.bytes() {
            match (wanted, rest.split_first()) {
                (b'>', left) => return left.is_some(),
                // No segment is empty, so what is left here is one or more of them, or nothing.
                (b'*', Some(_)) => {
                    let end = rest.iter().position(|byte| *byte == b'.').unwrap_or(rest.len());
                    rest = rest.get(end..).unwrap_or_default();
                }
                (wanted, Some((byte, left))) if wanted == *byte => rest = left,
                _ => return false,
            }
        }
        rest.is_empty()
    }

    /// The segments before the first wildcard, with their dots: every topic that it chooses begins with them.
    pub fn literal_prefix(&self) -> &str {
        match self.0.find(['*', '>']) {
            Some(at) => &self.0[..at],
            None => &self.0,
        }
    }

    /// Whether it chooses topics of the audit alone.
    pub(crate) fn is_apart(&self) -> bool {
        self.0.starts_with(APART)
    }

    /// The topic, where it chooses one only.
    pub fn exact(&self) -> Option<&str> {
        (!self.0.contains(['*', '>'])).then_some(&*self.0)
    }
}

fn is_plain(segment: &str) -> bool {
    !segment.is_empty()
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'/' | b'@' | b'+' | b'='))
}

fn check(text: &str, what: &'static str, fits: impl Fn(&str) -> bool) -> Result<()> {
    if text.is_empty() || text.len() > LONGEST || text.split('.').count() > SEGMENTS {
        return Err(invalid(what, text, "1 to 255 bytes in 1 to 16 segments are allowed"));
    }
    if !text.split('.').all(fits) {
        return Err(invalid(
            what,
            text,
            "segments are joined by `.` and have letters, digits and _ - : / @ + =",
        ));
    }
    Ok(())
}

fn invalid(what: &'static str, text: &str, why: &str) -> Error {
    let shown: String = text.chars().take(80).collect();
    Error::new(ErrorKind::Invalid, format!("{shown:?} is no {what}: {why}"))
}

macro_rules! text {
    ($type:ident) => {
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                Self::new(text)
            }
        }
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}
text!(Topic);
text!(TopicFilter);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_topic_is_chosen_by_itself_and_its_wildcards(segments in prop::collection::vec("[a-z0-9_:-]{1,6}", 1..6), star in 0usize..6) {
            let topic = Topic::new(segments.join(".")).unwrap();
            prop_assert!(TopicFilter::new(topic.as_str()).unwrap().matches(&topic));
            let mut wild = segments.clone();
            let at = star % wild.len();
            wild[at] = "*".to_owned();
            let filter = TopicFilter::new(wild.join(".")).unwrap();
            prop_assert!(filter.matches(&topic));
            prop_assert!(topic.as_str().starts_with(filter.literal_prefix()));
            wild.truncate(at);
            wild.push(">".to_owned());
            prop_assert!(TopicFilter::new(wild.join(".")).unwrap().matches(&topic));
            for below in [format!("{topic}.>"), format!("{topic}.*")] {
                prop_assert!(!TopicFilter::new(below).unwrap().matches(&topic));
            }
        }

        #[test]
        fn parts_of_a_topic_stay_apart(a in prop::collection::vec(".{1,8}", 1..4), b in prop::collection::vec(".{1,8}", 1..4)) {
            let (topic, other) = (Topic::of(&a).unwrap(), Topic::of(&b).unwrap());
            prop_assert_eq!(topic.as_str().split('.').count(), a.len());
            prop_assert_eq!(topic == other, a == b);
        }

        #[test]
        fn a_filter_chooses_what_its_segments_say(
            mut filter in prop::collection::vec("[ab*]", 1..5),
            rest in any::<bool>(),
            topic in prop::collection::vec("a|b|ab", 1..5),
        ) {
            if rest {
                filter.push(">".to_owned());
            }
            let plain = filter.len() - usize::from(rest);
            let long_enough = if rest { topic.len() > plain } else { topic.len() == plain };
            let mut pairs = filter.iter().take(plain).zip(&topic);
            let chosen = long_enough && pairs.all(|(wanted, segment)| wanted == "*" || wanted == segment);
            let (filter, topic) = (TopicFilter::new(filter.join(".")).unwrap(), Topic::new(topic.join(".")).unwrap());
            prop_assert_eq!(filter.matches(&topic), chosen);
        }

        #[test]
        fn any_text_is_taken_or_refused_in_peace(text in ".{0,40}") {
            if let Ok(filter) = TopicFilter::new(&text) {
                let _ = filter.matches(&Topic::new("a.b").unwrap());
            }
            if let Ok(topic) = Topic::new(&text) {
                prop_assert!(TopicFilter::all().matches(&topic));
            }
        }
    }

    proptest! {
        #[test]
        fn parts_are_told_apart(a in prop::collection::vec("[ -~]{1,4}", 1..4), b in prop::collection::vec("[ -~]{1,4}", 1..4)) {
            prop_assert_eq!(a == b, Topic::of(&a).unwrap() == Topic::of(&b).unwrap());
        }
    }

    #[test]
    fn what_is_no_topic_is_refused() {
        for bad in ["", ".", "a..b", "a b", "a.*", "a.>", &"x".repeat(256), "a\n", &vec!["a"; 17].join(".")] {
            assert_eq!(Topic::new(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
        assert!(TopicFilter::new("a.>.b").is_err());
    }
}
