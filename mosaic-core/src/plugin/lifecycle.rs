//! The life of a plugin instance, as a pure transition function.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of an instance.
///
/// ```
/// use mosaic_core::plugin::{Lifecycle, LifecycleEvent};
///
/// let state = Lifecycle::Discovered.next(LifecycleEvent::Validated)?;
/// assert_eq!(state, Lifecycle::Validated);
/// assert!(state.next(LifecycleEvent::HealthPassed).is_err());
/// # Ok::<(), mosaic_core::plugin::IllegalTransition>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Known by name.
    Discovered,
    /// Its declaration and configuration are sound.
    Validated,
    /// An instance exists.
    Loaded,
    /// `initialize` succeeded.
    Initialized,
    /// `start` succeeded.
    Started,
    /// Healthy: it answers calls.
    Running,
    /// A new instance is being made beside it; it still answers calls.
    Updating,
    /// Something went wrong.
    Failed,
    /// Calls in flight are finishing.
    Stopping,
    /// `stop` returned.
    Stopped,
    /// `dispose` returned; the end.
    Disposed,
}

/// What happens to an instance.
///
/// ```
/// use mosaic_core::plugin::LifecycleEvent;
///
/// assert_eq!(LifecycleEvent::ALL.len(), 14);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleEvent {
    /// Declaration and configuration were found sound.
    Validated,
    /// The instance was made.
    Loaded,
    /// `initialize` succeeded.
    Initialized,
    /// `start` succeeded.
    Started,
    /// The first health check passed.
    HealthPassed,
    /// A step failed, or an instance at work did, or the restart of a failed one.
    Failed,
    /// A failed instance was restarted and works again.
    Recovered,
    /// A failed instance is given up.
    GivenUp,
    /// A new instance is to take its place.
    UpdateBegun,
    /// The new instance took its place, or the old one stays.
    UpdateEnded,
    /// The update broke the instance.
    UpdateFailed,
    /// It is to stop.
    StopRequested,
    /// `stop` returned.
    Stopped,
    /// `dispose` returned.
    Disposed,
}

impl LifecycleEvent {
    /// Every event.
    pub const ALL: [Self; 14] = [
        Self::Validated,
        Self::Loaded,
        Self::Initialized,
        Self::Started,
        Self::HealthPassed,
        Self::Failed,
        Self::Recovered,
        Self::GivenUp,
        Self::UpdateBegun,
        Self::UpdateEnded,
        Self::UpdateFailed,
        Self::StopRequested,
        Self::Stopped,
        Self::Disposed,
    ];
}

/// An event that the state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a plugin that is {from:?} cannot take {event:?}")]
pub struct IllegalTransition {
    /// The state it was in.
    pub from: Lifecycle,
    /// What happened.
    pub event: LifecycleEvent,
}

impl Lifecycle {
    /// Every state.
    pub const ALL: [Self; 11] = [
        Self::Discovered,
        Self::Validated,
        Self::Loaded,
        Self::Initialized,
        Self::Started,
        Self::Running,
        Self::Updating,
        Self::Failed,
        Self::Stopping,
        Self::Stopped,
        Self::Disposed,
    ];

    /// The state after an event.
    ///
    /// # Errors
    /// [`IllegalTransition`] where the event cannot happen in this state.
    pub const fn next(self, event: LifecycleEvent) -> Result<Self, IllegalTransition> {
        use LifecycleEvent as E;
        Ok(match (self, event) {
            (Self::Discovered, E::Validated) => Self::Validated,
            (Self::Validated, E::Loaded) => Self::Loaded,
            (Self::Loaded, E::Initialized) => Self::Initialized,
            (Self::Initialized, E::Started) => Self::Started,
            (Self::Started, E::HealthPassed) => Self::Running,
            (Self::Running, E::UpdateBegun) => Self::Updating,
            (Self::Updating, E::UpdateEnded) => Self::Running,
            (Self::Updating, E::UpdateFailed) => Self::Failed,
            (Self::Failed, E::Recovered) => Self::Running,
            (Self::Failed, E::GivenUp) => Self::Stopping,
            // A stop may come at any time in which there is something to stop.
            (
                Self::Loaded | Self::Initialized | Self::Started | Self::Running | Self::Updating,
                E::StopRequested,
            ) => Self::Stopping,
            (Self::Stopping, E::Stopped) => Self::Stopped,
            (Self::Stopped, E::Disposed) => Self::Disposed,
            // Every step of the start can fail, and so can an instance at work and the restart of a failed one.
            (
                Self::Discovered
                | Self::Validated
                | Self::Loaded
                | Self::Initialized
                | Self::Started
                | Self::Running
                | Self::Failed,
                E::Failed,
            ) => Self::Failed,
            (from, event) => return Err(IllegalTransition { from, event }),
        })
    }

    /// Whether calls are answered in this state.
    pub const fn answers(self) -> bool {
        matches!(self, Self::Running | Self::Updating)
    }
}

impl fmt::Display for Lifecycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovered => "discovered",
            Self::Validated => "validated",
            Self::Loaded => "loaded",
            Self::Initialized => "initialized",
            Self::Started => "started",
            Self::Running => "running",
            Self::Updating => "updating",
            Self::Failed => "failed",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Disposed => "disposed",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn failed_is_reachable_from_every_step_of_the_start() {
        use Lifecycle as L;
        for state in [L::Discovered, L::Validated, L::Loaded, L::Initialized, L::Started, L::Running] {
            assert_eq!(state.next(LifecycleEvent::Failed), Ok(L::Failed), "{state}");
        }
    }

    #[test]
    fn the_way_up_and_down() {
        use LifecycleEvent as E;
        let walk = [
            E::Validated,
            E::Loaded,
            E::Initialized,
            E::Started,
            E::HealthPassed,
            E::StopRequested,
            E::Stopped,
        ];
        let end = walk.iter().try_fold(Lifecycle::Discovered, |state, event| state.next(*event)).unwrap();
        assert_eq!(end.next(E::Disposed), Ok(Lifecycle::Disposed));
    }

    #[test]
    fn every_state_is_reachable_and_leads_to_the_end() {
        let reach = |start: Lifecycle| {
            let (mut seen, mut todo) = (HashSet::from([start]), vec![start]);
            while let Some(state) = todo.pop() {
                for next in LifecycleEvent::ALL.iter().filter_map(|event| state.next(*event).ok()) {
                    if seen.insert(next) {
                        todo.push(next);
                    }
                }
            }
            seen
        };
        assert_eq!(reach(Lifecycle::Discovered).len(), Lifecycle::ALL.len());
        for state in Lifecycle::ALL {
            assert!(reach(state).contains(&Lifecycle::Disposed), "{state}");
        }
        assert!(LifecycleEvent::ALL.iter().all(|event| Lifecycle::Disposed.next(*event).is_err()));
    }

    #[test]
    fn only_running_instances_answer() {
        let answering: Vec<_> = Lifecycle::ALL.into_iter().filter(|state| state.answers()).collect();
        assert_eq!(answering, [Lifecycle::Running, Lifecycle::Updating]);
    }
}
