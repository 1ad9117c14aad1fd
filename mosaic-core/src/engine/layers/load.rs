//! Counts calls in flight and learns the latency that balancing reads.

use std::ops::Deref;
use std::sync::Arc;

use tokio::time::Instant;

use super::stream::{holding, wrap};
use crate::engine::balance::LoadCell;
use crate::engine::{Call, Step};
use crate::error::{Result, Verdict};
use crate::op::Reply;

pub(crate) struct Load<S> {
    pub(crate) inner: S,
    pub(crate) load: Arc<LoadCell>,
}

/// One call in flight, for as long as somebody holds it.
struct InFlight<P: Deref<Target = LoadCell>>(P);

impl<P: Deref<Target = LoadCell>> InFlight<P> {
    #[inline]
    fn new(load: P) -> Self {
        load.enter();
        Self(load)
    }
}

impl<P: Deref<Target = LoadCell>> Drop for InFlight<P> {
    #[inline]
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl<S: Step> Step for Load<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        let in_flight = InFlight::new(&*self.load);
        let mut result = self.inner.call(call).await;
        let ended = Instant::now();
        let latency = ended.saturating_duration_since(call.now());
        match &mut result {
            Ok(reply) => {
                self.load.sample(latency, ended);
                reply.report.elapsed = latency;
            }
            // A refusal at once says nothing about how fast the provider works.
            Err(error) if error.verdict() == Verdict::Neutral => {}
            Err(_) => self.load.sample(latency, ended),
        }
        // An open stream is in flight until its end.
        wrap(&mut result, |stream| holding(stream, InFlight::new(Arc::clone(&self.load))));
        drop(in_flight);
        result
    }
}
