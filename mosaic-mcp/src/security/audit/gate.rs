//! No write without an audit: what is asked before one.

use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::OpMeta;
use mosaic_core::ports::Authorizer;
use mosaic_core::types::Subject;
use tokio::sync::watch;
use tokio::time::timeout;

use super::Audit;
use crate::function::{Gate, Permission, Reach};

/// What happens to a write while the audit has no room for its record.
///
/// ```
/// use mosaic_mcp::security::audit::OnFull;
///
/// assert_eq!(OnFull::default(), OnFull::Refuse);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFull {
    /// It is refused.
    #[default]
    Refuse,
    /// It waits, and is refused where there is no room in that time.
    Wait(Duration),
}

/// Asks for room in the audit before every write, and then whoever else decides. Reads pass: only writes and denials are recorded.
/// An audit that is down has no room.
///
/// Three quarters of the queue may be taken when a write begins, and the rest is for those that are under way: no record is lost
/// while fewer calls than that are. The engine asks nobody about calls of the application itself; theirs may become a gap.
///
/// ```
/// # use mosaic_mcp::security::audit::Audit;
/// use mosaic_mcp::security::access::Access;
/// use mosaic_mcp::security::audit::{Audited, OnFull};
///
/// fn guarded(access: Access, audit: Audit) -> Audited<Access> {
///     Audited::new(access, audit, OnFull::Refuse)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Audited<G> {
    inner: G,
    audit: Audit,
    on_full: OnFull,
}

impl<G> Audited<G> {
    /// Asks the audit, then `inner`.
    pub fn new(inner: G, audit: Audit, on_full: OnFull) -> Self {
        Self { inner, audit, on_full }
    }

    async fn room(&self) -> Result<()> {
        if self.audit.has_room() {
            return Ok(());
        }
        if let OnFull::Wait(longest) = self.on_full
            && !self.audit.is_down()
        {
            let made = async {
                while !self.audit.has_room() {
                    self.audit.room().await;
                }
            };
            if timeout(longest, made).await.is_ok() {
                return Ok(());
            }
        }
        let error = Error::new(
            ErrorKind::PermissionDenied,
            "nothing is changed while the audit has no room to record it: try again later",
        );
        let error = error.refused();
        Err(match self.audit.failing() {
            Some(why) => error.source(why),
            None => error,
        })
    }
}

#[async_trait]
impl<G: Gate> Gate for Audited<G> {
    async fn allow(&self, cx: &CallContext, needed: Permission<'_>) -> Result<()> {
        self.inner.allow(cx, needed).await?;
        if needed.effect.is_read() { Ok(()) } else { self.room().await }
    }

    fn reach(&self, cx: &CallContext) -> Reach {
        self.inner.reach(cx)
    }

    fn changed(&self) -> Option<watch::Receiver<u64>> {
        self.inner.changed()
    }
}

#[async_trait]
impl<A: Authorizer> Authorizer for Audited<A> {
    async fn authorize(&self, cx: &CallContext, meta: &OpMeta, subject: Subject<'_>) -> Result<()> {
        self.inner.authorize(cx, meta, subject).await?;
        if meta.effect.is_read() { Ok(()) } else { self.room().await }
    }
}
