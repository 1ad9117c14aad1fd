//! The way out: calls under way finish within their time, then the instance is stopped and disposed of.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::PluginManager;
use super::start::take_down;
use super::track::Track;
use crate::engine::instance::{Instance, TenureEnd};
use crate::error::Error;
use crate::orchestrator::DRAIN;
use crate::types::ProviderId;

/// How long calls have to notice that their time to finish is over.
const NOTICE: Duration = Duration::from_secs(1);

/// An instance that answers no new calls, and is stopping.
pub(super) struct Leaving {
    pub(super) track: Arc<Track>,
    pub(super) instance: Arc<Instance>,
    pub(super) end: Arc<TenureEnd>,
}

/// How an instance left.
///
/// ```
/// # use mosaic_core::orchestrator::Departure;
/// fn clean(departure: &Departure) -> bool {
///     departure.in_time && departure.error.is_none()
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Departure {
    /// The provider.
    pub provider: ProviderId,
    /// Which of its instances.
    pub generation: u64,
    /// Whether all calls that were inside ended by themselves. Where not, they ended with `Cancelled`.
    pub in_time: bool,
    /// Why it did not stop properly.
    pub error: Option<Error>,
}

/// A change that was made. Dropping it changes nothing: who leaves, leaves.
#[derive(Debug, Default)]
pub struct Applied {
    pub(super) leaving: Vec<oneshot::Receiver<Departure>>,
}

impl Applied {
    /// Waits until every instance that the change replaced or removed is disposed of, and says how each left.
    pub async fn settled(self) -> Vec<Departure> {
        let all = futures_util::future::join_all(self.leaving).await;
        // Who is missing was broken off with the runtime.
        all.into_iter().flatten().collect()
    }
}

/// Waits until nobody is inside; those who still are when `over` resolves are cut off. Gives whether nobody had to be.
async fn drain(end: &TenureEnd, over: impl Future<Output = ()>) -> bool {
    if let Either::Left(_) = select(pin!(end.left()), pin!(over)).await {
        return true;
    }
    let inside = end.cut();
    // Who is not polled does not notice, and meets the end whenever it is.
    let _ = timeout(NOTICE, end.left()).await;
    inside == 0
}

/// Cuts off who is still inside: their time is over.
pub(super) async fn cut_off(end: &TenureEnd) {
    drain(end, ready(())).await;
}

impl PluginManager {
    /// Lets an instance leave, as a task of its own. A shutdown leaves those inside no more time than it has.
    pub(super) fn see_off(&self, leaving: Leaving, limit: Duration) -> oneshot::Receiver<Departure> {
        let (tell, told) = oneshot::channel();
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let Leaving { track, instance, end } = leaving;
            let shutdown = async {
                stop.cancelled().await;
                sleep(DRAIN).await;
            };
            let over = async {
                select(pin!(sleep(limit)), pin!(shutdown)).await;
            };
            let in_time = drain(&end, over).await;
            let provider = track.provider.clone();
            if !in_time {
                tracing::warn!(
                    target: "mosaic::lifecycle", %provider, generation = instance.generation, "calls were cut off"
                );
            }
            let error = take_down(&track, &instance).await;
            let generation = instance.generation;
            // Nobody has to wait for it.
            let _ = tell.send(Departure { provider, generation, in_time, error });
        });
        told
    }
}
