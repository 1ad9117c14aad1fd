//! Looking at tasks: one, many, their logs, and what waits of a project.

use std::collections::BTreeSet;

use mosaic_core::error::Result;
use mosaic_core::types::{Cursor, Page, PageRequest, TenantId};

use super::queue::{self, Queue, Sets, Weight};
use super::record::{self, TaskRecord};
use super::{
    GetProject, GetTask, ListTaskLog, ListTasks, LogLine, Project, Task, TaskDetail, TaskId, TaskState,
};
use crate::coordination::agents::AgentRecord;
use crate::coordination::slate::{no_agent, no_task, read};
use crate::coordination::{ProjectId, index, names::invalid};
use crate::state::{Entry, Key, KeyRange, State};

/// How many agents are read at once.
const AGENTS: usize = 500;

pub(super) async fn get(state: &State, tenant: &TenantId, op: &GetTask) -> Result<TaskDetail> {
    let id = &op.task;
    let keys = ["task", "task-input", "task-result"].map(|room| record::key(room, tenant, id));
    let keys = keys.into_iter().collect::<Result<Vec<Key>>>()?;
    let found = state.get_many(&keys).await?;
    let [task, input, result] = &found[..] else { return Err(no_task(id)) };
    let task: TaskRecord = read(task.as_ref().ok_or_else(|| no_task(id))?)?;
    Ok(TaskDetail {
        task: task.view(),
        input: input.as_ref().map(read).transpose()?,
        result: result.as_ref().map(read).transpose()?,
    })
}

pub(super) async fn list(state: &State, tenant: &TenantId, op: &ListTasks) -> Result<Page<Task>> {
    if let Some(agent) = &op.agent {
        return held(state, tenant, op, &AgentRecord::key(tenant, agent)?).await;
    }
    let project = op.project.as_ref().map(|project| project.as_str());
    let Some(wanted) = op.state else {
        let range = KeyRange::below(&below("task", tenant, None, project))?;
        let (found, next) = page_of(state, range, &op.page).await?;
        let tasks = found.iter().map(|entry| read::<TaskRecord>(entry).map(|task| task.view()));
        return Ok(Page::new(tasks.collect::<Result<_>>()?, next));
    };
    if wanted.is_held() {
        return all_held(state, tenant, op).await;
    }
    let (found, next) = match (wanted, &op.project) {
        (TaskState::Ready, Some(project)) => page_of_queues(state, tenant, project, &op.page).await?,
        (TaskState::Ready, None) => page_of(state, queue::all_ready(tenant)?, &op.page).await?,
        _ => {
            let range = KeyRange::below(&below("task-state", tenant, Some(wanted.as_str()), project))?;
            page_of(state, range, &op.page).await?
        }
    };
    let id = if wanted == TaskState::Ready { queue::task_in_queue } else { index::task_at_end };
    let ids = found.iter().map(|entry| id(&entry.key)).collect::<Result<Vec<TaskId>>>()?;
    let tasks = read_tasks(state, tenant, &ids).await?;
    // One that changed in between is left out.
    Ok(Page::new(tasks.into_iter().filter(|task| task.state == wanted).collect(), next))
}

fn below<'a>(
    room: &'a str,
    tenant: &'a TenantId,
    state: Option<&'a str>,
    project: Option<&'a str>,
) -> Vec<&'a str> {
    [Some(room), Some(tenant.as_str()), state, project].into_iter().flatten().collect()
}

/// A page of the queues of a project, one of which each set of requirements has. The cursor is the last key.
async fn page_of_queues(
    state: &State,
    tenant: &TenantId,
    project: &ProjectId,
    page: &PageRequest,
) -> Result<(Vec<Entry>, Option<Cursor>)> {
    let after = page.cursor.as_ref().map(|cursor| key_of(cursor, &queue::all_ready(tenant)?)).transpose()?;
    let limit = page.limit();
    let mut found = Vec::new();
    for range in queues(state, tenant, project).await? {
        let range = match &after {
            Some(after) => range.after(after),
            None => range,
        };
        if range.from < range.to && found.len() <= limit {
            found.extend(state.range(&range, limit + 1 - found.len()).await?);
        }
    }
    Ok(cut(found, limit))
}

/// The queues of a project that are not empty, in the order of their keys.
async fn queues(state: &State, tenant: &TenantId, project: &ProjectId) -> Result<Vec<KeyRange>> {
    let sets: Sets = state.read(&queue::sets_key(tenant)?).await?.unwrap_or_default();
    let sets: Vec<u64> = sets.sets.into_keys().collect();
    let keys = sets.iter().map(|set| queue::queue_key(tenant, *set, project)).collect::<Result<Vec<_>>>()?;
    let mut ranges = Vec::new();
    for (set, found) in sets.into_iter().zip(state.get_many(&keys).await?) {
        if let Some(found) = found
            && read::<Queue>(&found)?.ready > 0
        {
            ranges.push(queue::ready_range(tenant, set, project)?);
        }
    }
    ranges.sort_by(|a, b| a.from.cmp(&b.from));
    Ok(ranges)
}

