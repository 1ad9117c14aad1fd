//! What is stored of a task.

use mosaic_core::context::Principal;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Rule, Task, TaskEvent, TaskId, TaskState, queue};
use crate::coordination::names::micros;
use crate::coordination::{AgentId, index};
use crate::state::{Key, ordered};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskRecord {
    pub(crate) id: TaskId,
    pub(crate) title: String,
    pub(crate) state: TaskState,
    pub(crate) priority: i8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) requires: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) after: Vec<TaskId>,
    #[serde(default)]
    pub(crate) rule: Rule,
    /// How many of the tasks that it waits for have not ended, as far as it was told; none, once it may begin. A task that died while it
    /// waited is told on, for the day on which it is replayed.
    #[serde(default)]
    pub(crate) open: u32,
    /// Why what it waited for can no longer come, where that was found after it had died.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lost: Option<String>,
    /// Whether others wait for it, so that they are told when it ends.
    #[serde(default)]
    pub(crate) awaited: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) retry: Retrying,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attempt_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) once: Option<String>,
    /// Whether it was given no input, so that a claim asks only for those that are there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) bare: bool,
    #[serde(default)]
    pub(crate) attempt: u32,
    /// The queue in which it waits while it is ready: one for each set of requirements. It has one until it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) queue: Option<u64>,
    /// When it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease: Option<Lease>,
    /// How it ends once the agent reports, where it is to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) doom: Option<Doom>,
    /// The last report that was taken: the same report again gives the same answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reported: Option<Reported>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// The lines of the log that are kept: from the first, to the last without it.
    #[serde(default)]
    pub(crate) log: (u64, u64),
    pub(crate) created_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Timestamp>,
    /// When everything of it is removed, once it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) purge_at: Option<Timestamp>,
}

/// How a task that is to stop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Doom {
    Cancelled,
    GaveUp,
}

