//! What is asked of agents, and what is answered.

use mosaic_core::params;
use mosaic_core::types::Timestamp;

use super::AgentState;
use crate::coordination::AgentId;
use crate::coordination::tasks::TaskId;

params! {
    /// Register an agent, or register it again: it then begins anew, what it had claimed before goes back, and what it still
    /// says under its old incarnation is refused.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{AgentId, agents::RegisterAgent};
    ///
    /// let op = RegisterAgent::new(AgentId::new("reviewer-1")?).offers(vec!["rust".to_owned()]).slots(2u32);
    /// assert_eq!(op.slots, Some(2));
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct RegisterAgent {
        required {
            /// Its name.
            agent: AgentId,
        }
        optional {
            /// What it is, for people: at most 1,000 bytes.
            about: String,
            /// How many tasks it works on at once: 1 to 256, 1 where absent.
            slots: u32,
            /// How long it is taken to be there after each heartbeat: 1 to 86,400 seconds, 60 where absent.
            lease_seconds: u64,
        }
        defaulted {
            /// Its capabilities: it is given the tasks that require no others. At most 128.
            offers: Vec<String>,
        }
    }

    /// Say that an agent is still there; what it works on stays its own.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{AgentId, agents::HeartbeatAgent};
    ///
    /// assert_eq!(HeartbeatAgent::new(AgentId::new("ann")?, 7u64).incarnation, 7);
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct HeartbeatAgent {
        required {
            /// Its name.
            agent: AgentId,
            /// Its incarnation, as registering gave it.
            incarnation: u64,
        }
    }

    /// Let an agent finish what it has and give it nothing new, or give it tasks again.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{AgentId, agents::DrainAgent};
    ///
    /// assert!(!DrainAgent::new(AgentId::new("ann")?).resume);
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct DrainAgent {
        required {
            /// Its name.
            agent: AgentId,
        }
        defaulted {
            /// Give it tasks again.
            resume: bool,
        }
    }

    /// Take an agent out. What it works on goes back, without counting as an attempt.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{AgentId, agents::DeregisterAgent};
    ///
    /// let op = DeregisterAgent::new(AgentId::new("ann")?).incarnation(7u64);
    /// assert_eq!(op.incarnation, Some(7));
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct DeregisterAgent {
        required {
            /// Its name.
            agent: AgentId,
        }
        optional {
            /// Only this incarnation; whichever is there where absent.
            incarnation: u64,
        }
    }

    /// One agent.
    ///
    /// ```
    /// use mosaic_mcp::coordination::{AgentId, agents::GetAgent};
    ///
    /// assert_eq!(GetAgent::new(AgentId::new("ann")?).agent.as_str(), "ann");
    /// # Ok::<(), mosaic_core::types::InvalidId>(())
    /// ```
    pub struct GetAgent {
        required {
            /// Its name.
            agent: AgentId,
        }
    }

    /// The agents, in the order of their names. A page may have fewer than were asked for although more follow.
    ///
    /// ```
    /// use mosaic_mcp::coordination::agents::{AgentState, ListAgents};
    ///
    /// assert_eq!(ListAgents::new().state(AgentState::Idle).state, Some(AgentState::Idle));
    /// ```
    pub struct ListAgents {
        optional {
            /// Only those that offer this capability.
            offers: String,
            /// Only those in this state.
            state: AgentState,
        }
        paged { page }
    }

    /// An agent.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::agents::Agent;
    /// fn room(agent: &Agent) -> usize {
    ///     (agent.slots as usize).saturating_sub(agent.tasks.len())
    /// }
    /// ```
    pub noun Agent {
        required {
            /// Its name.
            agent: AgentId,
            /// Which of its lives it is: greater with each registration.
            incarnation: u64,
            /// Its state.
            state: AgentState,
            /// How many tasks it works on at once.
            slots: u32,
            /// When it registered.
            registered_at: Timestamp,
            /// When it was last heard of.
            seen_at: Timestamp,
            /// Until when it is taken to be there.
            lease_until: Timestamp,
        }
        optional {
            /// What it is, for people.
            about: String,
        }
        defaulted {
            /// Its capabilities.
            offers: Vec<String>,
            /// What it works on.
            tasks: Vec<HeldTask>,
        }
    }

    /// A task that an agent holds.
    ///
    /// ```
    /// use mosaic_mcp::coordination::agents::HeldTask;
    ///
    /// let held = HeldTask::new("widget-1a0000".parse::<mosaic_mcp::coordination::tasks::TaskId>()?, 26u64);
    /// assert!(!held.stop);
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub noun HeldTask {
        required {
            /// The task.
            task: TaskId,
            /// The fencing token under which it is held.
            token: u64,
        }
        defaulted {
            /// It is to stop: whatever is reported now, it ends as cancelled or dead.
            stop: bool,
        }
    }
}
