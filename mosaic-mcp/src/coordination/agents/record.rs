//! What is stored of an agent.

use std::collections::BTreeMap;

use mosaic_core::context::Principal;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Agent, AgentEvent, AgentState, HeldTask};
use crate::coordination::names::{OF_AGENT, later, micros};
use crate::coordination::tasks::TaskId;
use crate::coordination::{AgentId, index};
use crate::state::Key;

/// How long an agent that left is remembered.
const REMEMBERED_SECONDS: u64 = 86_400;
/// How long one that was lost is.
const LOST_SECONDS: u64 = 7 * 86_400;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AgentRecord {
    pub(crate) agent: AgentId,
    /// Who registered it: nobody else speaks for it.
    pub(crate) owner: String,
    pub(crate) incarnation: u64,
    pub(crate) state: AgentState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    pub(crate) slots: u32,
    pub(crate) offers: Vec<String>,
    pub(crate) lease_seconds: u64,
    pub(crate) lease_until: Timestamp,
    /// When it is looked at next: a heartbeat moves the lease and leaves this. Where it is lost, it is forgotten then.
    pub(crate) look_at: Timestamp,
    pub(crate) registered_at: Timestamp,
    pub(crate) seen_at: Timestamp,
    pub(crate) running: BTreeMap<TaskId, Held>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) token: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stop: bool,
}

/// What an agent offers, in order.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    agent: AgentId,
    offers: Vec<String>,
}

impl Offer {
    /// Whether the agent may take a task that requires these capabilities.
    pub(crate) fn meets(&self, requires: &[String]) -> bool {
        requires.iter().all(|wanted| match wanted.strip_prefix(OF_AGENT) {
            Some(name) => name == self.agent.as_str(),
            None => self.offers.binary_search(wanted).is_ok(),
        })
    }
}

impl AgentRecord {
    pub(crate) fn key(tenant: &TenantId, agent: &AgentId) -> Result<Key> {
        Key::of(&["agent", tenant.as_str(), agent.as_str()])
    }

    /// The keys that lead to it: derived from what it is, so that they are always those.
    pub(crate) fn index(&self, tenant: &TenantId) -> Result<Vec<Key>> {
        if self.state == AgentState::Gone {
            return Ok(Vec::new());
        }
        let id = self.agent.as_str();
        let mut keys = Vec::with_capacity(self.offers.len() + 1);
        for offer in &self.offers {
            keys.push(Key::of(&["agent-offers", tenant.as_str(), offer, id])?);
        }
        keys.push(index::due(micros(self.look_at), tenant, &index::Due::Agent(self.agent.clone()))?);
        Ok(keys)
    }

    /// When it is forgotten, where it left.
    pub(crate) fn expires(&self) -> Option<Timestamp> {
        (self.state == AgentState::Gone).then(|| later(self.seen_at, REMEMBERED_SECONDS))
    }

    pub(crate) fn take(&mut self, event: AgentEvent) -> Result<()> {
        self.state = self.state.next(event)?;
        Ok(())
    }

    /// Its lease ended.
    pub(crate) fn lose(&mut self) -> Result<()> {
        self.take(AgentEvent::LeaseEnded)?;
        self.look_at = later(self.lease_until, LOST_SECONDS);
        Ok(())
    }

    /// Extends the lease.
    pub(crate) fn seen(&mut self, now: Timestamp) {
        self.seen_at = now;
        self.lease_until = later(now, self.lease_seconds);
    }

    /// What it offers.
    pub(crate) fn offer(&self) -> Offer {
        Offer { agent: self.agent.clone(), offers: self.offers.clone() }
    }

    /// How many more tasks it takes.
    pub(crate) fn room(&self) -> usize {
        usize::try_from(self.slots).unwrap_or(usize::MAX).saturating_sub(self.running.len())
    }

    /// Checks that the caller may speak for it: who registered it, or the application itself.
    pub(crate) fn check_owner(&self, caller: &Principal) -> Result<()> {
        if caller.is_application() || self.owner == caller.to_string() {
            return Ok(());
        }
        let message =
            format!("agent {} was registered by another caller: register one of your own", self.agent);
        Err(Error::new(ErrorKind::PermissionDenied, message).refused())
    }

    /// Checks that whoever speaks is the agent as it registered last, with a lease.
    pub(crate) fn check(&self, incarnation: u64, caller: &Principal, now: Timestamp) -> Result<()> {
        self.check_owner(caller)?;
        let id = &self.agent;
        let why = if self.incarnation != incarnation {
            format!(
                "agent {id} has registered anew: incarnation {incarnation} is over, it is {} now",
                self.incarnation
            )
        } else if !self.state.is_live() || self.lease_until <= now {
            format!("the lease of agent {id} has ended: register it again")
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Conflict, why).refused())
    }

    pub(crate) fn hold(&mut self, task: &TaskId, token: u64) -> Result<()> {
        self.take(AgentEvent::Claimed)?;
        self.running.insert(task.clone(), Held { token, stop: false });
        Ok(())
    }

    /// Lets go of a task, where it is held under that token.
    pub(crate) fn let_go(&mut self, task: &TaskId, token: u64) -> Result<()> {
        if self.running.get(task).is_some_and(|held| held.token == token) {
            self.running.remove(task);
            if self.running.is_empty() && self.state.is_live() {
                self.take(AgentEvent::Freed)?;
            }
        }
        Ok(())
    }

    pub(crate) fn view(&self) -> Agent {
        Agent {
            agent: self.agent.clone(),
            incarnation: self.incarnation,
            state: self.state,
            slots: self.slots,
            registered_at: self.registered_at,
            seen_at: self.seen_at,
            lease_until: self.lease_until,
            about: self.about.clone(),
            offers: self.offers.clone(),
            tasks: self
                .running
                .iter()
                .map(|(task, held)| HeldTask { task: task.clone(), token: held.token, stop: held.stop })
                .collect(),
        }
    }
}
