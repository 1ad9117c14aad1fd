//! What a call keeps from its beginning to its end: the rules and providers of one moment, and the boards they share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use parking_lot::Mutex;
use tokio::time::Instant;

use super::balance::LoadCell;
use super::breaker::{BreakerCell, BreakerConfig, BreakerState};
use super::config::ProviderConfig;
use super::limit::{Limiter, RetryBudget};
use super::observe::ProviderCounters;
use super::refresh::Refresh;
use super::route::{Boards, Member, RuleBook, Standing};
use super::step::BoxStep;
use crate::plugin::{HealthReport, HealthStatus, Plugin, PluginInfo};
use crate::types::{ProviderId, ServiceKind};

/// The rules and providers of one moment. Replaced as a whole; a call keeps the one it began with.
pub(crate) struct View {
    /// Differs from that of every other view of the orchestrator.
    pub(crate) epoch: u64,
    pub(crate) rules: RuleBook,
    pub(crate) lanes: Vec<Lane>,
}

/// One provider and the way to it.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) provider: Arc<Provider>,
    pub(crate) step: BoxStep,
}

/// Everything that all calls to one provider share. Survives a change of rules.
pub(crate) struct Provider {
    pub(crate) id: ProviderId,
    pub(crate) info: PluginInfo,
    pub(crate) plugin: Arc<dyn Plugin>,
    pub(crate) config: ProviderConfig,
    pub(crate) breakers: [BreakerCell; ServiceKind::ALL.len()],
    pub(crate) load: LoadCell,
    pub(crate) limiter: Limiter,
    pub(crate) budget: RetryBudget,
    pub(crate) refresh: Refresh,
    pub(crate) health: HealthCell,
    pub(crate) counters: ProviderCounters,
    /// What the jitter of its waits follows from.
    pub(crate) seed: u64,
}

impl Provider {
    /// A provider whose boards count from `now` and whose random choices follow from `seed`; both the same for all of an
    /// orchestrator.
    pub(crate) fn new(
        id: ProviderId,
        plugin: Arc<dyn Plugin>,
        config: ProviderConfig,
        now: Instant,
        seed: u64,
    ) -> Self {
        let breaker = |_| BreakerCell::new(BreakerConfig { ..config.breaker }, now);
        Self {
            info: plugin.info().clone(),
            breakers: std::array::from_fn(breaker),
            load: LoadCell::new(now),
            limiter: Limiter::new(config.limits),
            budget: RetryBudget::new(config.retry.budget),
            refresh: Refresh::default(),
            health: HealthCell::default(),
            counters: ProviderCounters::default(),
            seed,
            id,
            plugin,
            config,
        }
    }

    /// What routing knows of it.
    pub(crate) fn member(&self) -> Member {
        let mut member = Member::new(self.id.clone(), self.info.operations);
        member.weight = self.config.weight;
        member.region = self.config.region;
        member.cost = self.config.cost;
        member.concurrency = self.config.limits.concurrency;
        member
    }

    pub(crate) fn breaker(&self, service: ServiceKind) -> &BreakerCell {
        &self.breakers[service.index()]
    }

    fn standing(&self, service: ServiceKind, now: Instant) -> Standing {
        if self.breaker(service).state(now) == BreakerState::Open {
            return Standing::Rejecting;
        }
        match self.health.status() {
            HealthStatus::Unhealthy => Standing::Unhealthy,
            HealthStatus::Degraded => Standing::Degraded,
            HealthStatus::Unknown | HealthStatus::Healthy => Standing::Good,
        }
    }
}

impl Boards for View {
    #[inline]
    fn standing(&self, provider: usize, service: ServiceKind, now: Instant) -> Standing {
        self.lanes[provider].provider.standing(service, now)
    }

    fn load(&self, provider: usize) -> &LoadCell {
        &self.lanes[provider].provider.load
    }
}

/// The last word of a provider's health check.
#[derive(Debug, Default)]
pub(crate) struct HealthCell {
    status: AtomicU8,
    detail: Mutex<Option<String>>,
}

const STATUSES: [HealthStatus; 4] =
    [HealthStatus::Unknown, HealthStatus::Healthy, HealthStatus::Degraded, HealthStatus::Unhealthy];

impl HealthCell {
    #[inline]
    pub(crate) fn status(&self) -> HealthStatus {
        STATUSES[usize::from(self.status.load(Ordering::Acquire)) % STATUSES.len()]
    }

    /// Takes a report; gives the status before it.
    pub(crate) fn set(&self, report: &HealthReport) -> HealthStatus {
        self.detail.lock().clone_from(&report.detail);
        let code = STATUSES.iter().position(|status| *status == report.status).unwrap_or_default();
        let old = self.status.swap(code as u8, Ordering::AcqRel);
        STATUSES[usize::from(old) % STATUSES.len()]
    }

    pub(crate) fn report(&self) -> (HealthStatus, Option<String>) {
        (self.status(), self.detail.lock().clone())
    }
}
