//! Submitting: checks of what was asked, ids, dependencies, and what is there already under the same key.

use std::collections::HashMap;

use crate::coordination::untracked;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{self, Retrying, TaskRecord};
use super::{Retry, SubmitTask, Task, TaskEvent, TaskId, TaskState};
use crate::coordination::names::{invalid, required, text, within};
use crate::coordination::slate::{Slate, encode, read};

/// The most tasks of a batch.
pub(super) const BATCH: usize = 1_000;
/// The most tasks that one waits for.
const AFTER: usize = 64;
/// The largest input or result, in bytes of JSON.
pub(super) const BODY_BYTES: usize = 256 << 10;
/// A day, in seconds.
pub(super) const DAY: u64 = 86_400;

/// A task to be submitted, checked as far as it can be by itself.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    op: SubmitTask,
    priority: i8,
    retry: Retrying,
    input: Option<Vec<u8>>,
    digest: String,
    after: Vec<After>,
}

/// What a task waits for.
#[derive(Debug, Clone)]
enum After {
    /// One of the same batch.
    Draft(usize),
    /// One that is there.
    Task(TaskId),
}

/// What is stored under an idempotency key.
#[derive(Debug, Serialize, Deserialize)]
struct Once {
    task: TaskId,
    digest: String,
}

/// Checks a batch; `key` is the idempotency key of the call.
pub(super) fn check(ops: Vec<SubmitTask>, key: Option<&str>) -> Result<Vec<Draft>> {
    if ops.is_empty() || ops.len() > BATCH {
        return Err(invalid(format!("{} tasks: 1 to {BATCH} are submitted at once", ops.len())));
    }
    if let [first, rest @ ..] = &ops[..]
        && let Some(other) = rest.iter().find(|op| op.project != first.project)
    {
        return Err(invalid(format!(
            "a batch is of one project: this one has tasks of {} and of {}",
            first.project, other.project
        )));
    }
    let mut names = HashMap::new();
    for (at, op) in ops.iter().enumerate() {
        if let Some(name) = &op.name {
            text("name", name, 80)?;
            if names.insert(name.clone(), at).is_some() {
                return Err(invalid(format!("two tasks of the batch have the name {name:?}")));
            }
        }
    }
    let many = ops.len() > 1;
    let drafts = ops.into_iter().enumerate().map(|(at, mut op)| {
        if let (None, Some(key)) = (&op.idempotency_key, key) {
            op.idempotency_key = Some(if many { format!("{key}#{at}") } else { key.to_owned() });
        }
        draft(op, &names).map_err(|error| error.context("task", at))
    });
    let drafts = drafts.collect::<Result<Vec<Draft>>>()?;
    refuse_repeated_keys(&drafts)?;
    refuse_cycles(&drafts)?;
    Ok(drafts)
}

fn draft(mut op: SubmitTask, names: &HashMap<String, usize>) -> Result<Draft> {
    let digest = blake3::hash(&encode(&op)?).to_hex().chars().take(32).collect();
    text("title", &op.title, 1_000)?;
    if let Some(key) = &op.idempotency_key {
        text("idempotency_key", key, 200)?;
    }
    op.requires = required(std::mem::take(&mut op.requires))?;
    let priority = within("priority", Some(op.priority), 0, -100..=100)?;
    within("attempt_seconds", op.attempt_seconds, 1, 1..=30 * DAY)?;
    let retry = retrying(op.retry.as_ref())?;
    let input = op.input.take().filter(|input| !input.is_null());
    let input = input.map(|input| body("input", &input)).transpose()?;
    let mut after = Vec::with_capacity(op.after.len());
    for wanted in &op.after {
        let found = match names.get(wanted) {
            Some(at) => After::Draft(*at),
            None => After::Task(wanted.parse().map_err(|_| {
                let shown: String = wanted.chars().take(80).collect();
                invalid(format!(
                    "after has {shown:?}, which is neither a task id nor a name of the same batch"
                ))
            })?),
        };
        after.push(found);
    }
    if after.len() > AFTER {
        return Err(invalid(format!("it waits for {} tasks: {AFTER} are allowed", after.len())));
    }
    Ok(Draft { priority: i8::try_from(priority).unwrap_or(0), retry, input, digest, after, op })
}

