//! No answer without its record.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::{Caller, Payload, Reply};
use tokio::time::Instant;

use super::Audit;
use super::handle::full;
use crate::function::{in_time, unrecorded};

/// A caller that answers a write, and a denial, only when the audit has written what it was told of it.
///
/// The caller inside must tell the same audit, as an orchestra does that was built with it. Streams are answered when they are
/// open, and recorded when they end.
///
/// The audit does not say whose record was lost. Where one was, because its queue was full, no write that was under way is answered
/// as recorded. A denial stays one.
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
        let (began, lost) = (Instant::now(), self.audit.lost());
        let answer = self.inner.reply(cx, payload).await;
        let denied = answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied);
        if !write && !denied {
            return answer;
        }
        let flushed = in_time(cx, began, self.audit.flush()).await;
        let written = flushed.and_then(|()| if self.audit.lost() == lost { Ok(()) } else { Err(full()) });
        match (answer, written) {
            (Ok(_), Err(error)) => Err(unrecorded(error)),
            (answer, _) => answer,
        }
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
