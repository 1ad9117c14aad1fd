//! The time that the whole call has, over all attempts and providers.

use std::pin::pin;

use crate::engine::time::until;
use crate::engine::{Call, Step};
use crate::error::{Delivery, Error, ErrorKind, Result};
use crate::op::Reply;

pub(crate) struct Deadline<S> {
    pub(crate) inner: S,
}

impl<S: Step> Step for Deadline<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let Some(deadline) = call.cx.deadline() else { return self.inner.call(call).await };
        let whole = pin!(self.inner.call(call));
        match until(|| deadline, whole).await {
            Ok(result) => result,
            Err(_) => {
                let limit = deadline.saturating_duration_since(call.started);
                let message = format!("the call did not end within {limit:?}");
                let may_have_run = call.progress.as_ref().is_none_or(|progress| progress.may_have_run());
                let delivery = if may_have_run { Delivery::Unknown } else { Delivery::NotSent };
                let error = Error::new(ErrorKind::DeadlineExceeded, message).delivery(delivery);
                Err(match call.progress.as_ref().and_then(|progress| progress.provider()) {
                    Some(provider) => error.provider(&provider),
                    None => error,
                })
            }
        }
    }
}
