//! Counts calls in flight and learns the latency that balancing reads.

use std::ops::Deref;
use std::sync::Arc;

use tokio::time::Instant;

use super::stream::{holding, wrap};
use crate::engine::view::Provider;
use crate::engine::{Call, Step};
use crate::error::{Result, Verdict};
use crate::op::Reply;

pub(crate) struct Load<S> {
    pub(crate) inner: S,
    pub(crate) provider: Arc<Provider>,
}

/// One call in flight, for as long as somebody holds it.
struct InFlight<P: Deref<Target = Provider>>(P);

impl<P: Deref<Target = Provider>> InFlight<P> {
    #[inline]
    fn new(provider: P) -> Self {
        provider.load.enter();
        Self(provider)
    }
}

impl<P: Deref<Target = Provider>> Drop for InFlight<P> {
    #[inline]
    fn drop(&mut self) {
        self.0.load.leave();
    }
}

impl<S: Step> Step for Load<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let in_flight = InFlight::new(&*self.provider);
        let mut result = self.inner.call(call).await;
        let ended = Instant::now();
        let latency = ended.saturating_duration_since(call.now());
        match &mut result {
            Ok(reply) => {
                self.provider.load.sample(latency, ended);
                reply.report.elapsed = latency;
            }
            // A refusal at once says nothing about how fast the provider works.
            Err(error) if error.verdict() == Verdict::Neutral => {}
            Err(_) => self.provider.load.sample(latency, ended),
        }
        // An open stream is in flight until its end.
        wrap(&mut result, |stream| holding(stream, InFlight::new(Arc::clone(&self.provider))));
        drop(in_flight);
        result
    }
}
