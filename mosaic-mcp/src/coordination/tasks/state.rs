//! The life of a task, as a pure transition function.

use std::fmt;

use mosaic_core::error::{Error, ErrorKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of a task.
///
/// ```
/// use mosaic_mcp::coordination::tasks::{TaskEvent, TaskState};
///
/// assert_eq!(TaskState::Ready.next(TaskEvent::Claimed)?, TaskState::Running);
/// assert!(TaskState::Completed.next(TaskEvent::Claimed).is_err());
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// It waits for other tasks.
    Blocked,
    /// It waits for its time: it is not to begin before, or is tried again later.
    Scheduled,
    /// An agent may claim it.
    Ready,
    /// An agent works on it.
    Running,
    /// It is to stop; the agent that works on it was told.
    Stopping,
    /// It is done.
    Completed,
    /// It failed for good and is kept as a dead letter, which can be replayed.
    Dead,
    /// It was cancelled.
    Cancelled,
    /// What it waited for ended in a way that leaves nothing for it to do.
    Skipped,
}

/// What happens to a task.
///
/// ```
/// use mosaic_mcp::coordination::tasks::TaskEvent;
///
/// assert_eq!(TaskEvent::ALL.len(), 10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskEvent {
    /// What it waited for is there.
    Unblocked,
    /// What it waited for can no longer come.
    Skipped,
    /// Its time has come.
    Due,
    /// An agent took it.
    Claimed,
    /// The attempt ended without a result, and there will be another.
    Returned,
    /// The agent reported that it is done.
    Completed,
    /// It failed for good: no attempts are left, trying again is of no use, or its deadline is over.
    GaveUp,
    /// It is to stop.
    StopAsked,
    /// It was cancelled, and nobody works on it any more.
    Cancelled,
    /// It is to be tried again after all.
    Replayed,
}

impl TaskEvent {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Unblocked,
        Self::Skipped,
        Self::Due,
        Self::Claimed,
        Self::Returned,
        Self::Completed,
        Self::GaveUp,
        Self::StopAsked,
        Self::Cancelled,
        Self::Replayed,
    ];
}

impl TaskState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Blocked,
        Self::Scheduled,
        Self::Ready,
        Self::Running,
        Self::Stopping,
        Self::Completed,
        Self::Dead,
        Self::Cancelled,
        Self::Skipped,
    ];

    /// The state after an event.
    ///
    /// # Errors
    /// `Conflict` where the event cannot happen in this state.
    pub fn next(self, event: TaskEvent) -> Result<Self, Error> {
        use TaskEvent as E;
        Ok(match (self, event) {
            (Self::Blocked, E::Unblocked) => Self::Scheduled,
            (Self::Blocked, E::Skipped) => Self::Skipped,
            (Self::Scheduled, E::Due) => Self::Ready,
            (Self::Ready, E::Claimed) => Self::Running,
            (Self::Running, E::Returned) => Self::Scheduled,
            (Self::Running, E::Completed) => Self::Completed,
            (Self::Running, E::StopAsked) => Self::Stopping,
            (Self::Blocked | Self::Scheduled | Self::Ready | Self::Running | Self::Stopping, E::GaveUp) => {
                Self::Dead
            }
            (Self::Blocked | Self::Scheduled | Self::Ready | Self::Stopping, E::Cancelled) => Self::Cancelled,
            (Self::Dead, E::Replayed) => Self::Blocked,
            (from, event) => {
                let message = format!("a task that is {from} cannot take {event:?}");
                return Err(Error::new(ErrorKind::Conflict, message).refused());
            }
        })
    }

    /// Whether it ended: nothing more happens to it by itself.
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Dead | Self::Cancelled | Self::Skipped)
    }

    /// Whether an agent holds it.
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Running | Self::Stopping)
    }

    /// Its name, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Completed => "completed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn reach(start: TaskState) -> HashSet<TaskState> {
        let (mut seen, mut todo) = (HashSet::from([start]), vec![start]);
        while let Some(state) = todo.pop() {
            for next in TaskEvent::ALL.iter().filter_map(|event| state.next(*event).ok()) {
                if seen.insert(next) {
                    todo.push(next);
                }
            }
        }
        seen
    }

    #[test]
    fn every_state_is_reachable_and_leads_to_an_end() {
        assert_eq!(reach(TaskState::Blocked).len(), TaskState::ALL.len());
        for state in TaskState::ALL {
            assert!(reach(state).iter().any(|state| state.is_ended()), "{state}");
        }
    }

    #[test]
    fn what_ended_stays_but_for_a_dead_letter() {
        for state in TaskState::ALL.into_iter().filter(|state| state.is_ended()) {
            let ways: Vec<_> =
                TaskEvent::ALL.into_iter().filter(|event| state.next(*event).is_ok()).collect();
            let replayed = [TaskEvent::Replayed];
            let allowed: &[_] = if state == TaskState::Dead { &replayed } else { &[] };
            assert_eq!(ways, allowed, "{state}");
        }
        let error = TaskState::Completed.next(TaskEvent::Completed).unwrap_err();
        assert_eq!(error.message(), "a task that is completed cannot take Completed");
    }

    #[test]
    fn only_ready_tasks_are_claimed_and_only_held_ones_complete() {
        for state in TaskState::ALL {
            assert_eq!(state.next(TaskEvent::Claimed).is_ok(), state == TaskState::Ready, "{state}");
            assert_eq!(state.next(TaskEvent::Completed).is_ok(), state == TaskState::Running, "{state}");
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
