//! The attributes that conditions may read, and what kind of value each has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::types::nearest::nearest;

/// What kind of value an attribute has, and so what it can be compared with.
///
/// ```
/// use mosaic_core::engine::route::AttributeKind;
///
/// assert_eq!(AttributeKind::Size.to_string(), "size");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeKind {
    /// A number without a unit.
    Number,
    /// A number of bytes, or a text such as `10GB`.
    Size,
    /// A length of time, or a text such as `5m`; a plain number is one of seconds.
    Duration,
    /// A text, compared with regard to case; `region` and `user.region` without it.
    Text,
    /// Yes or no.
    Boolean,
    /// A list of texts.
    List,
}

impl AttributeKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Number, Self::Size, Self::Duration, Self::Text, Self::Boolean, Self::List];

    /// The name used in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Size => "size",
            Self::Duration => "duration",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::List => "list",
        }
    }

    /// Whether it is compared by `<` and its like.
    pub(super) const fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::Size | Self::Duration)
    }
}

impl fmt::Display for AttributeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The attributes that everybody has.
const WELL_KNOWN: [(&str, AttributeKind); 10] = [
    ("build.size", AttributeKind::Size),
    ("build.duration", AttributeKind::Duration),
    ("build.public", AttributeKind::Boolean),
    ("build.branch", AttributeKind::Text),
    ("build.labels", AttributeKind::List),
    ("user.region", AttributeKind::Text),
    ("user.groups", AttributeKind::List),
    ("region", AttributeKind::Text),
    ("environment", AttributeKind::Text),
    ("priority", AttributeKind::Number),
];

/// A longer name is none.
const LONGEST: usize = 64;

/// The attributes that conditions may read: `build.size` (size), `build.duration` (duration), `build.public` (boolean),
/// `build.branch` (text), `build.labels` (list), `user.region` (text), `user.groups` (list), `region` (text),
/// `environment` (text), `priority` (number), and those that an application declares.
///
/// ```
/// use mosaic_core::engine::route::{AttributeKind, AttributeSchema};
///
/// let mut schema = AttributeSchema::default();
/// schema.declare("team.budget", AttributeKind::Number)?;
/// assert_eq!(schema.kind("team.budget"), Some(AttributeKind::Number));
/// assert_eq!(schema.kind("build.size"), Some(AttributeKind::Size));
/// assert!(schema.declare("org", AttributeKind::Text).is_err(), "a fact of the call itself");
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeSchema {
    attributes: Vec<(Box<str>, AttributeKind)>,
}

impl Default for AttributeSchema {
    fn default() -> Self {
        Self { attributes: WELL_KNOWN.iter().map(|(name, kind)| ((*name).into(), *kind)).collect() }
    }
}

impl AttributeSchema {
    /// Declares an attribute. Declaring it again with the same kind changes nothing.
    ///
    /// # Errors
    /// What is wrong with the name: it is no name, is that of a fact of the call itself, or is known with another kind.
    pub fn declare(&mut self, name: &str, kind: AttributeKind) -> Result<(), String> {
        if !is_name(name) {
            return Err(format!(
                "{:?} is no name: letters, digits, `_` and `-`, joined by dots, at most {LONGEST} bytes",
                name.chars().take(LONGEST).collect::<String>()
            ));
        }
        if super::fact::Fact::of_call(name).is_some() {
            return Err(format!("{name:?} is a fact of the call itself; take another name"));
        }
        match self.kind(name) {
            Some(known) if known != kind => Err(format!("{name:?} is a {known} already")),
            Some(_) => Ok(()),
            None => {
                self.attributes.push((name.into(), kind));
                Ok(())
            }
        }
    }

    /// The kind of an attribute; none where it is not declared.
    pub fn kind(&self, name: &str) -> Option<AttributeKind> {
        self.attributes.iter().find(|(known, _)| **known == *name).map(|(_, kind)| *kind)
    }

    /// Every attribute, the well-known ones first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, AttributeKind)> {
        self.attributes.iter().map(|(name, kind)| (&**name, *kind))
    }

    /// The attribute or fact that a mistyped name probably meant.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let facts = super::fact::OF_CALL.iter().map(|(known, _)| *known);
        nearest(name, facts.chain(self.iter().map(|(known, _)| known)))
    }
}

/// Whether a text can be the name of an attribute: parts of letters, digits, `_` and `-` that begin with a letter or `_`,
/// joined by dots.
pub(super) fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    text.len() <= LONGEST && text.split('.').all(part)
}
