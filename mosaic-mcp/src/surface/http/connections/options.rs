//! How connections are kept.

use std::time::Duration;

/// How the helper that listens keeps its connections. An application that mounts the service in a server of its own says so there.
///
/// ```
/// use std::time::Duration;
/// use mosaic_mcp::surface::{ConnectionOptions, HttpOptions};
///
/// let connections = ConnectionOptions::new().most(200).idle(Duration::from_secs(30));
/// let options = HttpOptions::new().connections(connections);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct ConnectionOptions {
    pub(super) most: usize,
    pub(super) head_time: Duration,
    pub(super) head: usize,
    pub(super) idle: Duration,
    pub(super) write_time: Duration,
    pub(super) stop_time: Duration,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl ConnectionOptions {
    /// The smallest bound on the head of a request.
    const LEAST_HEAD: usize = 8 * 1024;

    /// The defaults, each named where it is changed.
    pub const fn new() -> Self {
        Self {
            most: 1_024,
            head_time: Duration::from_secs(10),
            head: 64 * 1024,
            idle: Duration::from_secs(120),
            write_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(10),
        }
    }

    /// How many connections there are at most; 1,024 at first. For one more, the one that has been idle longest is closed; where
    /// none is idle the new one gets 503 and is closed.
    pub const fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// How long the head of a request may take, from the connection on for the first one, from its first byte on for others; 10
    /// seconds at first. Then the connection is closed.
    pub const fn head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// The most bytes of the head of a request, up to what the network brings in one piece with them; 64 KiB at first, 8 KiB at
    /// least. More is 431, and so are more than 100 headers.
    pub const fn head_limit(mut self, bytes: usize) -> Self {
        self.head = if bytes < Self::LEAST_HEAD { Self::LEAST_HEAD } else { bytes };
        self
    }

    /// How long a connection may stay without a request after one; 2 minutes at first, longer than clients keep theirs. Then it is
    /// closed.
    pub const fn idle(mut self, time: Duration) -> Self {
        self.idle = time;
        self
    }

    /// How long a client may take nothing of what is sent to it; 30 seconds at first. Then the connection is closed.
    pub const fn write_time(mut self, time: Duration) -> Self {
        self.write_time = time;
        self
    }

    /// How long requests under way may go on after the server was told to stop; 10 seconds at first. Then they are cut off.
    pub const fn stop_time(mut self, time: Duration) -> Self {
        self.stop_time = time;
        self
    }
}
