//! Reads what the ring misses from the store: once for all subscribers of the node.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::feed::Feed;
use crate::state::{StateStore, TopicFilter};

/// The most events of one question.
const PAGE: usize = 1_000;
/// How long it waits after the store did not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// Fills gaps until it is stopped.
pub(in crate::state) async fn fill(store: Arc<dyn StateStore>, feed: Arc<Feed>, stop: CancellationToken) {
    let work = async {
        loop {
            feed.missing().await;
            while let Some((after, until)) = feed.gap() {
                match store.events(&TopicFilter::all(), after, PAGE).await {
                    Ok(events) => {
                        let until = if events.len() < PAGE { until } else { after };
                        feed.fill(after, until, events);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "events of other nodes cannot be read; it is tried again");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    };
    let _: Option<Infallible> = stop.run_until_cancelled(work).await;
}
