//! What a server over HTTP has under way.

/// What a server over HTTP has under way, to be shown in an application's metrics; from [`McpHttp::load`](super::McpHttp::load).
///
/// ```
/// use mosaic_mcp::surface::{HttpOptions, McpServer};
///
/// fn is_idle(server: &McpServer) -> mosaic_core::Result<bool> {
///     let load = server.http(HttpOptions::new())?.load();
///     Ok(load.requests == 0 && load.sessions == 0)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpLoad {
    /// Connections of the helper that listens, WebSockets among them; 0 where the service is mounted in another server.
    pub connections: usize,
    /// Requests under way, answers that are streams among them.
    pub requests: usize,
    /// Sessions of clients that have one.
    pub sessions: usize,
}
