//! How a server is served over HTTP.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::{Authenticate, ConnectionOptions};
use crate::security::token::ProtectedResource;

/// How a server is served over HTTP. The defaults suit a server on this machine for programs of this machine.
///
/// ```
/// use std::time::Duration;
/// use mosaic_mcp::surface::HttpOptions;
///
/// let options = HttpOptions::new()
///     .hosts(["mcp.example.com"])
///     .origins(["https://app.example.com:443"])
///     .body_limit(256 * 1024)
///     .sessions(200, Duration::from_secs(120));
/// # let _ = options;
/// ```
#[derive(Clone)]
#[must_use]
pub struct HttpOptions {
    pub(super) authenticator: Option<Arc<dyn Authenticate>>,
    pub(super) protected: Option<ProtectedResource>,
    pub(super) path: String,
    pub(super) behind_tls: bool,
    pub(super) hosts: Vec<String>,
    pub(super) origins: Vec<String>,
    pub(super) body: usize,
    pub(super) body_time: Duration,
    pub(super) depth: usize,
    pub(super) sessions: usize,
    pub(super) idle: Duration,
    pub(super) sessions_each: usize,
    pub(super) rate: NonZeroU32,
    pub(super) burst: NonZeroU32,
    pub(super) at_once: usize,
    pub(super) connections: ConnectionOptions,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpOptions {
    /// The defaults, each named where it is changed.
    pub fn new() -> Self {
        let (rate, burst) = (NonZeroU32::MIN.saturating_add(999), NonZeroU32::MIN.saturating_add(1_999));
        Self {
            authenticator: None,
            protected: None,
            path: "/mcp".into(),
            behind_tls: false,
            hosts: ["localhost", "127.0.0.1", "::1"].map(Into::into).into(),
            origins: Vec::new(),
            body: 4 * 1024 * 1024,
            body_time: Duration::from_secs(30),
            depth: 64,
            sessions: 1_000,
            idle: Duration::from_secs(300),
            sessions_each: 256,
            rate,
            burst,
            at_once: 256,
            connections: ConnectionOptions::new(),
        }
    }

    /// Who finds out who sends a request. Without one every request acts as the server says by `acts_as`, which the helper that
    /// listens allows on loopback alone.
    pub fn authenticator(mut self, authenticator: impl Authenticate) -> Self {
        self.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// What clients without a token are told; nothing at first.
    pub fn protected_resource(mut self, resource: ProtectedResource) -> Self {
        self.protected = Some(resource);
        self
    }

    /// Where [`router`](super::McpHttp::router) puts the service; `/mcp` at first.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Says that whatever comes from other machines comes through something that speaks TLS with them, such as a proxy in front. A
    /// server that [requires TLS](crate::surface::McpServerBuilder::requires_tls) listens to other machines only then.
    pub const fn behind_tls(mut self) -> Self {
        self.behind_tls = true;
        self
    }

    /// The names under which clients reach it, with or without a port; those of loopback at first. A request for another
    /// host is refused with 403: a page of the web that made its name point here does not get through.
    pub fn hosts<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// The web origins whose pages may call it, such as `https://app.example.com:443`, or `http://localhost:*` for any port;
    /// none at first. A request with another `Origin` is refused with 403; programs that are no browsers send none.
    pub fn origins<S: Into<String>>(mut self, origins: impl IntoIterator<Item = S>) -> Self {
        self.origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// The most bytes of a request; 4 MiB at first. More is 413.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// How long the body of a request may take to arrive; 30 seconds at first. Longer is 408.
    pub const fn body_time(mut self, time: Duration) -> Self {
        self.body_time = time;
        self
    }

    /// How deep arrays and objects of a request may stand in each other; 64 at first. Deeper is 400.
    pub const fn depth_limit(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// How many sessions there are at most, and after which silence one ends; 1,000 and 5 minutes at first. One more is 503.
    /// Only clients that speak a protocol before that of 2026-07-28 have sessions.
    pub const fn sessions(mut self, most: usize, idle: Duration) -> Self {
        (self.sessions, self.idle) = (most, idle);
        self
    }

    /// How many of the sessions one principal may have; 256 at first. One more is 429.
    pub const fn sessions_each(mut self, most: usize) -> Self {
        self.sessions_each = most;
        self
    }

    /// How many requests a second one principal, and one address, may send in the long run, and how many at once after a
    /// silence; 1,000 and 2,000 at first. More is 429 with the time to wait.
    pub const fn rate(mut self, per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        (self.rate, self.burst) = (per_second, burst);
        self
    }

    /// How many requests of one principal, answers that are streams among them, are under way at a time; 256 at first. More
    /// is 429.
    pub const fn at_once(mut self, most: usize) -> Self {
        self.at_once = most;
        self
    }

    /// How the helper that listens keeps its connections.
    pub const fn connections(mut self, connections: ConnectionOptions) -> Self {
        self.connections = connections;
        self
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("authenticated", &self.authenticator.is_some())
            .field("path", &self.path)
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
