//! The end of the path: the plugin itself. A panic in it becomes an error of the call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::{FutureExt as _, StreamExt as _};

use super::stream::wrap;
use crate::context::Sent;
use crate::engine::instance::Instance;
use crate::engine::observe::ProviderCounters;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Outcome, Result};
use crate::op::{Reply, ReplyStream};
use crate::types::ProviderId;

pub(crate) struct Leaf {
    pub(crate) provider: ProviderId,
    pub(crate) instance: Arc<Instance>,
    pub(crate) counters: Arc<ProviderCounters>,
}

impl Step for Leaf {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let sent = &call.sent;
        if let Some(sent) = sent
            && !self.instance.info.reports_delivery
        {
            sent.mark();
        }
        let counters = &*self.counters;
        counters.attempts.fetch_add(1, Ordering::Relaxed);
        let outcome =
            AssertUnwindSafe(self.instance.handlers.call(&call.cx, &call.payload)).catch_unwind().await;
        let error = match outcome {
            Ok(Ok(mut reply)) => {
                reply.report.provider = Some(self.provider.clone());
                let mut result = Ok(reply);
                wrap(&mut result, unwinding);
                return result;
            }
            Ok(Err(error)) => error,
            Err(panic) => panicked(&*panic),
        };
        counters.failures.fetch_add(1, Ordering::Relaxed);
        let delivery = delivery(&error, sent.as_ref().is_none_or(Sent::marked));
        let (refused, ran) = (error.was_refused(), error.outcome() == Outcome::Unknown);
        let error = error.operation(call.meta().name).provider(&self.provider).delivery(delivery);
        // A plugin that made one step of several knows more than the kind of what stopped it.
        Err(match (refused, ran) {
            (true, _) => error.refused(),
            (false, true) => error.worst(delivery, true),
            (false, false) => error,
        })
    }
}

/// What is known of the delivery of a request whose attempt ended in this error.
fn delivery(error: &Error, sent: bool) -> Delivery {
    if !sent {
        // A plugin that says more than its mark is believed.
        return error.delivered();
    }
    let told = match error.kind() {
        // These come instead of an answer.
        ErrorKind::Network | ErrorKind::Timeout | ErrorKind::Cancelled | ErrorKind::DeadlineExceeded => {
            Delivery::Unknown
        }
        ErrorKind::Internal => Delivery::Unknown,
        _ => Delivery::Answered,
    };
    told.max(error.delivered())
}

/// A stream whose panics become its last error.
fn unwinding(stream: ReplyStream) -> ReplyStream {
    Box::pin(
        AssertUnwindSafe(stream)
            .catch_unwind()
            .map(|item| item.unwrap_or_else(|panic| Err(panicked(&*panic)))),
    )
}

/// The error of a panic. What it says may hold anything, so it stands beside the message and not in it.
fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    Error::new(ErrorKind::Internal, "the plugin panicked").context("panic", words(panic))
}

/// The message of a panic, where it has one.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
