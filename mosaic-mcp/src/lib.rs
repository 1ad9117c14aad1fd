//! Mosaic for agents: the operations of the catalogue as tools of an MCP server, and rooms to work together in.
//!
//! What is here:
//!
//! | module | holds |
//! | --- | --- |
//! | `client` | remote MCP servers as plugins, another Mosaic as a caller |
//! | [`security`] | who calls and what they may do, sealing at rest, the audit |
//! | [`coordination`] | rooms for agents to work together in |
//! | [`function`] | what the rooms can be asked to do, each defined once; the one check in front of them |
//! | `live` | gRPC and WebSocket for agents, to be mounted |
//! | [`node`] | all of it, put together for one machine, a team or an enterprise |
//! | [`state`] | state and events that survive crashes |
//! | [`surface`] | the MCP server: tools, resources and prompts, over standard input and output and over HTTP |
//!
//! A server works over any [`Caller`](mosaic_core::op::Caller): one plugin or a whole orchestra. It is a library's: the
//! application owns the process and the sockets, and mounts what it is given.
//!
//! ```
//! use mosaic_mcp::surface::Tools;
//!
//! let tools = Tools::all().list();
//! let tool = tools.iter().find(|tool| tool.name == "git_get_repository").ok_or("no such tool")?;
//! assert!(tool.annotations.read_only_hint);
//! # Ok::<(), &str>(())
//! ```
#[cfg(any(feature = "http", feature = "stdio"))]
pub mod client;
pub mod coordination;
pub mod function;
#[cfg(any(feature = "grpc", feature = "http"))]
pub mod live;
pub mod node;
pub mod security;
pub mod state;
pub mod surface;