impl From<Doom> for TaskEvent {
    fn from(name: Doom) -> Self {
        match name {
            Doom::Cancelled => Self::Cancelled,
            Doom::GaveUp => Self::GaveUp,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Retrying {
    pub(crate) attempts: u32,
    pub(crate) first_seconds: u64,
    pub(crate) most_seconds: u64,
}

/// Who holds a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) agent: AgentId,
    /// Who claimed it: nobody else reports on it.
    pub(crate) by: String,
    pub(crate) token: u64,
    /// When it is lost without a report of progress, and for how long a report renews it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<(Timestamp, u64)>,
    /// When the attempt has taken too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) over_at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reported {
    pub(crate) token: u64,
    pub(crate) digest: String,
}

impl Retrying {
    /// How long is waited after an attempt, in milliseconds: between half of the step and all of it, by the seed.
    pub(crate) fn wait_millis(&self, attempt: u32, seed: u64) -> u64 {
        let doublings = attempt.saturating_sub(1).min(40);
        let step =
            self.first_seconds.saturating_mul(1 << doublings).min(self.most_seconds).saturating_mul(1_000);
        let half = step / 2;
        half + spread(seed.wrapping_add(u64::from(attempt))) % (step - half + 1)
    }
}

/// A number that looks like chance, from a seed (the finaliser of splitmix64).
fn spread(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A key of something of a task: of its record, its input, its result.
pub(crate) fn key(room: &str, tenant: &TenantId, id: &TaskId) -> Result<Key> {
    Key::of(&[room, tenant.as_str(), id.project().as_str(), &ordered(id.number())])
}

/// The key of a line of the log of a task.
pub(crate) fn log_key(tenant: &TenantId, id: &TaskId, number: u64) -> Result<Key> {
    Key::of(&["task-log", tenant.as_str(), id.project().as_str(), &ordered(id.number()), &ordered(number)])
}

/// The key that says that a task waits for another.
pub(crate) fn edge_key(tenant: &TenantId, from: &TaskId, to: &TaskId) -> Result<Key> {
    let (from_number, to_number) = (ordered(from.number()), ordered(to.number()));
    let (from, to) = (from.project().as_str(), to.project().as_str());
    Key::of(&["task-edge", tenant.as_str(), from, &from_number, to, &to_number])
}

/// The key of what was submitted under an idempotency key.
pub(crate) fn once_key(tenant: &TenantId, project: &str, once: &str) -> Result<Key> {
    Key::of(&["task-once", tenant.as_str(), project, once])
}

/// The key under which a ready task waits.
pub(crate) fn ready_key(tenant: &TenantId, queue: u64, id: &TaskId, priority: i8) -> Result<Key> {
    let range = queue::ready_range(tenant, queue, id.project())?;
    Key::new(format!("{}{}", range.from, queue::ready_place(id, priority)))
}

impl TaskRecord {
    /// The keys that lead to it: derived from what it is, so that they are always those.
    pub(crate) fn index(&self, tenant: &TenantId) -> Result<Vec<Key>> {
        // Those that are held are found by who holds them, and those that are ready in their queues.
        let mut keys = Vec::new();
        let ready = self.queue.filter(|_| self.state == TaskState::Ready);
        if let Some(queue) = ready {
            keys.push(ready_key(tenant, queue, &self.id, self.priority)?);
        } else if !self.state.is_held() {
            let (project, number) = (self.id.project().as_str(), ordered(self.id.number()));
            keys.push(Key::of(&["task-state", tenant.as_str(), self.state.as_str(), project, &number])?);
        }
        if let Some(at) = self.next_look() {
            keys.push(index::due(micros(at), tenant, &index::Due::Task(self.id.clone()))?);
        }
        Ok(keys)
    }

    /// When time does something to it, where it does.
    fn next_look(&self) -> Option<Timestamp> {
        if self.state.is_ended() {
            return self.purge_at;
        }
        let own = match self.state {
            TaskState::Scheduled => self.due_at,
            TaskState::Running | TaskState::Stopping => self.lease.as_ref().and_then(Lease::ends),
            _ => None,
        };
        // The deadline of a task that is to stop has nothing to add.
        let deadline = self.deadline.filter(|_| self.state != TaskState::Stopping);
        own.into_iter().chain(deadline).min()
    }

    pub(crate) fn take(&mut self, event: TaskEvent, now: Timestamp) -> Result<()> {
        self.state = self.state.next(event)?;
        self.changed_at = now;
        Ok(())
    }

    /// Makes it ready, or scheduled for when its time comes.
    pub(crate) fn schedule(&mut self, at: Option<Timestamp>, now: Timestamp) -> Result<()> {
        let at = at.into_iter().chain(self.not_before).max().filter(|at| now < *at);
        self.due_at = at;
        if at.is_none() {
            self.take(TaskEvent::Due, now)?;
        }
        Ok(())
    }

    /// Whether the deadline is over.
    pub(crate) fn is_late(&self, now: Timestamp) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    /// Checks that a report comes from who holds it: under its token, and from who claimed it or the application itself.
    pub(crate) fn check(&self, token: u64, caller: &Principal) -> Result<&Lease> {
        match &self.lease {
            Some(lease) if lease.token == token => {
                if caller.is_application() || lease.by == caller.to_string() {
                    return Ok(lease);
                }
                let message =
                    format!("task {} was claimed by another caller: claim one of your own", self.id);
                Err(Error::new(ErrorKind::PermissionDenied, message).refused())
            }
            _ => Err(Error::new(ErrorKind::Conflict, self.stale(token)).refused()),
        }
    }

    /// Whether it is held under a token.
    pub(crate) fn holds(&self, token: u64) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.token == token)
    }

    fn stale(&self, token: u64) -> String {
        let id = &self.id;
        match &self.lease {
            Some(lease) => format!(
                "token {token} of task {id} is over: agent {} holds it under a later one; drop the work",
                lease.agent
            ),
            None => format!("token {token} of task {id} is over: the task is {}; drop the work", self.state),
        }
    }

    pub(crate) fn view(&self) -> Task {
        Task {
            task: self.id.clone(),
            project: self.id.project().clone(),
            title: self.title.clone(),
            state: self.state,
            created_at: self.created_at,
            changed_at: self.changed_at,
            not_before: self.not_before,
            deadline: self.deadline,
            due_at: self.due_at,
            agent: self.lease.as_ref().map(|lease| lease.agent.clone()),
            percent: self.percent,
            note: self.note.clone(),
            error: self.error.clone(),
            ended_at: self.ended_at,
            requires: self.requires.clone(),
            priority: self.priority.into(),
            after: self.after.clone(),
            rule: self.rule,
            attempt: self.attempt,
            attempts: self.retry.attempts,
        }
    }
}

impl Lease {
    /// When it ends by itself, where it does.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        self.until.map(|(until, _)| until).into_iter().chain(self.over_at).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn waits_double_up_to_the_cap(
            first in 0_u64..100, most in 0_u64..1_000, attempt in 1_u32..200, seed in any::<u64>()
        ) {
            let retry = Retrying { attempts: 9, first_seconds: first, most_seconds: most };
            let wait = retry.wait_millis(attempt, seed);
            let step = (u128::from(first) << (attempt - 1).min(40)).min(u128::from(most)) * 1_000;
            prop_assert!(u128::from(wait) <= step && u128::from(wait) >= step / 2, "{wait} of {step}");
            prop_assert_eq!(wait, retry.wait_millis(attempt, seed));
        }

        #[test]
        fn ready_tasks_sort_by_priority_and_age(a in (-100_i8..=100, any::<u64>()), b in (-100_i8..=100, any::<u64>())) {
            let tenant = TenantId::default_tenant();
            let key = |(priority, number): (i8, u64)| {
                let id = TaskId::from_parts(crate::coordination::ProjectId::new("p").unwrap(), number);
                ready_key(&tenant, 1, &id, priority).unwrap()
            };
            let rank = |(priority, number): (i8, u64)| (std::cmp::Reverse(priority), number);
            prop_assert_eq!(key(a).cmp(&key(b)), rank(a).cmp(&rank(b)));
        }
    }
}