fn retrying(given: Option<&Retry>) -> Result<Retrying> {
    let given = given.cloned().unwrap_or_else(Retry::new);
    Ok(Retrying {
        attempts: within("retry.attempts", given.attempts, 3, 1..=100)?,
        first_seconds: within("retry.first_seconds", given.first_seconds, 1, 0..=DAY)?,
        most_seconds: within("retry.most_seconds", given.most_seconds, 300, 0..=DAY)?,
    })
}

/// JSON that is small enough.
pub(super) fn body(name: &str, value: &Value) -> Result<Vec<u8>> {
    let json = encode(value)?;
    if json.len() > BODY_BYTES {
        return Err(invalid(format!(
            "{name} has {} bytes of JSON: {BODY_BYTES} are allowed; store it elsewhere and name it here",
            json.len()
        )));
    }
    Ok(json)
}

fn refuse_repeated_keys(drafts: &[Draft]) -> Result<()> {
    let mut seen = HashMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        let Some(key) = &draft.op.idempotency_key else { continue };
        if let Some(other) = seen.insert(key, at) {
            return Err(invalid(format!(
                "tasks {other} and {at} of the batch have the idempotency key {key:?}"
            )));
        }
    }
    Ok(())
}

/// Only tasks of one batch can wait for each other in a circle: one that is there never waits for one that comes.
fn refuse_cycles(drafts: &[Draft]) -> Result<()> {
    let mut waits = vec![0_usize; drafts.len()];
    let mut dependants = vec![Vec::new(); drafts.len()];
    for (at, draft) in drafts.iter().enumerate() {
        for after in &draft.after {
            if let After::Draft(on) = after {
                waits[at] += 1;
                dependants[*on].push(at);
            }
        }
    }
    let mut free: Vec<usize> = (0..drafts.len()).filter(|at| waits[*at] == 0).collect();
    let mut seen = 0;
    while let Some(at) = free.pop() {
        seen += 1;
        for dependant in &dependants[at] {
            waits[*dependant] -= 1;
            if waits[*dependant] == 0 {
                free.push(*dependant);
            }
        }
    }
    if seen == drafts.len() {
        return Ok(());
    }
    let circle = drafts.iter().zip(&waits).filter(|(_, waits)| **waits > 0);
    let names: Vec<&str> = circle.filter_map(|(draft, _)| draft.op.name.as_deref()).take(10).collect();
    Err(invalid(format!("tasks wait for each other in a circle, among them: {}", names.join(", "))))
}

/// Submits a batch that was checked.
pub(super) async fn submit(slate: &mut Slate<'_, '_>, drafts: Vec<Draft>) -> Result<Vec<Task>> {
    let there = already_there(slate, &drafts).await?;
    let first = slate.tx.revision() << 16;
    let ids: Vec<TaskId> = drafts
        .iter()
        .zip(&there)
        .zip(first..)
        .map(|((draft, there), number)| match there {
            Some(task) => task.clone(),
            None => TaskId::from_parts(draft.op.project.clone(), number),
        })
        .collect();
    let mut waits = Vec::new();
    for ((draft, there), id) in drafts.into_iter().zip(there).zip(&ids) {
        if there.is_none() {
            let after: Vec<TaskId> = draft
                .after
                .iter()
                .map(|after| match after {
                    After::Draft(at) => ids[*at].clone(),
                    After::Task(task) => task.clone(),
                })
                .collect();
            add(slate, draft, id.clone(), after.clone())?;
            waits.push((id, after));
        }
    }
    for (id, after) in waits {
        wait_for(slate, id, &after)?;
        slate.tell_task("task.submitted", id)?;
    }
    slate.settle().await?;
    ids.iter().map(|id| Ok(slate.task(id)?.view())).collect()
}

