//! Counts calls in flight and learns the latency that balancing reads.

use std::sync::Arc;

use tokio::time::Instant;

use super::stream::holding;
use crate::engine::view::Provider;
use crate::engine::{Call, Step};
use crate::error::{Result, Verdict};
use crate::op::Reply;

pub(crate) struct Load<S> {
    pub(crate) inner: S,
    pub(crate) provider: Arc<Provider>,
}

/// One call in flight, for as long as somebody holds it.
struct InFlight(Arc<Provider>);

impl InFlight {
    fn new(provider: &Arc<Provider>) -> Self {
        provider.load.enter();
        Self(Arc::clone(provider))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.load.leave();
    }
}

impl<S: Step> Step for Load<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let began = call.now;
        let in_flight = InFlight::new(&self.provider);
        let result = self.inner.call(call).await;
        let ended = Instant::now();
        let latency = ended.saturating_duration_since(began);
        match result {
            Ok(mut reply) => {
                self.provider.load.sample(latency, ended);
                reply.report.elapsed = latency;
                Ok(holding(reply, in_flight))
            }
            Err(error) => {
                // A refusal at once says nothing about how fast the provider works.
                if error.verdict() != Verdict::Neutral {
                    self.provider.load.sample(latency, ended);
                }
                Err(error)
            }
        }
    }
}
