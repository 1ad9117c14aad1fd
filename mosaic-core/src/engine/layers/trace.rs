//! The outermost layer: gives the call its id, its view and its deadline, opens its span, counts how it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::stream::{in_span, wrap};
use crate::engine::observe::Metrics;
use crate::engine::view::View;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::op::{OpMeta, Reply};
use crate::types::RequestId;

pub(crate) struct Trace<S> {
    pub(crate) inner: S,
    pub(crate) door: Arc<Door>,
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
        let began = call.started;
        // Counted before the door is looked at: a shutdown that closes it sees either the call or nobody.
        let mut under_way = UnderWay::begin(self, meta);
        if self.door.closed.load(Ordering::SeqCst) {
            under_way.over = true;
            return Err(
                Error::new(ErrorKind::Lifecycle, "the orchestrator is shut down").operation(meta.name)
            );
        }
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
        under_way.over = true;
        if !span.is_disabled() {
            wrap(&mut result, |stream| in_span(stream, span.clone()));
        }
        match &mut result {
            Ok(reply) => reply.report.elapsed = elapsed,
            Err(error) => {
                span.in_scope(|| tracing::debug!(target: "mosaic::call", %error, ?elapsed, "call failed"));
            }
        }
        result.map_err(|error| error.operation(meta.name))
    }
}

/// Where calls come in: how many are under way, and whether more are taken.
#[derive(Debug, Default)]
pub(crate) struct Door {
    pub(crate) closed: AtomicBool,
    pub(crate) under_way: AtomicU64,
}

/// One call under way. Dropped before the call is over, it counts a caller that went away.
struct UnderWay<'a> {
    door: &'a Door,
    metrics: &'a Metrics,
    meta: &'static OpMeta,
    over: bool,
}

impl<'a> UnderWay<'a> {
    fn begin<S>(trace: &'a Trace<S>, meta: &'static OpMeta) -> Self {
        trace.door.under_way.fetch_add(1, Ordering::SeqCst);
        Self { door: &trace.door, metrics: &trace.metrics, meta, over: false }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.door.under_way.fetch_sub(1, Ordering::SeqCst);
        if !self.over {
            self.metrics.dropped(self.meta);
        }
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
