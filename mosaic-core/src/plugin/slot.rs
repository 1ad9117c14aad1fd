//! The life of a slot, as a pure transition function. A slot is the place of a provider: instances come and go in it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a slot. Which instance answers, and where each is in its life, is another matter: see
/// [`Lifecycle`](super::Lifecycle).
///
/// ```
/// use mosaic_core::plugin::{SlotEvent, SlotState};
///
/// let updating = SlotState::Running.next(SlotEvent::UpdateBegun)?;
/// assert_eq!(updating.next(SlotEvent::UpdateFailed)?, SlotState::Running, "the old instance stays");
/// assert!(updating.answers());
/// # Ok::<(), mosaic_core::plugin::IllegalSlotEvent>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// No instance answers, and none is on its way: before the first, and after the last was given up.
    Empty,
    /// No instance answers, and one is on its way.
    Starting,
    /// An instance answers.
    Running,
    /// An instance answers, and another is on its way that is to take its place.
    Updating,
    /// The instance failed and is to be restarted.
    Failed,
    /// The provider was removed; the end.
    Removed,
}

/// What happens to a slot.
///
/// ```
/// use mosaic_core::plugin::SlotEvent;
///
/// assert_eq!(SlotEvent::ALL.len(), 6);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlotEvent {
    /// An instance is on its way: a new one, or the failed one once more.
    UpdateBegun,
    /// The instance that was on its way answers now.
    Filled,
    /// The instance that was on its way failed.
    UpdateFailed,
    /// The instance that answered failed.
    InstanceFailed,
    /// The failed instance is not restarted any more.
    GivenUp,
    /// The provider is removed.
    Removed,
}

impl SlotEvent {
    /// Every event.
    pub const ALL: [Self; 6] = [
        Self::UpdateBegun,
        Self::Filled,
        Self::UpdateFailed,
        Self::InstanceFailed,
        Self::GivenUp,
        Self::Removed,
    ];
}

/// An event that the state of a slot does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slot that is {from:?} cannot take {event:?}")]
pub struct IllegalSlotEvent {
    /// The state it was in.
    pub from: SlotState,
    /// What happened.
    pub event: SlotEvent,
}

impl SlotState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Empty, Self::Starting, Self::Running, Self::Updating, Self::Failed, Self::Removed];

    /// The state after an event.
    ///
    /// # Errors
    /// [`IllegalSlotEvent`] where the event cannot happen in this state.
    pub const fn next(self, event: SlotEvent) -> Result<Self, IllegalSlotEvent> {
        use SlotEvent as E;
        Ok(match (self, event) {
            (Self::Empty | Self::Failed, E::UpdateBegun) => Self::Starting,
            (Self::Running, E::UpdateBegun) => Self::Updating,
            (Self::Starting | Self::Updating, E::Filled) => Self::Running,
            (Self::Starting, E::UpdateFailed) => Self::Failed,
            // A failed update fails the new instance; the old one answers as before.
            (Self::Updating, E::UpdateFailed) => Self::Running,
            (Self::Running, E::InstanceFailed) => Self::Failed,
            (Self::Failed, E::GivenUp) => Self::Empty,
            // A shutdown may come at any time.
            (Self::Empty | Self::Starting | Self::Running | Self::Updating | Self::Failed, E::Removed) => {
                Self::Removed
            }
            (from, event) => return Err(IllegalSlotEvent { from, event }),
        })
    }

    /// Whether calls are answered in this state.
    pub const fn answers(self) -> bool {
        matches!(self, Self::Running | Self::Updating)
    }
}

impl fmt::Display for SlotState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Updating => "updating",
            Self::Failed => "failed",
            Self::Removed => "removed",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_state_is_reachable_and_removed_is_the_end() {
        let (mut seen, mut todo) = (HashSet::from([SlotState::Empty]), vec![SlotState::Empty]);
        while let Some(state) = todo.pop() {
            for next in SlotEvent::ALL.iter().filter_map(|event| state.next(*event).ok()) {
                if seen.insert(next) {
                    todo.push(next);
                }
            }
        }
        assert_eq!(seen.len(), SlotState::ALL.len());
        assert!(SlotEvent::ALL.iter().all(|event| SlotState::Removed.next(*event).is_err()));
    }

    #[test]
    fn nothing_but_the_failure_of_its_instance_makes_a_running_slot_fail() {
        for state in SlotState::ALL.into_iter().filter(|state| state.answers()) {
            for event in SlotEvent::ALL {
                let failed = state.next(event) == Ok(SlotState::Failed);
                assert_eq!(failed, state == SlotState::Running && event == SlotEvent::InstanceFailed);
            }
        }
    }
}
