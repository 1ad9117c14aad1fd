//! Who is next: the queues of ready tasks, one for each set of requirements and project, and their turns.
//!
//! Turns are start-time fair queueing. Each queue has a tag, which moves on by a step over the weight of its project with
//! each task that is taken from it; the lowest tag is next. A queue that was empty begins where its set stands, so that waiting
//! without tasks earns nothing. Tags of one set are compared as they are; those of different sets after adding what the set
//! is behind, so that a set that agents could not serve for a while has a head start of a few turns and no more.

use std::collections::BTreeMap;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;
use serde::{Deserialize, Serialize};

use super::TaskId;
use crate::coordination::{ProjectId, index};
use crate::state::{Key, KeyRange, ordered};

/// How far a tag moves with one task of a project of weight 1.
const STEP: u64 = 1 << 20;
/// How many steps a set of requirements may be behind the others.
const BEHIND: u64 = 16;
/// The most sets of requirements with tasks that have not ended.
const SETS: usize = 1_024;
/// How much text these sets have together at most: they are one value.
const SETS_BYTES: usize = 256 << 10;

/// The sets of requirements of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sets {
    next: u64,
    /// The greatest tag, made comparable, from which a task was taken.
    clock: u64,
    pub(crate) sets: BTreeMap<u64, Set>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Set {
    pub(crate) requires: Vec<String>,
    /// How many tasks have not ended. While there are any, the set has its place, so that one of them can always become ready.
    pub(crate) tasks: u64,
    pub(crate) ready: u64,
    /// The greatest tag of its queues from which a task was taken.
    served: u64,
    /// What makes its tags comparable with those of other sets.
    offset: u64,
}

/// A queue: the ready tasks of a project that require the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) ready: u64,
    pub(crate) tag: u64,
    /// No task of it stands before this place. A database that has not tidied up yet would go through all that were taken since to
    /// find the first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) first: String,
}

/// What is stored of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Weight {
    pub(crate) weight: u32,
}

pub(crate) fn sets_key(tenant: &TenantId) -> Result<Key> {
    Key::of(&["task-sets", tenant.as_str()])
}

pub(crate) fn weight_key(tenant: &TenantId, project: &ProjectId) -> Result<Key> {
    Key::of(&["task-project", tenant.as_str(), project.as_str()])
}

pub(crate) fn queue_key(tenant: &TenantId, set: u64, project: &ProjectId) -> Result<Key> {
    Key::of(&["task-queue", tenant.as_str(), &format!("{set:x}"), project.as_str()])
}

/// The place of a ready task in its queue: the greater its priority and the older it is, the earlier.
pub(crate) fn ready_place(id: &TaskId, priority: i8) -> String {
    format!("{:02x}/{}", 100_i16 - i16::from(priority), ordered(id.number()))
}

/// The place that a key in [`ready_range`] names.
pub(crate) fn place_in_queue(key: &Key) -> &str {
    let mut slashes = key.as_str().rmatch_indices('/').map(|(at, _)| at + 1);
    slashes.nth(1).and_then(|at| key.as_str().get(at..)).unwrap_or_default()
}

/// The ready tasks of a queue from a place on, the first first.
pub(crate) fn ready_from(tenant: &TenantId, set: u64, project: &ProjectId, place: &str) -> Result<KeyRange> {
    let range = ready_range(tenant, set, project)?;
    let from = format!("{}{place}", range.from);
    Ok(KeyRange { from: from.into(), ..range })
}

/// The ready tasks of a queue, the first first.
pub(crate) fn ready_range(tenant: &TenantId, set: u64, project: &ProjectId) -> Result<KeyRange> {
    KeyRange::below(&["task-ready", tenant.as_str(), &format!("{set:x}"), project.as_str()])
}

/// The ready tasks of all queues.
pub(crate) fn all_ready(tenant: &TenantId) -> Result<KeyRange> {
    KeyRange::below(&["task-ready", tenant.as_str()])
}

/// The task of a key in [`all_ready`].
pub(crate) fn task_in_queue(key: &Key) -> Result<TaskId> {
    let parts: Vec<String> = key.parts().collect();
    let task = match &parts[..] {
        [.., project, _, number] => index::task_of(project, number),
        _ => None,
    };
    task.ok_or_else(|| index::unreadable(key))
}

/// The key of a queue among those of its set, in the order of turns.
pub(crate) fn turn_key(tenant: &TenantId, set: u64, tag: u64, project: &ProjectId) -> Result<Key> {
    Key::of(&["task-turn", tenant.as_str(), &format!("{set:x}"), &ordered(tag), project.as_str()])
}

