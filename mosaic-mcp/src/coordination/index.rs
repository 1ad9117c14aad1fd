//! Keys of what is due at a time, of agents and of tasks together.

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::TenantId;

use super::tasks::TaskId;
use super::{AgentId, ProjectId};
use crate::state::{Key, KeyRange, ordered};

/// The first part of the keys.
const ROOM: &str = "due";

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Due {
    /// An agent: its lease may have ended.
    Agent(AgentId),
    /// A task: its time, its deadline, its lease, or the end of what is kept of it.
    Task(TaskId),
    /// A task that ended: some that depend on it are not yet told.
    Release(TaskId),
}

/// The key of something that is due at a time, in microseconds.
pub(crate) fn due(at: u64, tenant: &TenantId, what: &Due) -> Result<Key> {
    let (at, tenant) = (ordered(at), tenant.as_str());
    match what {
        Due::Agent(agent) => Key::of(&[ROOM, &at, tenant, "agent", agent.as_str()]),
        Due::Task(task) => {
            Key::of(&[ROOM, &at, tenant, "task", task.project().as_str(), &ordered(task.number())])
        }
        Due::Release(task) => {
            Key::of(&[ROOM, &at, tenant, "release", task.project().as_str(), &ordered(task.number())])
        }
    }
}

/// Everything that is due at a time or before.
pub(crate) fn due_until(at: u64) -> Result<KeyRange> {
    Ok(KeyRange::below(&[ROOM])?.before(Key::of(&[ROOM, &ordered(at.saturating_add(1))])?.as_str()))
}

/// Everything that is due some time.
pub(crate) fn due_ever() -> Result<KeyRange> {
    KeyRange::below(&[ROOM])
}

/// When something is due, in microseconds; for whom; and what it is.
pub(crate) fn read_due(key: &Key) -> Result<(u64, TenantId, Due)> {
    let parts: Vec<String> = key.parts().collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let read = match parts[..] {
        [_, at, tenant, "agent", name] => (at, tenant, AgentId::new(name).ok().map(Due::Agent)),
        [_, at, tenant, kind, project, number] => {
            let task = task_of(project, number);
            (at, tenant, if kind == "task" { task.map(Due::Task) } else { task.map(Due::Release) })
        }
        _ => ("", "", None),
    };
    let (at, tenant, what) = read;
    match (u64::from_str_radix(at, 16), TenantId::new(tenant), what) {
        (Ok(at), Ok(tenant), Some(what)) => Ok((at, tenant, what)),
        _ => Err(unreadable(key)),
    }
}

/// A task from the last two parts of a key.
pub(crate) fn task_of(project: &str, number: &str) -> Option<TaskId> {
    let number = u64::from_str_radix(number, 16).ok()?;
    Some(TaskId::from_parts(ProjectId::new(project).ok()?, number))
}

/// The task whose project and number are the last parts of a key.
pub(crate) fn task_at_end(key: &Key) -> Result<TaskId> {
    let mut parts = key.parts().collect::<Vec<_>>().into_iter().rev();
    let (number, project) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    task_of(&project, &number).ok_or_else(|| unreadable(key))
}

pub(crate) fn unreadable(key: &Key) -> Error {
    Error::new(ErrorKind::Internal, format!("{key} is no key that coordination writes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_is_read_as_it_was_written() {
        let tenant = TenantId::new("acme").unwrap();
        let task: TaskId = "widget-1a".parse().unwrap();
        for what in [Due::Agent(AgentId::new("ann").unwrap()), Due::Task(task.clone()), Due::Release(task)] {
            let key = due(77, &tenant, &what).unwrap();
            assert_eq!(read_due(&key).unwrap(), (77, tenant.clone(), what));
            assert!(due_until(77).unwrap().contains(&key));
            assert!(!due_until(76).unwrap().contains(&key));
            assert!(due_ever().unwrap().contains(&key));
        }
        assert!(read_due(&Key::of(&["due", "x"]).unwrap()).is_err());
    }
}
