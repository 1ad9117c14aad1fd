//! What time does to tasks and agents: leases that end, deadlines, tasks whose time has come, and what is kept long enough.

use std::collections::BTreeMap;

use mosaic_core::error::Result;
use mosaic_core::types::{TenantId, Timestamp};

use super::aside::{self, Aside, Skipped};
use super::course::Again;
use super::record::{self, Doom};
use super::{TaskEvent, TaskId, TaskState};
use crate::coordination::AgentId;
use crate::coordination::index::{self, Due};
use crate::coordination::names::micros;
use crate::coordination::slate::{Rules, Slate};
use crate::state::{Entry, Key, State, Tx};

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

/// Does what is due, a bounded part of it, in one transaction. Where something of it cannot be done, each tenant has one of its
/// own, so that none stands in the way of the others.
pub(super) async fn tick(state: &State, rules: Rules, aside: &Aside) -> Result<Ticked> {
    let skipped = aside.now();
    let all = {
        let skipped = skipped.clone();
        state.run(move |tx| Box::pin(async move { tick_all(tx, rules, &skipped).await }))
    };
    match all.await {
        Err(error) if !aside::is_of_the_store(&error) => apart(state, rules, aside, &skipped).await,
        ticked => ticked,
    }
}

/// What is due at a time, but for what is put aside: one more than is done at once, where there is more.
fn wanted(found: Vec<Entry>, skipped: &Skipped) -> Vec<Key> {
    found
        .into_iter()
        .map(|entry| entry.key)
        .filter(|key| !skipped.contains_key(key))
        .take(AT_ONCE + 1)
        .collect()
}

async fn tick_all(tx: &mut Tx<'_>, rules: Rules, skipped: &Skipped) -> Result<Ticked> {
    let now = micros(tx.now());
    let found = tx.range(&index::due_until(now)?, AT_ONCE + 1 + skipped.len()).await?;
    let found = wanted(found, skipped);
    let more = found.len() > AT_ONCE;
    let mut tenants: BTreeMap<TenantId, Vec<(Key, Due)>> = BTreeMap::new();
    for key in found.into_iter().take(AT_ONCE) {
        let (_, tenant, due) = index::read_due(&key)?;
        tenants.entry(tenant).or_default().push((key, due));
    }
    let mut ticked = Ticked { done: 0, more, next: None };
    for (tenant, due) in tenants {
        let of_tenant = due.len();
        let done = tick_tenant(tx, rules, &tenant, due).await?;
        ticked.done += done;
        ticked.more |= done < of_tenant;
    }
    if !ticked.more {
        let next = tx.range(&index::due_ever()?, 1 + skipped.len()).await?;
        if let Some(key) = wanted(next, skipped).first() {
            let (at, ..) = index::read_due(key)?;
            ticked.next = Ticked::at(at).next;
        }
    }
    Ok(ticked)
}

/// Does what is due in a transaction for each tenant, and where that fails in one for each entry. What cannot be done even by itself
/// is put aside.
async fn apart(state: &State, rules: Rules, aside: &Aside, skipped: &Skipped) -> Result<Ticked> {
    let range = index::due_until(micros(state.now()))?;
    let found = wanted(state.range(&range, AT_ONCE + 1 + skipped.len()).await?, skipped);
    let mut ticked = Ticked { done: 0, more: found.len() > AT_ONCE, next: None };
    let mut tenants: BTreeMap<TenantId, Vec<(Key, Due)>> = BTreeMap::new();
    for key in found.into_iter().take(AT_ONCE) {
        match index::read_due(&key) {
            Ok((_, tenant, due)) => tenants.entry(tenant).or_default().push((key, due)),
            Err(error) => aside.put(key, &error),
        }
    }
    for (tenant, due) in tenants {
        let of_tenant = due.len();
        match tick_alone(state, rules, &tenant, due.clone()).await {
            Ok(done) => {
                ticked.done += done;
                ticked.more |= done < of_tenant;
                continue;
            }
            Err(error) if aside::is_of_the_store(&error) => return Err(error),
            Err(_) => {}
        }
        for entry in due {
            let key = entry.0.clone();
            match tick_alone(state, rules, &tenant, vec![entry]).await {
                Ok(done) => ticked.done += done,
                Err(error) if aside::is_of_the_store(&error) => return Err(error),
                Err(error) => aside.put(key, &error),
            }
        }
    }
    Ok(ticked)
}

/// Does what is due of a tenant, as far as it is still to be done.
async fn tick_alone(state: &State, rules: Rules, tenant: &TenantId, due: Vec<(Key, Due)>) -> Result<usize> {
    let tenant = tenant.clone();
    let run = state.run(move |tx| {
        Box::pin(async move {
            let keys: Vec<Key> = due.iter().map(|(key, _)| key.clone()).collect();
            let there = tx.get_many(&keys).await?;
            let left: Vec<_> = due
                .into_iter()
                .zip(&there)
                .filter(|(_, there)| there.is_some())
                .map(|(due, _)| due)
                .collect();
            let gone = keys.len() - left.len();
            Ok(gone + tick_tenant(tx, rules, &tenant, left).await?)
        })
    });
    run.await
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
        if agent.look_at <= now {
            slate.tell_agent("agent.forgotten", id)?;
            slate.remove_agent(id);
        }
        return Ok(());
    }
    if now < agent.lease_until {
        agent.look_at = agent.lease_until;
        return Ok(());
    }
    agent.lose()?;
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
