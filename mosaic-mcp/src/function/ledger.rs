//! An audit that can be waited for: no answer without its record.

use futures_util::future::BoxFuture;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::ports::AuditRecord;
use tokio::time::{Instant, timeout};

/// Keeps records of writes and denials, and says when each is kept; [`Audit`](crate::security::audit::Audit) is one.
///
/// ```
/// use futures_util::future::BoxFuture;
/// use mosaic_core::error::Result;
/// use mosaic_core::ports::AuditRecord;
/// use mosaic_mcp::function::Ledger;
///
/// struct Printed;
/// impl Ledger for Printed {
///     fn enter(&self, record: AuditRecord) -> BoxFuture<'static, Result<()>> {
///         println!("{} {}", record.operation, record.subject);
///         Box::pin(async { Ok(()) })
///     }
///     fn lost(&self) -> u64 {
///         0
///     }
///     fn settled(&self) -> BoxFuture<'static, Result<()>> {
///         Box::pin(async { Ok(()) })
///     }
/// }
/// ```
pub trait Ledger: Send + Sync + 'static {
    /// Takes a record at once, and gives what ends when it survives a crash. It is kept whether somebody waits for that or not.
    fn enter(&self, record: AuditRecord) -> BoxFuture<'static, Result<()>>;

    /// How many records it could not take so far, whoever told them: with [`settled`](Self::settled), for those who wait for what
    /// others told.
    fn lost(&self) -> u64;

    /// Gives what ends when all that it was told before survives a crash, except what was [`lost`](Self::lost).
    fn settled(&self) -> BoxFuture<'static, Result<()>>;
}

/// Waits for a record as long as the caller of a call, which began at that time, has time left.
pub(crate) async fn in_time(
    cx: &CallContext,
    began: Instant,
    written: impl Future<Output = Result<()>>,
) -> Result<()> {
    match cx.limit() {
        None => written.await,
        Some(limit) => timeout(limit.saturating_sub(began.elapsed()), written).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::DeadlineExceeded, "the audit has not written the record in time"))
        }),
    }
}

/// The error of a call that was made, and whose record is not written.
pub(crate) fn unrecorded(error: Error) -> Error {
    let message = "the call was made, and its audit record is not written: look at what became of it before calling again";
    Error::new(error.kind(), message).source(error).after_a_step()
}