/// The queues of a set that are not empty, in the order of their turns.
pub(crate) fn turns(tenant: &TenantId, set: u64) -> Result<KeyRange> {
    KeyRange::below(&["task-turn", tenant.as_str(), &format!("{set:x}")])
}

impl Sets {
    /// A task comes: gives the number of its set of requirements, a new one where it is not known.
    pub(crate) fn enter(&mut self, requires: &[String]) -> Result<u64> {
        let known = self.sets.iter_mut().find(|(_, set)| set.requires == requires);
        if let Some((number, set)) = known {
            set.tasks += 1;
            return Ok(*number);
        }
        if self.is_full(requires) {
            self.sets.retain(|_, set| set.tasks > 0);
        }
        if self.is_full(requires) {
            let message = format!(
                "tasks with {} different sets of requirements are not ended: at most {SETS} are allowed, of {SETS_BYTES} bytes; \
                 use fewer kinds of capability",
                self.sets.len()
            );
            return Err(Error::new(ErrorKind::QuotaExceeded, message).refused());
        }
        let number = self.next;
        self.next += 1;
        let set = Set { requires: requires.to_vec(), tasks: 1, ready: 0, served: 0, offset: self.clock };
        self.sets.insert(number, set);
        Ok(number)
    }

    /// Whether there is no place for one more set.
    fn is_full(&self, requires: &[String]) -> bool {
        let bytes = |requires: &[String]| requires.iter().map(String::len).sum::<usize>();
        let there: usize = self.sets.values().map(|set| bytes(&set.requires)).sum();
        self.sets.len() >= SETS || there + bytes(requires) > SETS_BYTES
    }

    /// A task has ended.
    pub(crate) fn leave(&mut self, number: u64) {
        if let Some(set) = self.sets.get_mut(&number) {
            set.tasks = set.tasks.saturating_sub(1);
        }
    }

    /// A task became ready, at a place of its queue.
    pub(crate) fn push(&mut self, number: u64, queue: &mut Queue, place: String) {
        let clock = self.clock;
        if let Some(set) = self.sets.get_mut(&number) {
            if set.ready == 0 {
                // Nothing of it waited: it is level with the others.
                set.offset = set.offset.max(clock.saturating_sub(set.served));
            }
            set.ready += 1;
            if queue.ready == 0 {
                queue.tag = queue.tag.max(set.served);
            }
        }
        if queue.ready == 0 || place < queue.first {
            queue.first = place;
        }
        queue.ready += 1;
    }

    /// A ready task is ready no more.
    pub(crate) fn pop(&mut self, number: u64, queue: &mut Queue) {
        if let Some(set) = self.sets.get_mut(&number) {
            set.ready = set.ready.saturating_sub(1);
        }
        queue.ready = queue.ready.saturating_sub(1);
    }

    /// The tag of a queue, comparable with those of other sets.
    pub(crate) fn rank(&self, number: u64, tag: u64) -> u64 {
        let offset = self.sets.get(&number).map_or(0, |set| set.offset);
        tag.saturating_add(offset).max(self.clock.saturating_sub(BEHIND * STEP))
    }

    /// The queue has its turn: gives its next tag.
    pub(crate) fn turn(&mut self, number: u64, tag: u64, weight: u32) -> u64 {
        let rank = self.rank(number, tag);
        if let Some(set) = self.sets.get_mut(&number) {
            set.offset = set.offset.max(rank.saturating_sub(tag));
            set.served = set.served.max(tag);
        }
        self.clock = self.clock.max(rank);
        tag.saturating_add(STEP / u64::from(weight.clamp(1, 1_000)))
    }

    /// The sets with ready tasks that fit, at most so many: those whose turn may come first. No queue of a set has its turn
    /// before the last one that it had, so a set that is left out comes forward as the others are served.
    pub(crate) fn fitting(&self, most: usize, meets: impl Fn(&[String]) -> bool) -> Vec<u64> {
        let fits = self.sets.iter().filter(|(_, set)| set.ready > 0 && meets(&set.requires));
        let mut fits: Vec<_> = fits.map(|(number, set)| (self.rank(*number, set.served), *number)).collect();
        if fits.len() > most {
            fits.select_nth_unstable(most);
            fits.truncate(most);
        }
        fits.into_iter().map(|(_, number)| number).collect()
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
