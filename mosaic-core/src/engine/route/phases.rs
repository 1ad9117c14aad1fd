//! Phases of a migration: sets of rules in order, of which one is in force, wholly or for a share of the things.
//!
//! A thing keeps its side. It has one of a hundred buckets, by a hash of its name that is the same in every process; at a share of
//! 20 the things of the buckets 0 to 19 are decided about by the phase, and at 30 these and those of ten buckets more. All calls about one
//! repository, reads and writes, are therefore decided about by the same phase at any time.

use super::fact::folded;
use super::rule::Routing;
use crate::error::{Error, ErrorKind, Result};
use crate::op::Digester;
use crate::types::Subject;
use crate::types::nearest::nearest;

/// One phase: a name, its rules, and the share of things that it begins with.
///
/// ```
/// use mosaic_core::engine::route::{Phase, Routing, Rule};
///
/// let phase = Phase::new("2", Routing::new().default_rule(Rule::any().to("forge-b"))).share(20);
/// assert_eq!(phase.name(), "2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Phase {
    name: String,
    routing: Routing,
    share: u8,
}

impl Phase {
    /// A phase that is in force for everything as soon as it begins.
    pub fn new(name: impl Into<String>, routing: Routing) -> Self {
        Self { name: name.into(), routing, share: 100 }
    }

    /// The same phase, beginning with a share of the things, in percent. The rest goes by the phase before it in the order of the
    /// phases.
    pub fn share(mut self, percent: u8) -> Self {
        self.share = percent;
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules.
    pub fn routing(&self) -> &Routing {
        &self.routing
    }
}

/// What goes to one side together where a phase has a share.
///
/// ```
/// use mosaic_core::engine::route::Split;
///
/// assert_eq!(Split::default(), Split::Item);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Split {
    /// Everything about one repository or project. Calls that name none, such as a listing, go by the phase before until the
    /// share is 100.
    #[default]
    Item,
    /// Everything about one organisation or documentation space, its listings included. A thing without an organisation goes
    /// by its own name, and a call about nothing by the phase before until the share is 100.
    Org,
}

/// Phases in order. The first is in force from the beginning, unless [`Phases::begin`] says another.
///
/// ```
/// use mosaic_core::engine::route::{Phase, Phases, Routing, Rule};
/// use mosaic_core::types::Subject;
///
/// let old = Routing::new().default_rule(Rule::any().to("forge-a"));
/// let new = Routing::new().default_rule(Rule::any().to("forge-b"));
/// let phases = Phases::new().phase(Phase::new("1", old)).phase(Phase::new("2", new)).salt("to-forge-b");
/// assert_eq!(phases.names().collect::<Vec<_>>(), ["1", "2"]);
/// assert_eq!(phases.bucket(Subject::item("acme", "widget")), phases.bucket(Subject::item("ACME", "Widget")));
/// assert_eq!(phases.bucket(Subject::org("acme")), None);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Phases {
    pub(super) phases: Vec<Phase>,
    pub(super) sharing: Sharing,
    begin: Option<String>,
}

/// How things are parted. The bucket of a thing follows from it and from the thing's name alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sharing {
    salt: String,
    split: Split,
}

/// Where a migration stands: the phase in force by its position, and its share in percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) at: usize,
    pub(crate) share: u8,
}

impl Phases {
    /// No phase; an orchestrator needs at least one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a phase after the others.
    pub fn phase(mut self, phase: Phase) -> Self {
        self.phases.push(phase);
        self
    }

    /// Another text here parts the things in another way; migrations that should not move the same things first have different
    /// ones. Empty by default.
    pub fn salt(mut self, salt: impl Into<String>) -> Self {
        self.sharing.salt = salt.into();
        self
    }

    /// What goes to one side together; a repository or project by default.
    pub fn split(mut self, split: Split) -> Self {
        self.sharing.split = split;
        self
    }

