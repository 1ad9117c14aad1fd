//! The time that the whole call has, over all attempts and providers.

use std::time::Duration;

use crate::engine::time::until;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::op::Reply;

pub(crate) struct Deadline<S> {
    pub(crate) inner: S,
    pub(crate) default: Duration,
}

impl<S: Step> Step for Deadline<S> {
    async fn call(&self, mut call: Call) -> Result<Reply> {
        let name = call.meta().name;
        let limit = call.cx.limit().unwrap_or(self.default);
        // A limit beyond what the clock can say is none.
        let Some(deadline) = call.started.checked_add(limit) else { return self.inner.call(call).await };
        let request = call.cx.request_id();
        call.cx = call.cx.for_call(request, Some(deadline));
        let progress = call.progress.clone();
        match until(|| deadline, self.inner.call(call)).await {
            Ok(result) => result,
            Err(_) => {
                let error =
                    Error::new(ErrorKind::DeadlineExceeded, format!("the call did not end within {limit:?}"));
                let may_have_run = progress.as_ref().is_none_or(|progress| progress.may_have_run());
                let delivery = if may_have_run { Delivery::Unknown } else { Delivery::NotSent };
                let error = error.operation(name).delivery(delivery);
                Err(match progress.and_then(|progress| progress.provider()) {
                    Some(provider) => error.provider(&provider),
                    None => error,
                })
            }
        }
    }
}
