//! The six levels of a plan.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A level of the plan tree; a higher level is less than a deeper one.
///
/// ```
/// use tony_core::plan::Level;
///
/// assert_eq!(Level::Subtask.prefix(), "ST");
/// assert_eq!(Level::Subtask.depth(), 5);
/// assert_eq!(Level::Subtask.below(), Some(Level::Atomic));
/// assert!(Level::Epic < Level::Atomic);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// An objective of 2 to 8 weeks.
    Epic,
    /// A deployable part of an epic, 3 to 10 working days.
    Feature,
    /// What one user can do afterwards, 1 to 3 working days.
    Story,
    /// An integrated piece of work, 2 to 8 hours.
    Task,
    /// A reviewed piece of work, 30 to 120 minutes.
    Subtask,
    /// A step of at most 30 minutes.
    Atomic,
}

impl Level {
    /// Every level, from the top.
    pub const ALL: [Self; 6] =
        [Self::Epic, Self::Feature, Self::Story, Self::Task, Self::Subtask, Self::Atomic];

    /// What its ids begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Epic => "E",
            Self::Feature => "F",
            Self::Story => "S",
            Self::Task => "T",
            Self::Subtask => "ST",
            Self::Atomic => "A",
        }
    }

    /// Number groups in its ids: 1 for an epic, 6 for an atomic step.
    pub const fn depth(self) -> usize {
        self as usize + 1
    }

    /// The level of its parents; none for an epic.
    pub fn above(self) -> Option<Self> {
        Self::ALL.get((self as usize).checked_sub(1)?).copied()
    }

    /// The level of its children; none for an atomic step.
    pub fn below(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }
}

/// The name in lower case, as in JSON.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Epic => "epic",
            Self::Feature => "feature",
            Self::Story => "story",
            Self::Task => "task",
            Self::Subtask => "subtask",
            Self::Atomic => "atomic",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lie_one_below_the_other() {
        assert_eq!(Level::Epic.above(), None);
        assert_eq!(Level::Atomic.below(), None);
        for pair in Level::ALL.windows(2) {
            assert_eq!((pair[0].below(), pair[1].above()), (Some(pair[1]), Some(pair[0])));
            assert_eq!(pair[0].depth() + 1, pair[1].depth());
        }
    }

    #[test]
    fn a_level_is_shown_as_it_is_serialised() {
        for level in Level::ALL {
            assert_eq!(serde_json::to_value(level).unwrap(), level.to_string());
        }
    }
}
