//! Live connections for agents: gRPC and WebSocket, as services to mount.
//!
//! Both ask [`Door`] who calls, and the one [`Desk`](crate::function::Desk) for everything else.

mod door;
mod follow;
#[cfg(feature = "grpc")]
pub mod grpc;
#[cfg(feature = "http")]
pub mod socket;

pub use door::Door;
#[cfg(feature = "http")]
pub use socket::LiveSocket;
