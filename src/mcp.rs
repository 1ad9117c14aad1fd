//! Mosaic for agents: everything of `mosaic-mcp`, and its server over an orchestrator.

mod providers;

pub use mosaic_mcp::*;

pub use self::providers::Providers;
use crate::Mosaic;
use mosaic_mcp::surface::{McpServer, McpServerBuilder};

/// A server with every operation as a tool, and the providers and their health among its resources.
///
/// ```
/// use mosaic::context::CallContext;
/// use mosaic::mcp::surface::McpServer;
/// use mosaic::prelude::*;
///
/// fn for_this_program(mosaic: &Mosaic) -> mosaic::Result<McpServer> {
///     // Whoever starts this program may do what the program may do.
///     mosaic::mcp::server(mosaic).acts_as(CallContext::new()).build()
/// }
/// ```
pub fn server(mosaic: &Mosaic) -> McpServerBuilder {
    McpServer::over(mosaic.clone()).resources(Providers::new(mosaic))
}
