//! Client-side limits: the rate and the calls at once that one provider is asked for.

use std::sync::Arc;

use super::stream::{holding, wrap};
use crate::engine::limit::Limiter;
use crate::engine::{Call, Step};
use crate::error::{Error, Result};
use crate::op::Reply;
use crate::types::ProviderId;

pub(crate) struct Limit<S> {
    pub(crate) inner: S,
    pub(crate) provider: ProviderId,
    pub(crate) limiter: Arc<Limiter>,
}

impl<S: Step> Step for Limit<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let meta = call.meta();
        let limiter = &*self.limiter;
        let named = |error: Error| error.operation(meta.name).provider(&self.provider);
        let turn = limiter.turn().await.map_err(named)?;
        limiter.check(meta.cost).map_err(named)?;
        if turn.waited {
            call.restart();
        }
        let mut result = self.inner.call(call).await;
        wrap(&mut result, |stream| holding(stream, turn.into_owned()));
        result
    }
}
