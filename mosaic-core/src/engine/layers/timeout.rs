//! The time limit of one attempt: its own, or what is left of the whole call where that is less.

use std::pin::pin;
use std::sync::Arc;

use super::stream::{with_idle_limit, wrap};
use crate::context::Sent;
use crate::engine::time::until;
use crate::engine::view::Provider;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::op::Reply;

pub(crate) struct Timeout<S> {
    pub(crate) inner: S,
    pub(crate) provider: Arc<Provider>,
}

impl<S: Step> Step for Timeout<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let limit = self.provider.config.timeout;
        let until_when = || match call.cx.deadline() {
            Some(whole) => whole.min(call.now() + limit),
            None => call.now() + limit,
        };
        let attempt = pin!(self.inner.call(call));
        match until(until_when, attempt).await {
            Ok(mut result) => {
                let idle = self.provider.config.idle_timeout;
                wrap(&mut result, |stream| with_idle_limit(stream, idle, call.meta().name));
                result
            }
            Err(_) => {
                let error = if call.cx.deadline().is_some_and(|whole| whole < call.now() + limit) {
                    Error::new(ErrorKind::DeadlineExceeded, "the time of the call was over during an attempt")
                } else {
                    Error::new(ErrorKind::Timeout, format!("no answer within {limit:?}"))
                };
                // A read has no mark, and needs none.
                let marked = call.sent.as_ref().is_none_or(Sent::marked);
                let delivery = if marked { Delivery::Unknown } else { Delivery::NotSent };
                Err(error.operation(call.meta().name).provider(&self.provider.id).delivery(delivery))
            }
        }
    }
}
