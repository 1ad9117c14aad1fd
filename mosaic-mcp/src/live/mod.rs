//! Live connections for agents: gRPC and WebSocket, as services to mount.
//!
//! Both ask [`Door`] who calls and how often, and the one [`Desk`](crate::function::Desk) for everything else. Every call proves anew
//! who makes it, and a connection or a following that is open has its proof looked at every 30 seconds: one that was withdrawn, such as
//! an API key that was revoked, ends it.

mod door;
mod follow;
#[cfg(feature = "grpc")]
pub mod grpc;
mod guest;
#[cfg(feature = "http")]
pub mod socket;

pub use door::Door;
#[cfg(feature = "http")]
pub use socket::LiveSocket;
