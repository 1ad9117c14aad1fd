//! Topics of events and messages, and filters of them.

use std::fmt;
use std::sync::Arc;

use mosaic_core::error::{Error, ErrorKind, Result};
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

    /// The topic as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TopicFilter {
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
        let mut segments = topic.0.split('.');
        for wanted in self.0.split('.') {
            match (wanted, segments.next()) {
                (">", Some(_)) => return true,
                (_, None) => return false,
                ("*", Some(_)) => {}
                (wanted, Some(segment)) if wanted == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }

    /// The segments before the first wildcard, with their dots: every topic that it chooses begins with them.
    pub fn literal_prefix(&self) -> &str {
        match self.0.find(['*', '>']) {
            Some(at) => &self.0[..at],
            None => &self.0,
        }
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
        fn any_text_is_taken_or_refused_in_peace(text in ".{0,40}") {
            if let Ok(filter) = TopicFilter::new(&text) {
                let _ = filter.matches(&Topic::new("a.b").unwrap());
            }
            if let Ok(topic) = Topic::new(&text) {
                prop_assert!(TopicFilter::all().matches(&topic));
            }
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
