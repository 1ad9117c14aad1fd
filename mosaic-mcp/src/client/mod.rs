//! MCP servers elsewhere, called from here: as providers of an orchestra, and another Mosaic as if it were here.
//!
//! - [`RemoteServers`] makes plugins of servers, each a child process or behind HTTP. Operations that a server answers under
//!   the names that Mosaic gives them are called by the typed services like any provider's; every other tool is called in the
//!   server's own words. Both travel the one path: rules, limits, retries, breakers, audit.
//! - [`RemoteMosaic`] is a [`Caller`](mosaic_core::op::Caller): the typed services work over a connection to another Mosaic.
//!
//! The tools of [`RemoteServers`] can be shown by a server of our own: see [`RemoteTools`].
//!
//! What a call that failed may have done is always told: nothing where its request did not leave, perhaps something where no
//! answer came. A call that is given up, by its deadline or by dropping it, is cancelled at the server.

mod answer;
mod board;
mod bounded;
mod config;
mod failure;
#[cfg(feature = "http")]
mod http;
mod link;
mod listener;
mod mark;
mod meta;
mod mosaic;
mod operation;
mod path;
#[cfg(feature = "stdio")]
mod process;
mod server;
mod servers;
mod session;
mod source;
mod text;
mod tool;

#[cfg(feature = "stdio")]
pub use config::CommandConfig;
#[cfg(feature = "http")]
pub use config::HttpServerConfig;
pub use config::{Handshake, RemoteConfig, Way};
pub use mosaic::RemoteMosaic;
pub use server::RemoteServer;
pub use servers::{RemoteFactory, RemoteServers, RemoteStanding};
pub use source::RemoteTools;
pub use tool::RemoteTool;
