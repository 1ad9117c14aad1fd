//! The outermost layer: gives the call its id, its view and its deadline, opens its span, counts how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::engine::observe::Metrics;
use crate::engine::view::View;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Reply;
use crate::types::RequestId;

pub(crate) struct Trace<S> {
    pub(crate) inner: S,
    /// Whether no more calls are taken.
    pub(crate) closed: Arc<AtomicBool>,
    pub(crate) view: Arc<ArcSwap<View>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) seed: u64,
    pub(crate) calls: AtomicU64,
    /// The time of calls that set no limit.
    pub(crate) time_limit: Duration,
}

impl<S: Step> Trace<S> {
    async fn call(&self, mut call: Call) -> Result<Reply> {
        let meta = call.meta();
        if self.closed.load(Ordering::Acquire) {
            return Err(
                Error::new(ErrorKind::Lifecycle, "the orchestrator is shut down").operation(meta.name)
            );
        }
        let began = call.started;
        call.number = self.calls.fetch_add(1, Ordering::Relaxed);
        // A limit beyond what the clock can say is none.
        let deadline = began.checked_add(call.cx.limit().unwrap_or(self.time_limit));
        call.cx = call.cx.for_call(RequestId::from_parts(self.seed, call.number), deadline);
        call.view = Some(self.view.load_full());
        if !call.is_read() {
            // Whoever sees the call end from outside learns by it whether anything may have run.
            call.progress = Some(Arc::default());
        }
        let span = tracing::info_span!(
            target: "mosaic::call", "call", operation = meta.name, request = %call.cx.request_id(), tenant = %call.cx.tenant_id()
        );
        let mut result = if span.is_disabled() {
            self.inner.call(&call).await
        } else {
            self.inner.call(&call).instrument(span.clone()).await
        };
        let elapsed = Instant::now().saturating_duration_since(began);
        self.metrics.record(meta, &result, elapsed);
        match &mut result {
            Ok(reply) => reply.report.elapsed = elapsed,
            Err(error) => {
                span.in_scope(|| tracing::debug!(target: "mosaic::call", %error, ?elapsed, "call failed"));
            }
        }
        result.map_err(|error| error.operation(meta.name))
    }
}

/// The beginning of the path: takes a call over and answers it.
pub(crate) trait Enter: Send + Sync + 'static {
    fn enter<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<Reply>>;
}

impl<S: Step> Enter for Trace<S> {
    fn enter<'a>(&'a self, call: Call) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.call(call))
    }
}
