//! The circuit breaker: rejects at once what would fail anyway, and learns from every attempt.

use std::sync::Arc;

use tokio::time::Instant;

use super::stream::{ending_with_error, wrap};
use crate::engine::view::Breakers;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result, Verdict};
use crate::op::Reply;
use crate::types::ProviderId;

pub(crate) struct Breaker<S> {
    pub(crate) inner: S,
    pub(crate) provider: ProviderId,
    pub(crate) breakers: Arc<Breakers>,
}

impl<S: Step> Step for Breaker<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let meta = call.meta();
        let (service, began) = (meta.service, call.now());
        let cell = &self.breakers[service.index()];
        let permit = match cell.ask(began) {
            Ok(permit) => permit,
            Err(wait) => {
                return Err(Error::new(
                    ErrorKind::CircuitOpen,
                    "its circuit breaker is open after repeated failures",
                )
                .retry_after(wait)
                .operation(meta.name)
                .provider(&self.provider));
            }
        };
        let ticket = permit.ticket();
        let mut result = self.inner.call(call).await;
        let changed = match &result {
            Ok(reply) => {
                permit.record(Verdict::Success, reply.report.elapsed, || began + reply.report.elapsed)
            }
            Err(error) => {
                let ended = Instant::now();
                permit.record(error.verdict(), ended.saturating_duration_since(began), || ended)
            }
        };
        if changed {
            let state = cell.state(Instant::now());
            tracing::info!(target: "mosaic::breaker", provider = %self.provider, %service, %state, "breaker changed");
        }
        // A stream that breaks off later is a failure too.
        wrap(&mut result, |stream| {
            let breakers = Arc::clone(&self.breakers);
            ending_with_error(stream, move |error| {
                if let (Some(ticket), Verdict::Failure) = (ticket, error.verdict()) {
                    breakers[service.index()].fail_afterwards(ticket, Instant::now());
                }
            })
        });
        result
    }
}
