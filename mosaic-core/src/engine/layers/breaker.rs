//! The circuit breaker: rejects at once what would fail anyway, and learns from every attempt.

use std::sync::Arc;

use tokio::time::Instant;

use super::stream::{ending_with_error, wrap};
use crate::engine::breaker::BreakerState;
use crate::engine::shift::Shifts;
use crate::engine::view::Breakers;
use crate::engine::{Call, Step};
use crate::error::{Error, ErrorKind, Result, Verdict};
use crate::op::Reply;
use crate::types::{ProviderId, ServiceKind};

pub(crate) struct Breaker<S> {
    pub(crate) inner: S,
    pub(crate) provider: ProviderId,
    pub(crate) breakers: Arc<Breakers>,
    pub(crate) shifts: Shifts,
}

fn tell(shifts: &Shifts, provider: &ProviderId, service: ServiceKind, state: BreakerState) {
    tracing::info!(target: "mosaic::breaker", %provider, %service, %state, "breaker changed");
    shifts.tell(provider);
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
            tell(&self.shifts, &self.provider, service, cell.state(Instant::now()));
        }
        // A stream that breaks off later is a failure too.
        wrap(&mut result, |stream| {
            let (breakers, shifts) = (Arc::clone(&self.breakers), self.shifts.clone());
            let provider = self.provider.clone();
            ending_with_error(stream, move |error| {
                let (Some(ticket), Verdict::Failure) = (ticket, error.verdict()) else { return };
                let (cell, now) = (&breakers[service.index()], Instant::now());
                if cell.fail_afterwards(ticket, now) {
                    tell(&shifts, &provider, service, cell.state(now));
                }
            })
        });
        result
    }
}