    /// The phase that is in force from the beginning, with the share that it begins with.
    pub fn begin(mut self, phase: impl Into<String>) -> Self {
        self.begin = Some(phase.into());
        self
    }

    /// The phases in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Phase> {
        self.phases.iter()
    }

    /// Their names in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.phases.iter().map(Phase::name)
    }

    /// The bucket of a thing, 0 to 99; none where it has no name that parts it. The same in every process.
    pub fn bucket(&self, subject: Subject<'_>) -> Option<u8> {
        self.sharing.bucket(subject)
    }

    /// Where it stands from the beginning.
    ///
    /// # Errors
    /// `Config`, with every fault of names and shares.
    pub(super) fn first_stage(&self) -> Result<Stage, Vec<String>> {
        let mut faults = Vec::new();
        if self.phases.is_empty() {
            faults.push("there is no phase; add one with .phase(..)".to_owned());
        }
        for (at, phase) in self.phases.iter().enumerate() {
            if self.phases[..at].iter().any(|known| known.name == phase.name) {
                faults.push(format!("phase {:?}: there are two of this name", phase.name));
            }
            if let Err(error) = share_fits(phase.share) {
                faults.push(format!("phase {:?}: {}", phase.name, error.message()));
            }
        }
        if let Some(first) = self.phases.first().filter(|first| first.share < 100) {
            faults.push(format!(
                "phase {:?}: it is the first and has no phase before it for the rest; its share must be 100",
                first.name
            ));
        }
        let begin = self.begin.as_deref().map_or(Ok(0), |name| self.position(name));
        match begin {
            Ok(at) if faults.is_empty() => Ok(self.stage(at)),
            Ok(_) => Err(faults),
            Err(error) => {
                faults.push(error.message().to_owned());
                Err(faults)
            }
        }
    }

    /// The beginning of a phase.
    pub(crate) fn stage(&self, at: usize) -> Stage {
        Stage { at, share: self.phases.get(at).map_or(100, |phase| phase.share) }
    }

    /// The phase of a name.
    ///
    /// # Errors
    /// `Invalid`, with the names that exist.
    pub(crate) fn position(&self, name: &str) -> Result<usize> {
        self.phases.iter().position(|phase| phase.name == name).ok_or_else(|| {
            let known: Vec<_> = self.names().collect();
            let meant = nearest(name, self.names()).map(|name| format!("; did you mean {name:?}?"));
            let message = format!(
                "there is no phase {name:?}; known are {}{}",
                known.join(", "),
                meant.unwrap_or_default()
            );
            Error::new(ErrorKind::Invalid, message)
        })
    }
}

/// Checks a share.
///
/// # Errors
/// `Invalid` where it is more than everything.
pub(crate) fn share_fits(percent: u8) -> Result<()> {
    if percent <= 100 {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Invalid,
        format!("a share of {percent} % is more than everything; use 0 to 100"),
    ))
}

/// What the buckets are hashed under. Changing it would move things from one side to the other.
const KEY: [u8; 16] = *b"mosaic.phases.v1";

impl Sharing {
    #[inline(never)]
    pub(super) fn bucket(&self, subject: Subject<'_>) -> Option<u8> {
        let (org, name) = match (self.split, subject.org, subject.name) {
            (Split::Item, org, Some(name)) => (org, name),
            (Split::Org, Some(org), _) => (None, org),
            (Split::Org, None, Some(name)) => (None, name),
            _ => return None,
        };
        let mut digest = Digester::new(KEY);
        digest.text(&self.salt);
        // As in patterns: forges do not tell names apart by the case of their letters.
        match org {
            Some(org) => folded(org, |org| digest.optional(Some(org))),
            None => digest.optional(None),
        }
        folded(name, |name| digest.text(name));
        // The upper half as a fraction of a hundred.
        let high = digest.finish() >> 64;
        Some(((high * 100) >> 64) as u8)
    }
}

#[cfg(test)]
#[path = "phases_tests.rs"]
mod tests;
