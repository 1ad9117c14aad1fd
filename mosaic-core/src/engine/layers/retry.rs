//! The only place that repeats: asks what the error-handling flow says, and spends the retry budget.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::context::Sent;
use crate::engine::breaker::BreakerState;
use crate::engine::instance::Instance;
use crate::engine::limit::RetryBudget;
use crate::engine::view::Provider;
use crate::engine::{Call, Step};
use crate::error::{Attempt, Delivery, Error, ErrorKind, Recovery, Result, Situation, fails_over, recovery};
use crate::op::Reply;

pub(crate) struct Retry<S> {
    pub(crate) inner: S,
    pub(crate) provider: Arc<Provider>,
    pub(crate) budget: Arc<RetryBudget>,
    pub(crate) instance: Arc<Instance>,
}

impl<S: Step> Step for Retry<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let credential = self.instance.refresh.generation();
        let result = if call.is_read() {
            self.inner.call(call).await
        } else {
            let attempt = self.begin(call.clone());
            self.inner.call(&attempt).await
        };
        match result {
            Ok(mut reply) => {
                self.budget.deposit();
                // It ran: should a layer above give the call up all the same, that is what is known.
                self.settle(call, true);
                reply.report.attempts = 1;
                Ok(reply)
            }
            // What follows is rare: out of line, so that the usual call carries none of it.
            Err(error) => Box::pin(self.recover(call.clone(), credential, error)).await,
        }
    }
}

impl<S: Step> Retry<S> {
    /// Marks the beginning of an attempt of a write.
    fn begin(&self, mut call: Call) -> Call {
        if !call.is_read() {
            let sent = Sent::new();
            if let Some(progress) = &call.progress {
                progress.begin(&sent, &self.provider.id);
            }
            call.cx = call.cx.for_attempt(Some(sent.clone()));
            call.sent = Some(sent);
        }
        call
    }

    fn settle(&self, call: &Call, may_have_run: bool) {
        if let Some(progress) = &call.progress {
            progress.end(may_have_run);
        }
    }

    async fn recover(&self, mut call: Call, mut credential: u64, mut error: Error) -> Result<Reply> {
        let config = &self.provider.config.retry;
        let meta = call.meta();
        let keyed = call.cx.key().is_some() && self.instance.info.honours_keys;
        let mut waits = config.backoff.waits(self.provider.seed ^ call.number);
        let (mut attempts, mut refreshed) = (1u32, false);
        let (mut worst, mut may_have_run) = (Delivery::NotSent, false);
        let mut trail: Vec<Attempt> = Vec::new();
        let mut telling = error.clone();
        loop {
            let ended = Instant::now();
            let elapsed = ended.saturating_duration_since(call.now());
            trail.push(Attempt::new(self.provider.id.clone(), error.kind(), error.delivered(), elapsed));
            worst = worst.max(error.delivered());
            may_have_run |= error.outcome() == crate::error::Outcome::Unknown;
            self.settle(&call, may_have_run);

            let left = call.cx.deadline().map_or(Duration::MAX, |at| at.saturating_duration_since(ended));
            let situation = Situation::new(error.kind(), meta.effect)
                .delivery(worst)
                .may_have_run(may_have_run)
                .keyed(keyed)
                .breaker_open(self.provider.breaker(meta.service).state(ended) == BreakerState::Open)
                .refreshed(refreshed)
                .attempts_left(attempts < config.attempts)
                .wait(error.wait(), left.min(config.longest_wait));
            let mut counts = true;
            let pause = match recovery(&situation) {
                Recovery::NextProvider | Recovery::Stop => None,
                Recovery::Backoff => waits.next().filter(|wait| *wait < left && self.budget.withdraw()),
                Recovery::Wait(wait) => {
                    // Nothing was asked of the provider: waiting for our own limiter is no retry.
                    counts = error.kind() != ErrorKind::Throttled;
                    (wait < left && (!counts || self.budget.withdraw())).then_some(wait)
                }
                Recovery::Refresh => {
                    refreshed = true;
                    match self.instance.refresh.run(&self.instance.plugin, credential).await {
                        Ok(()) => Some(Duration::ZERO),
                        Err(refusal) => {
                            if refusal.kind() != ErrorKind::Unsupported {
                                error = error.context("refresh", refusal);
                            }
                            None
                        }
                    }
                }
            };
            if error.kind().telling() >= telling.kind().telling() {
                telling = error.clone();
            }
            let Some(pause) = pause else {
                // The kind that tells most is reported; where the call goes follows from how the last attempt ended.
                let moves = fails_over(&situation);
                return Err(telling.worst(worst, may_have_run).moves(moves).trail(trail));
            };
            tracing::debug!(
                target: "mosaic::retry", provider = %self.provider.id, operation = meta.name, %error, ?pause, "trying again"
            );
            if !pause.is_zero() {
                sleep(pause).await;
            }
            if counts {
                attempts += 1;
                self.provider.counters.retries.fetch_add(1, Ordering::Relaxed);
            }
            call.restart();
            call = self.begin(call);
            credential = self.instance.refresh.generation();
            match self.inner.call(&call).await {
                Ok(mut reply) => {
                    self.settle(&call, true);
                    reply.report.attempts = attempts;
                    trail.append(&mut reply.report.trail);
                    reply.report.trail = trail;
                    return Ok(reply);
                }
                Err(next) => error = next,
            }
        }
    }
}
