//! The end of the path: the plugin itself. A panic in it becomes an error of the call.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::FutureExt as _;

use crate::context::Sent;
use crate::engine::view::Provider;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::op::Reply;
use crate::plugin::HandlerTable;

pub(crate) struct Leaf {
    provider: Arc<Provider>,
    handlers: HandlerTable,
}

impl Leaf {
    pub(crate) fn new(provider: Arc<Provider>) -> Self {
        let handlers = Arc::clone(&provider.plugin).handlers();
        Self { provider, handlers }
    }
}

impl Step for Leaf {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let sent = &call.sent;
        if let Some(sent) = sent
            && !self.provider.info.reports_delivery
        {
            sent.mark();
        }
        let counters = &self.provider.counters;
        counters.attempts.fetch_add(1, Ordering::Relaxed);
        let outcome = AssertUnwindSafe(self.handlers.call(&call.cx, &call.payload)).catch_unwind().await;
        let error = match outcome {
            Ok(Ok(mut reply)) => {
                reply.report.provider = Some(self.provider.id.clone());
                return Ok(reply);
            }
            Ok(Err(error)) => error,
            Err(panic) => Error::new(ErrorKind::Internal, format!("the plugin panicked: {}", words(&*panic))),
        };
        counters.failures.fetch_add(1, Ordering::Relaxed);
        let delivery = delivery(&error, sent.as_ref().is_none_or(Sent::marked));
        let refused = error.was_refused();
        let error = error.operation(call.meta().name).provider(&self.provider.id).delivery(delivery);
        Err(if refused { error.refused() } else { error })
    }
}

/// What is known of the delivery of a request whose attempt ended in this error.
fn delivery(error: &Error, sent: bool) -> Delivery {
    if !sent {
        return Delivery::NotSent;
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

/// The message of a panic, where it has one.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
