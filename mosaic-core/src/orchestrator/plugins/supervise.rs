//! Supervision: asks instances how they are, hears that they failed, and restarts them.
//!
//! A call that fails is the breaker's matter: it counts, rejects and tries again by itself, and the instance stays. An
//! instance that says it can work no more is the matter of this file: no call reaches it any more, and it is restarted.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::PluginManager;
use super::change::Settings;
use crate::engine::health::probe;
use crate::engine::instance::Instance;
use crate::engine::limit::BackoffConfig;
use crate::engine::shift::Shifts;
use crate::error::{Error, ErrorKind};
use crate::plugin::HealthStatus;
use crate::types::ProviderId;

/// What is done about instances that fail.
///
/// ```
/// use mosaic_core::orchestrator::SupervisionConfig;
///
/// let config = SupervisionConfig { unhealthy_probes: Some(10), ..SupervisionConfig::default() };
/// assert_eq!(config.attempts, 10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupervisionConfig {
    /// After so many health checks in a row that say "unhealthy" an instance counts as failed. By default never: that its
    /// backend is down is nothing that a restart mends, and routing knows of it.
    pub unhealthy_probes: Option<u32>,
    /// How many failures within `window`, at work and in restarts together, until it is given up with the next; 10 by default.
    pub attempts: u32,
    /// The time in which they are counted; 30 min by default. Who worked for so long begins with the shortest wait again.
    pub window: Duration,
    /// The waits before restarts; from 1 s to 5 min, with jitter, by default.
    pub backoff: BackoffConfig,
}

impl Default for SupervisionConfig {
    fn default() -> Self {
        Self {
            unhealthy_probes: None,
            attempts: 10,
            window: Duration::from_secs(30 * 60),
            backoff: BackoffConfig {
                first: Duration::from_secs(1),
                longest: Duration::from_secs(300),
                jitter: true,
            },
        }
    }
}

/// The failures of one slot, and what follows from the next.
#[derive(Debug, Default)]
pub(super) struct RestartPlan {
    failures: VecDeque<Instant>,
    /// Failures since the waits began with the shortest.
    in_a_row: u32,
}

impl RestartPlan {
    /// Whether the next failure is one too many.
    pub(super) fn exhausted(&mut self, config: &SupervisionConfig, now: Instant) -> bool {
        while self.failures.front().is_some_and(|at| now.saturating_duration_since(*at) > config.window) {
            self.failures.pop_front();
        }
        self.failures.len() >= config.attempts as usize
    }

    /// The instance failed: how long to wait before it is restarted, or nothing where it is given up.
    pub(super) fn failed(&mut self, config: &SupervisionConfig, seed: u64, now: Instant) -> Option<Duration> {
        if self.exhausted(config, now) {
            return None;
        }
        if self.failures.is_empty() {
            self.in_a_row = 0;
        }
        self.failures.push_back(now);
        self.in_a_row += 1;
        config.backoff.waits(seed).nth(self.in_a_row as usize - 1).or(Some(config.backoff.longest))
    }
}

impl PluginManager {
    /// Begins to watch the instance that answers in a slot. Ends with the token.
    pub(super) fn watch(
        self: &Arc<Self>,
        id: &ProviderId,
        instance: &Arc<Instance>,
        settings: &Settings,
    ) -> CancellationToken {
        let token = self.stop.child_token();
        let watching = Arc::clone(self).watch_until_it_fails(
            id.clone(),
            Arc::clone(instance),
            settings.clone(),
            token.clone(),
        );
        self.tasks.spawn(watching);
        token
    }

    async fn watch_until_it_fails(
        self: Arc<Self>,
        id: ProviderId,
        instance: Arc<Instance>,
        settings: Settings,
        token: CancellationToken,
    ) {
        let why = {
            let told = async {
                let failed = AssertUnwindSafe(instance.plugin.failed()).catch_unwind().await;
                failed.unwrap_or_else(|_| {
                    Error::new(ErrorKind::Lifecycle, "asked whether it failed, it panicked")
                })
            };
            let probed = probe_until_it_fails(&id, &instance, &settings, &self.shifts);
            match token.run_until_cancelled(select(pin!(told), pin!(probed))).await {
                None => return,
                Some(Either::Left((why, _)) | Either::Right((why, _))) => why.provider(&id),
            }
        };
        tracing::warn!(target: "mosaic::lifecycle", provider = %id, generation = instance.generation, %why, "instance failed");
        let mut wait = self.fail(&id, &instance, why).await;
        while let Some(time) = wait {
            if self.stop.run_until_cancelled(tokio::time::sleep(time)).await.is_none() {
                return;
            }
            wait = self.restart(&id, &instance).await;
        }
    }
}

/// Asks again and again how the instance is. Resolves when its answers make it count as failed.
async fn probe_until_it_fails(
    id: &ProviderId,
    instance: &Instance,
    settings: &Settings,
    shifts: &Shifts,
) -> Error {
    let every = settings.health.interval.max(Duration::from_millis(1));
    // The start asked it already.
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unhealthy = 0;
    loop {
        ticks.tick().await;
        let before = instance.health.report();
        let report = probe(id, instance, settings.health.timeout).await;
        if before != (report.status, report.detail.clone()) {
            shifts.tell(id);
        }
        unhealthy = if report.status == HealthStatus::Unhealthy { unhealthy + 1 } else { 0 };
        if settings.supervision.unhealthy_probes.is_some_and(|most| unhealthy >= most.max(1)) {
            let detail = report.detail.unwrap_or_else(|| "it gave no reason".into());
            let message = format!("{unhealthy} health checks in a row failed: {detail}");
            return Error::new(ErrorKind::Lifecycle, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_until_it_is_given_up_and_a_quiet_window_forgives() {
        let config = SupervisionConfig {
            attempts: 3,
            window: Duration::from_secs(100),
            backoff: BackoffConfig { jitter: false, ..SupervisionConfig::default().backoff },
            ..SupervisionConfig::default()
        };
        let (mut plan, start) = (RestartPlan::default(), Instant::now());
        let mut failed =
            |after| plan.failed(&config, 0, start + Duration::from_secs(after)).map(|wait| wait.as_secs());
        assert_eq!([failed(0), failed(10), failed(20)], [Some(1), Some(2), Some(4)]);
        assert_eq!(failed(30), None, "the fourth within the window");
        assert_eq!(failed(101), Some(8), "the first is forgotten");
        assert_eq!(failed(500), Some(1), "all are forgotten");
    }
}
