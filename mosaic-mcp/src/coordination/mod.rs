//! What agents share: values and events, and rooms to work together in.
//!
//! | what | where |
//! | --- | --- |
//! | [`Coordination`] | opens and closes it on a node |
//! | [`agents`] | who is there: capabilities, leases, states |
//! | [`budgets`] | what may be used, at places of a tree, by nodes and agents together |
//! | [`messages`] | mailboxes, topics, requests and answers |
//! | [`shared`] | values and events that agents share |
//! | [`tasks`] | what is to be done: dependencies, claims, retries, fair turns |
//!
//! Everything is stored as transactions over [`State`](crate::state::State), so that it survives a crash and is the same on every
//! node. Each change of a noun is an event in the log, under a topic of its tenant: `task.completed` on `@TENANT.task.PROJECT.ID`,
//! `agent.lost` on `@TENANT.agent.ID`, and so on. Whoever may call is decided in front of it.
pub mod agents;
pub mod budgets;
mod index;
pub mod messages;
mod names;
mod open;
pub mod shared;
mod slate;
pub mod tasks;
mod untracked;

pub use names::{AgentId, AgentKind, ProjectId, ProjectKind};
pub use open::{Coordination, CoordinationOptions};
