//! Mosaic for MCP clients: the operations of the catalogue as tools.
//!
//! What is here:
//!
//! | module | holds |
//! | --- | --- |
//! | [`security`] | who calls and what they may do, sealing at rest, the audit |
//! | [`coordination`] | rooms for agents to work together in |
//! | [`function`] | what the rooms can be asked to do, each defined once; the one check in front of them |
//! | `live` | gRPC and WebSocket for agents, to be mounted |
//! | [`state`] | state and events that survive crashes |
//! | [`surface`] | the projection of the catalogue to MCP tools: [`Tools::list`](surface::Tools::list) gives what `tools/list` answers, [`Tools::call`](surface::Tools::call) what `tools/call` does |
//!
//! Both are plain data in the shapes of the protocol (revision 2025-06-18 and later) and work over any
//! [`Caller`](mosaic_core::op::Caller): one plugin or a whole orchestra. There is no transport here: whoever speaks MCP puts
//! the two behind its handlers.
//!
//! ```
//! use mosaic_mcp::surface::Tools;
//!
//! let tools = Tools::all().list();
//! let tool = tools.iter().find(|tool| tool.name == "git_get_repository").ok_or("no such tool")?;
//! assert!(tool.annotations.read_only_hint);
//! # Ok::<(), &str>(())
//! ```
pub mod coordination;
pub mod function;
#[cfg(any(feature = "grpc", feature = "http"))]
pub mod live;
pub mod security;
pub mod state;
pub mod surface;
