//! What is wrong with rules, as data: where it stands, what it is, and what was probably meant.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::error::{Error, ErrorKind};

/// The thing of a [`Routing`](super::Routing) that a fault or finding is about, by its position among those of its kind.
///
/// ```
/// use mosaic_core::engine::route::Place;
///
/// assert_ne!(Place::Rule(0), Place::Default(0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// A rule.
    Rule(usize),
    /// A default.
    Default(usize),
    /// A group.
    Group(usize),
    /// A selector that was declared.
    Selector(usize),
    /// An attribute that was declared.
    Attribute(usize),
}

/// The part of the thing.
///
/// ```
/// use mosaic_core::engine::route::Part;
///
/// assert_eq!(Part::default(), Part::Whole);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// All of it.
    #[default]
    Whole,
    /// Its name.
    Name,
    /// One of its patterns.
    Pattern(usize),
    /// One of its attributes with a value.
    When(usize),
    /// One of its conditions.
    Condition(usize),
    /// Its target.
    Target,
    /// One of its fallbacks.
    Fallback(usize),
    /// One of its members.
    Member(usize),
    /// The fact that it looks at.
    Source,
}

/// The kinds of fault.
///
/// ```
/// use mosaic_core::engine::route::FaultKind;
///
/// assert_ne!(FaultKind::Unknown, FaultKind::Duplicate);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// It names something that is not there.
    Unknown,
    /// It is there twice.
    Duplicate,
    /// Something that it needs is not there.
    Missing,
    /// It stands where it cannot stand.
    Misplaced,
    /// It cannot be read.
    Malformed,
    /// It compares what cannot be compared.
    Mismatch,
}

/// One fault of rules.
///
/// ```
/// use mosaic_core::engine::route::{FaultKind, Member, Part, Place, Routing, Rule, Table};
/// use mosaic_core::op::OpSet;
/// use mosaic_core::types::{ProviderId, ServiceKind};
///
/// let member = Member::new(ProviderId::new("forge-a")?, OpSet::service(ServiceKind::Git));
/// let routing = Routing::new().rule(Rule::new("org:acme").to("forge-b"));
/// let faults = Table::build(&routing, vec![member], 7).unwrap_err();
/// assert_eq!((faults[0].place, faults[0].part), (Place::Rule(0), Part::Target));
/// assert_eq!((faults[0].kind, faults[0].suggestion.as_deref()), (FaultKind::Unknown, Some("forge-a")));
/// # Ok::<(), mosaic_core::types::InvalidId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RoutingFault {
    /// The thing that has it.
    pub place: Place,
    /// The part of the thing.
    pub part: Part,
    /// What it is.
    pub kind: FaultKind,
    /// The thing as people know it, such as `rule "org:acme"`.
    pub label: String,
    /// What is wrong and what to do, without the place.
    pub message: String,
    /// The bytes of the part that it is about, where that is less than all of it.
    pub span: Option<Range<usize>>,
    /// The known name that was probably meant.
    pub suggestion: Option<String>,
}

impl RoutingFault {
    /// A fault of the thing as a whole.
    pub(super) fn new(place: Place, kind: FaultKind, label: String, message: String) -> Self {
        Self { place, part: Part::Whole, kind, label, message, span: None, suggestion: None }
    }

    /// The same fault in a part of the thing.
    #[must_use]
    pub(super) fn at(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// The same fault with the name that was probably meant.
    #[must_use]
    pub(super) fn suggest(mut self, name: Option<&str>) -> Self {
        self.suggestion = name.map(Into::into);
        self
    }
}

impl fmt::Display for RoutingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.label, self.message)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean {name:?}?"),
            None => Ok(()),
        }
    }
}

/// All faults as one error.
pub(super) fn as_error(faults: &[RoutingFault]) -> Error {
    joined(&faults.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// The same for faults that are texts already.
pub(super) fn joined(faults: &[String]) -> Error {
    Error::new(ErrorKind::Config, format!("routing has {} fault(s): {}", faults.len(), faults.join("; ")))
}
