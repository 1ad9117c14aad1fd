//! The life of an agent, as a pure transition function.

use std::fmt;

use mosaic_core::error::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of an agent.
///
/// ```
/// use mosaic_mcp::coordination::agents::{AgentEvent, AgentState};
///
/// assert_eq!(AgentState::Idle.next(AgentEvent::Claimed)?, AgentState::Busy);
/// assert!(AgentState::Lost.next(AgentEvent::Claimed).is_err());
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// It is there and works on nothing.
    Idle,
    /// It works on at least one task.
    Busy,
    /// It finishes what it has and gets nothing new.
    Draining,
    /// Its lease ended: it was not heard of for too long. It comes back by registering again.
    Lost,
    /// It left.
    Gone,
}

/// What happens to an agent.
///
/// ```
/// use mosaic_mcp::coordination::agents::AgentEvent;
///
/// assert_eq!(AgentEvent::ALL.len(), 7);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentEvent {
    /// It registered, for the first time or again.
    Registered,
    /// It was given a task.
    Claimed,
    /// The last of its tasks ended.
    Freed,
    /// It is to finish what it has and to get nothing new.
    Drained,
    /// It may get tasks again.
    Resumed,
    /// It was not heard of within its lease.
    LeaseEnded,
    /// It left.
    Deregistered,
}

impl AgentEvent {
    /// Every event.
    pub const ALL: [Self; 7] = [
        Self::Registered,
        Self::Claimed,
        Self::Freed,
        Self::Drained,
        Self::Resumed,
        Self::LeaseEnded,
        Self::Deregistered,
    ];
}

impl AgentState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Idle, Self::Busy, Self::Draining, Self::Lost, Self::Gone];

    /// The state after an event.
    ///
    /// # Errors
    /// `Conflict` where the event cannot happen in this state.
    pub fn next(self, event: AgentEvent) -> Result<Self, Error> {
        use AgentEvent as E;
        Ok(match (self, event) {
            (_, E::Registered) => Self::Idle,
            (Self::Idle | Self::Busy, E::Claimed) => Self::Busy,
            (Self::Idle | Self::Busy, E::Freed) => Self::Idle,
            (Self::Draining, E::Freed) => Self::Draining,
            (Self::Idle | Self::Busy | Self::Draining, E::Drained) => Self::Draining,
            (Self::Draining, E::Resumed) => Self::Idle,
            (Self::Idle | Self::Busy, E::Resumed) => self,
            (Self::Idle | Self::Busy | Self::Draining, E::LeaseEnded) => Self::Lost,
            (Self::Idle | Self::Busy | Self::Draining | Self::Lost, E::Deregistered) => Self::Gone,
            (from, event) => {
                let message = format!("an agent that is {from} cannot take {event:?}");
                return Err(Error::new(ErrorKind::Conflict, message).refused());
            }
        })
    }

    /// Whether it holds a lease: it is heard, and its tasks are its own.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Idle | Self::Busy | Self::Draining)
    }

    /// Whether it may be given tasks.
    pub const fn takes_tasks(self) -> bool {
        matches!(self, Self::Idle | Self::Busy)
    }
}

impl fmt::Display for AgentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Busy => "busy",
            Self::Draining => "draining",
            Self::Lost => "lost",
            Self::Gone => "gone",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn only_a_live_agent_takes_tasks(
            events in prop::collection::vec(prop::sample::select(&AgentEvent::ALL[..]), 0..40)
        ) {
            let mut state = AgentState::Idle;
            for event in events {
                let next = state.next(event);
                if event == AgentEvent::Claimed {
                    prop_assert_eq!(next.is_ok(), state.takes_tasks());
                }
                if event == AgentEvent::Registered {
                    prop_assert_eq!(next.as_ref().ok(), Some(&AgentState::Idle));
                }
                if matches!(state, AgentState::Lost | AgentState::Gone) {
                    // Only a new registration makes it live again.
                    let lives = next.as_ref().is_ok_and(|next| next.is_live());
                    prop_assert_eq!(lives, event == AgentEvent::Registered);
                }
                state = next.unwrap_or(state);
            }
        }
    }

    #[test]
    fn every_state_can_leave() {
        for state in AgentState::ALL {
            let left = state.next(AgentEvent::Deregistered);
            assert_eq!(left.is_ok(), state != AgentState::Gone, "{state}");
        }
        let error = AgentState::Gone.next(AgentEvent::Claimed).unwrap_err();
        assert_eq!(error.message(), "an agent that is gone cannot take Claimed");
    }
}
