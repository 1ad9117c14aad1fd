//! A probe: asks an instance how it is, off the path of calls, and writes it on the board that routing reads.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::timeout;

use super::instance::Instance;
use crate::plugin::HealthReport;
use crate::types::ProviderId;

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

/// Asks one instance now and writes its answer on its board.
pub(crate) async fn probe(provider: &ProviderId, instance: &Instance, limit: Duration) -> HealthReport {
    let asked = AssertUnwindSafe(instance.plugin.health()).catch_unwind();
    let report = match timeout(limit, asked).await {
        Ok(Ok(report)) => report,
        Ok(Err(_)) => HealthReport::unhealthy("the health check panicked"),
        Err(_) => HealthReport::unhealthy(format!("no answer to the health check within {limit:?}")),
    };
    let before = instance.health.set(&report);
    if before != report.status {
        tracing::info!(
            target: "mosaic::health", %provider, from = ?before, to = ?report.status,
            detail = report.detail.as_deref(), "health changed"
        );
    }
    report
}