/// The tasks that were submitted under the same keys before; takes them out, and those that are waited for.
async fn already_there(slate: &mut Slate<'_, '_>, drafts: &[Draft]) -> Result<Vec<Option<TaskId>>> {
    let mut keys = Vec::new();
    for draft in drafts {
        if let Some(key) = &draft.op.idempotency_key {
            keys.push(record::once_key(&slate.tenant, draft.op.project.as_str(), key)?);
        }
    }
    let mut found = slate.tx.get_many(&keys).await?.into_iter();
    let mut there = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let once = draft.op.idempotency_key.as_ref().and_then(|_| found.next().flatten());
        let once: Option<Once> = once.as_ref().map(read).transpose()?;
        if let (Some(once), Some(key)) = (&once, &draft.op.idempotency_key)
            && once.digest != draft.digest
        {
            let message = format!(
                "the idempotency key {key:?} was used for task {}, which is another one: use another key",
                once.task
            );
            return Err(Error::new(ErrorKind::Conflict, message).refused());
        }
        there.push(once.map(|once| once.task));
    }
    // What one that is there waited for may be gone.
    let new = drafts.iter().zip(&there).filter(|(_, there)| there.is_none());
    let awaited = new.flat_map(|(draft, _)| &draft.after).filter_map(|after| match after {
        After::Task(task) => Some(task),
        After::Draft(_) => None,
    });
    slate.take_tasks(awaited.clone().chain(there.iter().flatten())).await?;
    for task in awaited {
        if !slate.has_task(task) {
            return Err(
                Error::new(ErrorKind::NotFound, format!("there is no task {task} to wait for")).refused()
            );
        }
    }
    Ok(there)
}

fn add(slate: &mut Slate<'_, '_>, draft: Draft, id: TaskId, after: Vec<TaskId>) -> Result<()> {
    let now = slate.now;
    let Draft { op, priority, retry, input, digest, .. } = draft;
    if let Some(deadline) = op.deadline.filter(|deadline| *deadline <= now) {
        return Err(invalid(format!("the deadline {deadline} is over: it is {now}")));
    }
    let bare = input.is_none();
    if let Some(input) = input {
        untracked::put(slate.tx, record::key("task-input", &slate.tenant, &id)?, input)?;
    }
    if let Some(key) = &op.idempotency_key {
        let once = Once { task: id.clone(), digest };
        untracked::write(slate.tx, &record::once_key(&slate.tenant, op.project.as_str(), key)?, &once)?;
    }
    slate.add_task(TaskRecord {
        id,
        title: op.title,
        state: TaskState::Blocked,
        priority,
        requires: op.requires,
        open: u32::try_from(after.len()).unwrap_or(u32::MAX),
        after,
        rule: op.rule,
        lost: None,
        awaited: false,
        not_before: op.not_before,
        deadline: op.deadline,
        retry,
        attempt_seconds: op.attempt_seconds,
        once: op.idempotency_key,
        bare,
        attempt: 0,
        queue: None,
        due_at: None,
        lease: None,
        doom: None,
        reported: None,
        percent: None,
        note: None,
        error: None,
        log: (1, 1),
        created_at: now,
        changed_at: now,
        ended_at: None,
        purge_at: None,
    });
    Ok(())
}

/// Makes a new task wait, or begin.
fn wait_for(slate: &mut Slate<'_, '_>, id: &TaskId, after: &[TaskId]) -> Result<()> {
    let now: Timestamp = slate.now;
    if after.is_empty() {
        let task = slate.task_mut(id)?;
        task.take(TaskEvent::Unblocked, now)?;
        return task.schedule(None, now);
    }
    let distinct: std::collections::BTreeSet<&TaskId> = after.iter().collect();
    slate.task_mut(id)?.open = u32::try_from(distinct.len()).unwrap_or(u32::MAX);
    for on in distinct {
        let task = slate.task_mut(on)?;
        // One that ended within this transaction, as it waited for one that had ended, is told here: its edges are not yet there.
        if task.state.is_ended() {
            slate.tell_dependant(id, on)?;
        } else {
            task.awaited = true;
            let key = record::edge_key(&slate.tenant, on, id)?;
            untracked::put(slate.tx, key, "")?;
        }
    }
    Ok(())
}
