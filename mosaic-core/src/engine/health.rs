//! The prober: asks every provider how it is, off the path of calls, and writes it on the board that routing reads.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::view::{Provider, View};
use crate::plugin::HealthReport;

/// When providers are asked how they are.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::HealthConfig;
///
/// assert_eq!(HealthConfig::default().interval, Duration::from_secs(30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthConfig {
    /// How often; 30 s by default.
    pub interval: Duration,
    /// How long an answer may take before the provider counts as unhealthy; 5 s by default.
    pub timeout: Duration,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) }
    }
}

/// Asks all providers of the present view, again and again, until it is told to stop.
pub(crate) async fn probe_forever(view: Arc<ArcSwap<View>>, config: HealthConfig, stop: CancellationToken) {
    let mut ticks = interval(config.interval.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once; the start of each plugin asked it already.
    ticks.tick().await;
    loop {
        if stop.run_until_cancelled(ticks.tick()).await.is_none() {
            return;
        }
        let providers: Vec<_> = view.load().lanes.iter().map(|lane| Arc::clone(&lane.provider)).collect();
        let probes = join_all(providers.iter().map(|provider| probe(provider, config.timeout)));
        if stop.run_until_cancelled(probes).await.is_none() {
            return;
        }
    }
}

/// Asks one provider now and writes its answer on the board.
pub(crate) async fn probe(provider: &Provider, limit: Duration) -> HealthReport {
    // A plugin that panics here must not end the prober of all the others.
    let asked = AssertUnwindSafe(provider.plugin.health()).catch_unwind();
    let report = match timeout(limit, asked).await {
        Ok(Ok(report)) => report,
        Ok(Err(_)) => HealthReport::unhealthy("the health check panicked"),
        Err(_) => HealthReport::unhealthy(format!("no answer to the health check within {limit:?}")),
    };
    let before = provider.health.set(&report);
    if before != report.status {
        tracing::info!(
            target: "mosaic::health", provider = %provider.id, from = ?before, to = ?report.status,
            detail = report.detail.as_deref(), "health changed"
        );
    }
    report
}
