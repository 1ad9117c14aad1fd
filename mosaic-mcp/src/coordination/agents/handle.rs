//! The handle of agents: what applications and agents call.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Page;

use super::record::AgentRecord;
use super::{
    Agent, AgentEvent, AgentState, DeregisterAgent, DrainAgent, GetAgent, HeartbeatAgent, ListAgents,
    RegisterAgent,
};
use crate::coordination::names::{later, offered, text, within};
use crate::coordination::slate::{Rules, Slate, no_agent, read};
use crate::coordination::tasks::{TaskId, page_of};
use crate::state::{Key, KeyRange, State};

/// The most tasks that an agent works on at once.
const SLOTS: u32 = 256;

/// Registers agents and knows which are there. Clones share it; made by
/// [`Coordination::open`](crate::coordination::Coordination::open).
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_mcp::coordination::agents::{AgentState, Agents, ListAgents};
///
/// async fn idle(agents: &Agents) -> mosaic_core::Result<usize> {
///     let page = agents.list_agents(&CallContext::new(), ListAgents::new().state(AgentState::Idle)).await?;
///     Ok(page.items.len())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Agents {
    state: State,
    rules: Rules,
}

impl Agents {
    pub(crate) fn new(state: State, rules: Rules) -> Self {
        Self { state, rules }
    }

    /// Registers an agent. One that is there begins anew: its tasks go back as attempts that failed, and what it still says under
    /// its old incarnation is refused.
    ///
    /// # Errors
    /// `Invalid` for what does not fit; `PermissionDenied` for an agent that somebody else registered and that has not left.
    pub async fn register_agent(&self, cx: &CallContext, op: RegisterAgent) -> Result<Agent> {
        let slots = within("slots", op.slots, 1, 1..=SLOTS)?;
        let lease_seconds = within("lease_seconds", op.lease_seconds, 60, 1..=86_400)?;
        let offers = offered(op.offers)?;
        if let Some(about) = &op.about {
            text("about", about, 1_000)?;
        }
        let (id, about, caller) = (op.agent, op.about, cx.caller().clone());
        let (tenant, rules) = (cx.tenant_id().clone(), self.rules);
        let run = self.state.run(move |tx| {
            Box::pin(async move {
                let mut slate = Slate::new(tx, &tenant, rules);
                let again = take_with_tasks(&mut slate, &id).await?.is_some();
                let mut state = AgentState::Idle;
                if again {
                    let agent = slate.agent(&id)?;
                    if agent.state != AgentState::Gone {
                        agent.check_owner(&caller)?;
                    }
                    slate.lose_tasks(&id, &format!("agent {id} registered anew"))?;
                    state = slate.agent(&id)?.state.next(AgentEvent::Registered)?;
                }
                let now = slate.now;
                let lease_until = later(now, lease_seconds);
                slate.set_agent(AgentRecord {
                    agent: id.clone(),
                    owner: caller.to_string(),
                    incarnation: slate.tx.revision(),
                    state,
                    about,
                    slots,
                    offers,
                    lease_seconds,
                    lease_until,
                    look_at: lease_until,
                    registered_at: now,
                    seen_at: now,
                    running: Default::default(),
                });
                slate.tell_agent("agent.registered", &id)?;
                finish(slate, &id).await
            })
        });
        run.await
    }

    /// Renews the lease of an agent. The answer has what it holds: a task that it works on and that is not there was given to
    /// somebody else, and one that is to `stop` is to be given up and reported.
    ///
    /// # Errors
    /// `NotFound` for an agent that is not registered; `Conflict` where it has registered anew or its lease has ended;
    /// `PermissionDenied` where somebody else registered it.
    pub async fn heartbeat_agent(&self, cx: &CallContext, op: HeartbeatAgent) -> Result<Agent> {
        let caller = cx.caller().clone();
        self.change(cx, op.agent, move |agent, now| {
            agent.check(op.incarnation, &caller, now)?;
            agent.seen(now);
            Ok(None)
        })
        .await
    }

    /// Gives an agent nothing new, or gives it tasks again.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where it is lost or gone.
    pub async fn drain_agent(&self, cx: &CallContext, op: DrainAgent) -> Result<Agent> {
        self.change(cx, op.agent, move |agent, _| {
            if !op.resume {
                agent.take(AgentEvent::Drained)?;
                return Ok(Some("agent.draining"));
            }
            agent.take(AgentEvent::Resumed)?;
            if !agent.running.is_empty() {
                agent.take(AgentEvent::Claimed)?;
            }
            Ok(Some("agent.resumed"))
        })
        .await
    }

