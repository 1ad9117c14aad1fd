//! The name of a node, which tells its level and its place in the tree.

use std::array;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Level;

/// Number groups of the deepest level.
const DEPTH: usize = Level::Atomic.depth();

/// The id of a plan node, such as `ST.001.02.03.04.05`.
///
/// The prefix decides the depth: one group of three digits for the epic, then one pair of digits per level
/// below it. A child's groups are its parent's plus one pair, so the parent follows from the id alone. Every
/// group may be any number of its width. Ids sort in tree order: a node, then all that lies below it, then
/// its next sibling. They serialise as the string they display as.
///
/// ```
/// use tony_core::plan::{Level, PlanId};
///
/// let feature = PlanId::epic(1)?.child(2)?;
/// assert_eq!(feature, "F.001.02".parse()?);
/// assert_eq!(feature.level(), Level::Feature);
/// assert_eq!(feature.parent(), Some(PlanId::epic(1)?));
/// assert!(feature.child(1)? < PlanId::epic(1)?.child(3)?);
/// # Ok::<(), tony_core::plan::PlanIdError>(())
/// ```
// The derived order is tree order because groups below the level are zero: of two ids that first differ in a
// group that one of them lacks, that one is the shorter and lower; of two with equal groups, the level
// decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId {
    groups: [u16; DEPTH],
    level: Level,
}

/// Why an id is none, or cannot be made.
///
/// ```
/// use tony_core::plan::{PlanId, PlanIdError};
///
/// let error = "T.001".parse::<PlanId>().unwrap_err();
/// assert!(matches!(error, PlanIdError::Depth { found: 1, .. }));
/// assert_eq!(error.to_string(), "`T.001` has 1 number group; a task has 4, as in `T.001.01.01.01`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanIdError {
    /// What stands before the first dot is the prefix of no level.
    #[error("`{id}` begins with `{found}`; expected E, F, S, T, ST or A")]
    Prefix {
        /// The text that was read.
        id: String,
        /// Its prefix.
        found: String,
    },
    /// The number of groups is not that of the prefix's level.
    #[error(
        "`{id}` has {found} number group{}; {} {level} has {}, as in `{}`",
        if *found == 1 { "" } else { "s" }, article(*level), level.depth(), PlanId::first(*level)
    )]
    Depth {
        /// The text that was read.
        id: String,
        /// Level of its prefix.
        level: Level,
        /// Number groups it has.
        found: usize,
    },
    /// A group is not made of the right number of digits.
    #[error("group {position} of `{id}` is `{found}`; expected {width} digits")]
    Digits {
        /// The text that was read.
        id: String,
        /// Which group, counted from 1.
        position: usize,
        /// The group.
        found: String,
        /// Digits it must have.
        width: usize,
    },
    /// A number does not fit its group.
    #[error("{number} is too large for {} {level}; expected 0 to {max}", article(*level))]
    Number {
        /// Level of the id that was to be made.
        level: Level,
        /// The number.
        number: u16,
        /// The largest that fits.
        max: u16,
    },
    /// An atomic step has no children.
    #[error("`{id}` is atomic and has no children")]
    Atomic {
        /// The id that was to be a parent.
        id: PlanId,
    },
}

impl PlanId {
    /// The id of an epic. Fails above 999.
    pub fn epic(number: u16) -> Result<Self, PlanIdError> {
        Self::first(Level::Epic).with_last(number)
    }

    /// The id of the child with this number. Fails above 99, and below an atomic step.
    pub fn child(self, number: u16) -> Result<Self, PlanIdError> {
        let level = self.level.below().ok_or(PlanIdError::Atomic { id: self })?;
        Self { level, ..self }.with_last(number)
    }

    /// The id of the parent; none for an epic.
    pub fn parent(self) -> Option<Self> {
        let level = self.level.above()?;
        let mut groups = self.groups;
        groups[level.depth()] = 0;
        Some(Self { groups, level })
    }

    /// The level, which the prefix shows.
    pub fn level(self) -> Level {
        self.level
    }

    /// The id of this level whose groups are all one.
    fn first(level: Level) -> Self {
        Self { groups: array::from_fn(|at| u16::from(at < level.depth())), level }
    }

    fn with_last(mut self, number: u16) -> Result<Self, PlanIdError> {
        let at = self.level.depth() - 1;
        let max = if at == 0 { 999 } else { 99 };
        if number > max {
            return Err(PlanIdError::Number { level: self.level, number, max });
        }
        self.groups[at] = number;
        Ok(self)
    }
}

/// Digits of the group at this index.
const fn width(at: usize) -> usize {
    if at == 0 { 3 } else { 2 }
}

fn article(level: Level) -> &'static str {
    if matches!(level, Level::Epic | Level::Atomic) { "an" } else { "a" }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level.prefix())?;
        for (at, number) in self.groups[..self.level.depth()].iter().enumerate() {
            write!(f, ".{number:0width$}", width = width(at))?;
        }
        Ok(())
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlanId({self})")
    }
}

impl FromStr for PlanId {
    type Err = PlanIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = || text.to_owned();
        let mut parts = text.split('.');
        let prefix = parts.next().unwrap_or_default();
        let level = Level::ALL
            .into_iter()
            .find(|level| level.prefix() == prefix)
            .ok_or_else(|| PlanIdError::Prefix { id: id(), found: prefix.to_owned() })?;
        let found = parts.clone().count();
        if found != level.depth() {
            return Err(PlanIdError::Depth { id: id(), level, found });
        }
        let mut groups = [0; DEPTH];
        for (at, (group, part)) in groups.iter_mut().zip(parts).enumerate() {
            let width = width(at);
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            *group = part.parse().ok().filter(|_| digits).ok_or_else(|| PlanIdError::Digits {
                id: id(),
                position: at + 1,
                found: part.to_owned(),
                width,
            })?;
        }
        Ok(Self { groups, level })
    }
}

impl Serialize for PlanId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PlanId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for PlanId {
    fn schema_name() -> Cow<'static, str> {
        "PlanId".into()
    }

    fn schema_id() -> Cow<'static, str> {
        concat!(module_path!(), "::PlanId").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        const EPIC: &str = r"\.[0-9]{3}";
        const PAIR: &str = r"\.[0-9]{2}";
        let form = |level: Level| format!("{}{EPIC}{}", level.prefix(), PAIR.repeat(level.depth() - 1));
        let forms = Level::ALL.map(form).join("|");
        json_schema!({
            "type": "string",
            "description": "The id of a plan node: the prefix of its level, then one number group per level.",
            "pattern": format!("^({forms})$"),
        })
    }
}

#[cfg(test)]
mod tests;
