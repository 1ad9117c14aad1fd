//! How calls are treated that take long.

use std::time::Duration;

/// When a call becomes a task of the protocol, for clients that say that they know those: they are answered with its id, and ask for
/// the result when they like. The call goes on where the connection breaks, for its caller alone, in the process that it began in: what
/// has to outlive that is a task of the backbone. Where calls are kept [in a state](super::McpServerBuilder::lasting_in), every process over
/// it answers for them, results of 8 MiB at most, and tells of one whose process is gone that it failed.
///
/// ```
/// use std::time::Duration;
/// use mosaic_mcp::surface::Lasting;
///
/// let lasting = Lasting::new().after(Duration::from_secs(2)).keep(Duration::from_secs(3_600)).most(8);
/// # let _ = lasting;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Lasting {
    pub(super) after: Duration,
    pub(super) keep: Duration,
    pub(super) most: usize,
}

impl Default for Lasting {
    fn default() -> Self {
        Self::new()
    }
}

impl Lasting {
    /// After 10 seconds, for 10 minutes, 32 of one caller.
    pub const fn new() -> Self {
        Self { after: Duration::from_secs(10), keep: Duration::from_secs(600), most: 32 }
    }

    /// How long a client waits for the result before it is answered with the id.
    pub const fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// How long such a call and its result are kept from then on; a day at most. A call that still runs is given up then.
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = time.min(Duration::from_secs(86_400));
        self
    }

    /// How many of one caller are kept; where there are as many, clients wait as if they knew no tasks. All callers together have
    /// 1,024, those of one tenant half of that; where calls are kept in a state, over all processes.
    pub const fn most(mut self, calls: usize) -> Self {
        self.most = calls;
        self
    }
}
