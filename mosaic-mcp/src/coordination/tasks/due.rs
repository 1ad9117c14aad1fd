//! What time does to tasks and agents: leases that end, deadlines, tasks whose time has come, and what is kept long enough.

use std::collections::BTreeMap;

use mosaic_core::error::Result;
use mosaic_core::types::{TenantId, Timestamp};

use super::course::Again;
use super::record::{self, Doom};
use super::{TaskEvent, TaskId, TaskState};
use crate::coordination::AgentId;
use crate::coordination::agents::AgentEvent;
use crate::coordination::index::{self, Due};
use crate::coordination::names::micros;
use crate::coordination::slate::{Rules, Slate};
use crate::state::{Key, Tx};

/// How much is looked at in one transaction. What is written for it stays well below what a transaction may write.
const AT_ONCE: usize = 128;
/// How many tasks of agents that are lost are given back in one transaction, about.
const TASKS_AT_ONCE: usize = 256;
/// How many lines of logs are removed in one transaction, about.
const LINES_AT_ONCE: u64 = 10_000;

/// What a look at the clock did.
///
/// ```
/// # use mosaic_mcp::coordination::tasks::Ticked;
/// fn again_at_once(ticked: &Ticked) -> bool {
///     ticked.more
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ticked {
    /// How much was due and was done.
    pub done: usize,
    /// More is due.
    pub more: bool,
    /// When the next is due, where more is not.
    pub next: Option<Timestamp>,
}

impl Ticked {
    /// Nothing is due before a time in microseconds.
    pub(crate) fn at(micros: u64) -> Self {
        let at = i64::try_from(micros).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
        Self { done: 0, more: false, next: at }
    }
}

/// Does what is due, a bounded part of it.
pub(super) async fn tick(tx: &mut Tx<'_>, rules: Rules) -> Result<Ticked> {
    let now = micros(tx.now());
    let found = tx.range(&index::due_until(now)?, AT_ONCE + 1).await?;
    let more = found.len() > AT_ONCE;
    let mut tenants: BTreeMap<TenantId, Vec<(Key, Due)>> = BTreeMap::new();
    for entry in found.into_iter().take(AT_ONCE) {
        let (_, tenant, due) = index::read_due(&entry.key)?;
        tenants.entry(tenant).or_default().push((entry.key, due));
    }
    let mut ticked = Ticked { done: 0, more, next: None };
    for (tenant, due) in tenants {
        let of_tenant = due.len();
        let done = tick_tenant(tx, rules, &tenant, due).await?;
        ticked.done += done;
        ticked.more |= done < of_tenant;
    }
    if !ticked.more {
        let next = tx.range(&index::due_ever()?, 1).await?;
        if let Some(entry) = next.first() {
            let (at, ..) = index::read_due(&entry.key)?;
            ticked.next = Ticked::at(at).next;
        }
    }
    Ok(ticked)
}

async fn tick_tenant(
    tx: &mut Tx<'_>,
    rules: Rules,
    tenant: &TenantId,
    due: Vec<(Key, Due)>,
) -> Result<usize> {
    let mut slate = Slate::new(tx, tenant, rules);
    let agents: Vec<&AgentId> =
        due.iter().filter_map(|(_, due)| if let Due::Agent(id) = due { Some(id) } else { None }).collect();
    slate.take_agents(agents.iter().copied()).await?;
    let mut done = 0;
    let mut tasks: Vec<TaskId> = Vec::new();
    for (_, due) in &due {
        if tasks.len() > TASKS_AT_ONCE {
            break;
        }
        match due {
            Due::Agent(id) => {
                if let Ok(agent) = slate.agent(id)
                    && agent.lease_until <= slate.now
                {
                    tasks.extend(agent.running.keys().cloned());
                }
            }
            Due::Task(id) | Due::Release(id) => tasks.push(id.clone()),
        }
        done += 1;
    }
    let tasks: std::collections::BTreeSet<TaskId> = tasks.into_iter().collect();
    slate.take_tasks(&tasks).await?;
    slate.take_holders().await?;
    let (planned, mut lines) = (done, 0);
    done = 0;
    for (key, due) in due.iter().take(planned) {
        if lines > LINES_AT_ONCE {
            break;
        }
        done += 1;
        match due {
            Due::Agent(id) => look_at_agent(&mut slate, id)?,
            Due::Task(id) => {
                lines += slate.task(id).map_or(0, |task| task.log.1 - task.log.0);
                look_at_task(&mut slate, id)?;
            }
            Due::Release(id) => {
                slate.tx.delete(key.clone())?;
                if slate.has_task(id) {
                    slate.ended.push_back(id.clone());
                }
            }
        }
    }
    slate.settle().await?;
    slate.put_back().await?;
    Ok(done)
}

