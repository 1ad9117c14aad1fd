//! Agents: who is there to do work, what each can do, and how long it is taken to be there.
//!
//! ```
//! use mosaic_core::context::CallContext;
//! use mosaic_mcp::coordination::agents::{HeartbeatAgent, RegisterAgent};
//! use mosaic_mcp::coordination::{AgentId, Coordination, CoordinationOptions};
//! use mosaic_mcp::state::{MemoryStore, State};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let state = State::open(MemoryStore::new()).await?;
//! let coordination = Coordination::open(state.clone(), CoordinationOptions::new());
//! let (cx, agents) = (CallContext::new(), coordination.agents());
//!
//! let ann = RegisterAgent::new(AgentId::new("ann")?).offers(vec!["rust".to_owned()]).lease_seconds(30u64);
//! let ann = agents.register_agent(&cx, ann).await?;
//! // Several times within each lease:
//! let ann = agents.heartbeat_agent(&cx, HeartbeatAgent::new(ann.agent, ann.incarnation)).await?;
//! assert!(ann.tasks.iter().all(|task| !task.stop));
//! coordination.close().await;
//! state.close().await?;
//! # Ok(())
//! # }
//! ```
mod handle;
mod params;
mod record;
mod state;

pub use handle::Agents;
pub use params::{
    Agent, DeregisterAgent, DrainAgent, GetAgent, HeartbeatAgent, HeldTask, ListAgents, RegisterAgent,
};
pub use state::{AgentEvent, AgentState};

pub(crate) use record::{AgentRecord, Offer};

use mosaic_core::types::Page;

use crate::function::functions;

functions! {
    /// The functions on agents.
    pub table TABLE of Agents = "agent";
    /// Register an agent, or register it again: it then begins anew.
    fn register_agent(RegisterAgent) -> Agent { Idempotent on agent }
    /// Say that an agent is still there; the answer has what it works on.
    fn heartbeat_agent(HeartbeatAgent) -> Agent { Idempotent on agent }
    /// Give an agent nothing new, or give it tasks again.
    fn drain_agent(DrainAgent) -> Agent { Idempotent on agent }
    /// Take an agent out; what it works on goes back.
    fn deregister_agent(DeregisterAgent) -> Agent { Idempotent on agent }
    /// Fetch an agent.
    fn get_agent(GetAgent) -> Agent { Read on agent }
    /// List the agents, also by what they offer and by their state.
    fn list_agents(ListAgents) -> Page<Agent> { Read all }
}
