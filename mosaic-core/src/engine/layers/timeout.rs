//! The time limit of one attempt: its own, or what is left of the whole call where that is less.

use std::sync::Arc;

use super::stream::with_idle_limit;
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
        let name = call.meta().name;
        let limit = self.provider.config.timeout;
        let (own, whole) = (call.now + limit, call.cx.deadline());
        let deadline = whole.map_or(own, |whole| whole.min(own));
        match until(|| deadline, self.inner.call(call)).await {
            Ok(Ok(reply)) => Ok(with_idle_limit(reply, self.provider.config.idle_timeout, name)),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let error = if whole.is_some_and(|whole| whole < own) {
                    Error::new(ErrorKind::DeadlineExceeded, "the time of the call was over during an attempt")
                } else {
                    Error::new(ErrorKind::Timeout, format!("no answer within {limit:?}"))
                };
                // A read has no mark, and needs none.
                let marked = call.sent.as_ref().is_none_or(Sent::marked);
                let delivery = if marked { Delivery::Unknown } else { Delivery::NotSent };
                Err(error.operation(name).provider(&self.provider.id).delivery(delivery))
            }
        }
    }
}