fn look_at_agent(slate: &mut Slate<'_, '_>, id: &AgentId) -> Result<()> {
    let now = slate.now;
    let agent = slate.agent_mut(id)?;
    if !agent.state.is_live() {
        return Ok(());
    }
    if now < agent.lease_until {
        agent.look_at = agent.lease_until;
        return Ok(());
    }
    agent.take(AgentEvent::LeaseEnded)?;
    slate.lose_tasks(id, &format!("the lease of agent {id} ended"))?;
    slate.tell_agent("agent.lost", id)
}

fn look_at_task(slate: &mut Slate<'_, '_>, id: &TaskId) -> Result<()> {
    let now = slate.now;
    // What was due before in this transaction may have ended it.
    let Ok(task) = slate.task(id) else { return Ok(()) };
    let late = task.is_late(now);
    match task.state {
        state if state.is_ended() => {
            if task.purge_at.is_some_and(|at| at <= now) {
                purge(slate, id)?;
            }
            Ok(())
        }
        TaskState::Blocked | TaskState::Scheduled | TaskState::Ready if late => {
            slate.end_task(id, TaskEvent::GaveUp, Some("its deadline is over".to_owned()))
        }
        TaskState::Scheduled if task.due_at.is_some_and(|at| at <= now) => {
            let task = slate.task_mut(id)?;
            task.schedule(None, now)?;
            slate.tell_task("task.ready", id)
        }
        TaskState::Running | TaskState::Stopping => {
            let lease = task.lease.as_ref();
            let seconds = task.attempt_seconds.unwrap_or(0);
            let why = if lease.and_then(|lease| lease.over_at).is_some_and(|at| at <= now) {
                format!("the attempt took longer than {seconds} s")
            } else if lease.and_then(|lease| lease.until).is_some_and(|(at, _)| at <= now) {
                "no progress was reported within the lease".to_owned()
            } else if late && task.state == TaskState::Running {
                return slate.stop_task(id, Doom::GaveUp, Some("its deadline is over".to_owned()));
            } else {
                return Ok(());
            };
            slate.fail_attempt(id, why, Again::Later)
        }
        _ => Ok(()),
    }
}

/// Removes a task and everything of it.
fn purge(slate: &mut Slate<'_, '_>, id: &TaskId) -> Result<()> {
    let task = slate.task(id)?;
    if task.awaited {
        // Those that wait for it are told first; then it is looked at again.
        let later = crate::coordination::names::later(slate.now, 1);
        slate.task_mut(id)?.purge_at = Some(later);
        return Ok(());
    }
    let (log, once) = (task.log, task.once.clone());
    for room in ["task-input", "task-result"] {
        slate.tx.delete(record::key(room, &slate.tenant, id)?)?;
    }
    for number in log.0..log.1 {
        slate.tx.delete(record::log_key(&slate.tenant, id, number)?)?;
    }
    if let Some(once) = once {
        slate.tx.delete(record::once_key(&slate.tenant, id.project().as_str(), &once)?)?;
    }
    slate.tell_task("task.purged", id)?;
    slate.remove_task(id);
    Ok(())
}

impl Slate<'_, '_> {
    /// Ends the attempts of an agent that is no more; its tasks are out.
    pub(crate) fn lose_tasks(&mut self, agent: &AgentId, why: &str) -> Result<()> {
        let held: Vec<TaskId> = self.agent(agent)?.running.keys().cloned().collect();
        for id in held {
            self.fail_attempt(&id, why.to_owned(), Again::Later)?;
        }
        Ok(())
    }
}
