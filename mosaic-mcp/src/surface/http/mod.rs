//! The server over HTTP: a service to mount, with the checks in front of it.
//!
//! A request passes, in this order: the limit of requests of its address; authentication; the limits of its principal, of
//! requests and of requests at a time; the size, the time and the depth of its body; the bound on sessions, and whether the
//! session is its own; `Host` and `Origin`; the protocol.

use mosaic_core::context::CallContext;

mod authenticate;
mod body;
mod connections;
mod holding;
mod listen;
mod load;
mod options;
mod proof;
mod refuse;
mod service;
mod sessions;
mod unrepeated;

pub use authenticate::Authenticate;
pub use connections::ConnectionOptions;
pub use load::HttpLoad;
pub use options::HttpOptions;
pub use service::McpHttp;

/// As whom a request acts that was let in. Nobody outside can make one.
#[derive(Clone)]
pub(super) struct LetIn(pub(super) CallContext);
