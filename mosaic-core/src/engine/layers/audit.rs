//! The record of what was done and what was denied, also of calls whose caller went away.

use std::sync::Arc;

use tokio::time::Instant;

use crate::engine::call::Progress;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::op::Reply;
use crate::ports::{AuditOutcome, AuditRecord, AuditSink};

pub(crate) struct Audit<S> {
    pub(crate) inner: S,
    pub(crate) sink: Option<Arc<dyn AuditSink>>,
}

/// Writes the record when the call is over, or when it is dropped before.
struct Pending<'a> {
    sink: &'a dyn AuditSink,
    record: Option<AuditRecord>,
    progress: Option<Arc<Progress>>,
    began: Instant,
}

impl Pending<'_> {
    fn finish(&mut self, outcome: AuditOutcome, provider: Option<crate::types::ProviderId>) {
        let Some(mut record) = self.record.take() else { return };
        record.outcome = outcome;
        record.provider =
            provider.or_else(|| self.progress.as_ref().and_then(|progress| progress.provider()));
        record.elapsed = Instant::now().saturating_duration_since(self.began);
        self.sink.record(record);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let may_have_run = self.progress.as_ref().is_some_and(|progress| progress.may_have_run());
        let outcome = if may_have_run { Outcome::Unknown } else { Outcome::NotMade };
        self.finish(AuditOutcome::Dropped { outcome }, None);
    }
}

impl<S: Step> Step for Audit<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let write = !call.is_read();
        let Some(sink) = &self.sink else { return self.inner.call(call).await };
        let record = |call: &Call| AuditRecord {
            request: call.cx.request_id(),
            tenant: call.cx.tenant_id().clone(),
            principal: call.cx.caller().clone(),
            operation: call.meta().name,
            subject: call.payload.subject().to_string(),
            provider: None,
            outcome: AuditOutcome::Denied,
            elapsed: std::time::Duration::ZERO,
        };
        if write {
            let mut pending = Pending {
                sink: &**sink,
                record: Some(record(call)),
                progress: call.progress.clone(),
                began: call.started,
            };
            let result = self.inner.call(call).await;
            match &result {
                Ok(reply) => pending.finish(AuditOutcome::Made, reply.report.provider.clone()),
                Err(error) => pending.finish(failed(error), error.provider_id().cloned()),
            }
            return result;
        }
        // Of reads only denials are kept.
        let result = self.inner.call(call).await;
        if let Err(error) = &result
            && denied(error)
        {
            let elapsed = Instant::now().saturating_duration_since(call.started);
            sink.record(AuditRecord { elapsed, provider: error.provider_id().cloned(), ..record(call) });
        }
        result
    }
}

fn denied(error: &Error) -> bool {
    // What a provider answers is no denial of ours.
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::QuotaExceeded)
        && error.provider_id().is_none()
}

fn failed(error: &Error) -> AuditOutcome {
    // A denial after an attempt that may have run is no proof that nothing was done.
    if denied(error) && error.outcome() == Outcome::NotMade {
        AuditOutcome::Denied
    } else {
        AuditOutcome::Failed { kind: error.kind(), outcome: error.outcome() }
    }
}
