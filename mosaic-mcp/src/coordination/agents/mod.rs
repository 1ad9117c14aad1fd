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

pub(crate) use record::AgentRecord;