/// The tasks that an agent holds: they are few, so that one page has them all that fit.
async fn held(state: &State, tenant: &TenantId, op: &ListTasks, agent: &Key) -> Result<Page<Task>> {
    let Some(id) = &op.agent else { return Ok(Page::last(Vec::new())) };
    let found: AgentRecord = state.read(agent).await?.ok_or_else(|| no_agent(id))?;
    page_of_ids(state, tenant, op, found.running.into_keys()).await
}

/// The tasks that any agent holds. Agents know them, so that claiming a task writes no key for them.
async fn all_held(state: &State, tenant: &TenantId, op: &ListTasks) -> Result<Page<Task>> {
    let mut rest = KeyRange::below(&["agent", tenant.as_str()])?;
    let (after, most) = (after(op)?, op.page.limit() + 1);
    let mut first = BTreeSet::new();
    loop {
        let found = state.range(&rest, AGENTS).await?;
        for entry in &found {
            let held = read::<AgentRecord>(entry)?.running.into_keys();
            first.extend(held.filter(|id| {
                op.project.as_ref().is_none_or(|project| project == id.project())
                    && after.as_ref().is_none_or(|after| id > after)
            }));
            while first.len() > most {
                first.pop_last();
            }
        }
        match found.last().filter(|_| found.len() == AGENTS) {
            Some(last) => rest = rest.after(&last.key),
            None => return page_of_ids(state, tenant, op, first).await,
        }
    }
}

/// Where a page of ids begins.
fn after(op: &ListTasks) -> Result<Option<TaskId>> {
    op.page.cursor.as_ref().map(|cursor| cursor.as_str().parse::<TaskId>()).transpose()
}

/// A page of tasks whose ids are known, in their order. The cursor is the last id.
async fn page_of_ids(
    state: &State,
    tenant: &TenantId,
    op: &ListTasks,
    ids: impl IntoIterator<Item = TaskId>,
) -> Result<Page<Task>> {
    let after = after(op)?;
    let ids: Vec<TaskId> =
        ids.into_iter().filter(|id| after.as_ref().is_none_or(|after| id > after)).collect();
    let limit = op.page.limit();
    let next = ids.get(limit).and(ids.get(limit - 1)).map(|last| Cursor::new(last.to_string()));
    let tasks = read_tasks(state, tenant, &ids[..ids.len().min(limit)]).await?;
    let fits = |task: &Task| {
        op.project.as_ref().is_none_or(|project| *project == task.project)
            && op.state.is_none_or(|state| state == task.state)
    };
    Ok(Page::new(tasks.into_iter().filter(fits).collect(), next))
}

async fn read_tasks(state: &State, tenant: &TenantId, ids: &[TaskId]) -> Result<Vec<Task>> {
    let keys = ids.iter().map(|id| record::key("task", tenant, id)).collect::<Result<Vec<Key>>>()?;
    let found = state.get_many(&keys).await?.into_iter().flatten();
    found.map(|entry| read::<TaskRecord>(&entry).map(|task| task.view())).collect()
}

/// A page of a range. The cursor is the last key.
pub(crate) async fn page_of(
    state: &State,
    range: KeyRange,
    page: &PageRequest,
) -> Result<(Vec<Entry>, Option<Cursor>)> {
    let limit = page.limit();
    let range = match &page.cursor {
        None => range,
        Some(cursor) => {
            let key = key_of(cursor, &range)?;
            range.after(&key)
        }
    };
    Ok(cut(state.range(&range, limit + 1).await?, limit))
}

/// The key that a cursor of a range is.
fn key_of(cursor: &Cursor, range: &KeyRange) -> Result<Key> {
    let key = Key::new(cursor.as_str()).ok().filter(|key| range.contains(key));
    key.ok_or_else(|| {
        invalid("the cursor is not one of this list: use `next` of an earlier page as it is".to_owned())
    })
}

/// A page of what was found, which is one more where more follow.
fn cut(mut found: Vec<Entry>, limit: usize) -> (Vec<Entry>, Option<Cursor>) {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| Cursor::new(last.key.as_str()));
    (found, next)
}

pub(super) async fn log(state: &State, tenant: &TenantId, op: &ListTaskLog) -> Result<Page<LogLine>> {
    let task = record::key("task", tenant, &op.task)?;
    if state.get(&task).await?.is_none() {
        return Err(no_task(&op.task));
    }
    let number = crate::state::ordered(op.task.number());
    let range = KeyRange::below(&["task-log", tenant.as_str(), op.task.project().as_str(), &number])?;
    let (found, next) = page_of(state, range, &op.page).await?;
    Ok(Page::new(found.iter().map(read).collect::<Result<_>>()?, next))
}

pub(super) async fn project(state: &State, tenant: &TenantId, op: &GetProject) -> Result<Project> {
    let project = &op.project;
    let sets: Sets = state.read(&queue::sets_key(tenant)?).await?.unwrap_or_default();
    let mut keys = vec![queue::weight_key(tenant, project)?];
    for set in sets.sets.keys() {
        keys.push(queue::queue_key(tenant, *set, project)?);
    }
    let found = state.get_many(&keys).await?;
    let mut found = found.into_iter();
    let weight: Option<Weight> = found.next().flatten().as_ref().map(read).transpose()?;
    let mut ready = 0;
    for queue in found.flatten() {
        ready += read::<Queue>(&queue)?.ready;
    }
    Ok(Project { project: project.clone(), weight: weight.map_or(1, |weight| weight.weight), ready })
}
