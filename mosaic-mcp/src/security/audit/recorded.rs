//! No answer without its record.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::{Caller, Payload, Reply};
use tokio::time::Instant;

use super::Audit;
use crate::function::{in_time, unrecorded};

/// A caller that answers a write, and a denial, only when the audit has written what it was told of it.
///
/// The caller inside must tell the same audit, as an orchestra does that was built with it. Streams are answered when they are
/// open, and recorded when they end.
///
/// ```
/// use mosaic_core::op::Caller;
/// use mosaic_mcp::security::audit::{Audit, Recorded};
///
/// fn strict<C: Caller>(mosaic: C, audit: &Audit) -> Recorded<C> {
///     Recorded::new(mosaic, audit.clone())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Recorded<C> {
    inner: C,
    audit: Audit,
}

impl<C> Recorded<C> {
    /// Over a caller that tells this audit.
    pub fn new(inner: C, audit: Audit) -> Self {
        Self { inner, audit }
    }
}

impl<C: Caller> Caller for Recorded<C> {
    /// # Errors
    /// Those of the caller inside; where it made a write whose record is not written, an error that says so.
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        let write = !payload.meta().effect.is_read();
        let began = Instant::now();
        let answer = self.inner.reply(cx, payload).await;
        let denied = answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
        if !write && !denied {
            return answer;
        }
        match (answer, in_time(cx, began, self.audit.flush()).await) {
            (Ok(_), Err(error)) => Err(unrecorded(error)),
            (answer, _) => answer,
        }
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