    async fn change<F>(&self, cx: &CallContext, id: crate::coordination::AgentId, change: F) -> Result<Agent>
    where
        F: FnOnce(&mut AgentRecord, mosaic_core::types::Timestamp) -> Result<Option<&'static str>>
            + Send
            + 'static,
    {
        let (tenant, rules) = (cx.tenant_id().clone(), self.rules);
        let run = self.state.run(move |tx| {
            Box::pin(async move {
                let mut slate = Slate::new(tx, &tenant, rules);
                slate.take_agents([&id]).await?;
                let now = slate.now;
                if let Some(kind) = change(slate.agent_mut(&id)?, now)? {
                    slate.tell_agent(kind, &id)?;
                }
                finish(slate, &id).await
            })
        });
        run.await
    }

    /// Takes an agent out; its tasks go back without counting as attempts.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where it has left already, or is another incarnation than the one that was asked for.
    pub async fn deregister_agent(&self, cx: &CallContext, op: DeregisterAgent) -> Result<Agent> {
        let (tenant, rules) = (cx.tenant_id().clone(), self.rules);
        let run = self.state.run(move |tx| {
            Box::pin(async move {
                let mut slate = Slate::new(tx, &tenant, rules);
                let id = op.agent;
                let held = take_with_tasks(&mut slate, &id).await?.ok_or_else(|| no_agent(&id))?;
                let agent = slate.agent(&id)?;
                if op.incarnation.is_some_and(|wanted| wanted != agent.incarnation) {
                    let message = format!(
                        "agent {id} has registered anew: it is incarnation {} now",
                        agent.incarnation
                    );
                    return Err(Error::new(ErrorKind::Conflict, message).refused());
                }
                for task in &held {
                    slate.uncount(task)?;
                }
                let now = slate.now;
                let agent = slate.agent_mut(&id)?;
                agent.take(AgentEvent::Deregistered)?;
                agent.seen_at = now;
                slate.tell_agent("agent.gone", &id)?;
                finish(slate, &id).await
            })
        });
        run.await
    }

    /// One agent.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get_agent(&self, cx: &CallContext, op: GetAgent) -> Result<Agent> {
        let found: Option<AgentRecord> =
            self.state.read(&AgentRecord::key(cx.tenant_id(), &op.agent)?).await?;
        found.map(|agent| agent.view()).ok_or_else(|| no_agent(&op.agent))
    }

    /// A page of agents.
    ///
    /// # Errors
    /// `Invalid` for a cursor of another list.
    pub async fn list_agents(&self, cx: &CallContext, op: ListAgents) -> Result<Page<Agent>> {
        let tenant = cx.tenant_id();
        let (found, next) = match &op.offers {
            None => page_of(&self.state, KeyRange::below(&["agent", tenant.as_str()])?, &op.page).await?,
            Some(offer) => {
                let range = KeyRange::below(&["agent-offers", tenant.as_str(), offer])?;
                let (found, next) = page_of(&self.state, range, &op.page).await?;
                let keys =
                    found.iter().map(|entry| Key::of(&["agent", tenant.as_str(), &entry.key.last_part()]));
                let agents = self.state.get_many(&keys.collect::<Result<Vec<_>>>()?).await?;
                (agents.into_iter().flatten().collect(), next)
            }
        };
        let mut agents = Vec::with_capacity(found.len());
        for entry in &found {
            let agent: AgentRecord = read(entry)?;
            if op.state.is_none_or(|state| state == agent.state) {
                agents.push(agent.view());
            }
        }
        Ok(Page::new(agents, next))
    }
}

/// Takes an agent out, with the tasks that it holds; none where it is not there.
async fn take_with_tasks(
    slate: &mut Slate<'_, '_>,
    id: &crate::coordination::AgentId,
) -> Result<Option<Vec<TaskId>>> {
    slate.take_agents([id]).await?;
    let Ok(agent) = slate.agent(id) else { return Ok(None) };
    let held: Vec<TaskId> = agent.running.keys().cloned().collect();
    slate.take_tasks(&held).await?;
    Ok(Some(held))
}

async fn finish(mut slate: Slate<'_, '_>, id: &crate::coordination::AgentId) -> Result<Agent> {
    slate.settle().await?;
    let agent = slate.agent(id)?.view();
    slate.put_back().await?;
    Ok(agent)
}
