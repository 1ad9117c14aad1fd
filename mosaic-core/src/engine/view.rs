//! What a call keeps from its beginning to its end: the rules and providers of one moment, and the boards they share.

use std::sync::Arc;

use tokio::time::Instant;

use super::balance::LoadCell;
use super::breaker::{BreakerCell, BreakerConfig, BreakerState};
use super::config::ProviderConfig;
use super::instance::Instance;
use super::layers::cache::CacheStore;
use super::limit::{Limiter, RetryBudget};
use super::observe::ProviderCounters;
use super::route::{Boards, Member, RuleBook, Standing};
use super::shift::Shifts;
use super::step::BoxStep;
use crate::op::OpSet;
use crate::plugin::HealthStatus;
use crate::types::{ProviderId, ServiceKind};

/// The rules and providers of one moment. Replaced as a whole; a call keeps the one it began with.
pub(crate) struct View {
    /// Moves whenever an answer that was kept may not be what the same call would be answered now.
    pub(crate) epoch: u64,
    pub(crate) rules: RuleBook,
    pub(crate) cache: Arc<CacheStore>,
    pub(crate) lanes: Vec<Lane>,
}

/// One provider and the way to the instance that answers for it.
#[derive(Clone)]
pub(crate) struct Lane {
    pub(crate) provider: Arc<Provider>,
    /// The instance that answers, or the one that did where none does.
    pub(crate) instance: Arc<Instance>,
    /// Whether an instance answers.
    pub(crate) answers: bool,
    pub(crate) step: BoxStep,
}

/// The breakers of one provider, one for each service.
pub(crate) type Breakers = [BreakerCell; ServiceKind::ALL.len()];

/// What all calls to one provider share. Survives a change of rules and of the instance that answers.
pub(crate) struct Provider {
    pub(crate) id: ProviderId,
    pub(crate) config: ProviderConfig,
    pub(crate) breakers: Arc<Breakers>,
    pub(crate) load: Arc<LoadCell>,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) budget: Arc<RetryBudget>,
    pub(crate) counters: Arc<ProviderCounters>,
    /// Who hears that a breaker changed.
    pub(crate) shifts: Shifts,
    /// What the jitter of its waits follows from.
    pub(crate) seed: u64,
}

impl Provider {
    /// A provider whose boards count from `now` and whose random choices follow from `seed`; both the same for all of an
    /// orchestrator.
    pub(crate) fn new(
        id: ProviderId,
        config: ProviderConfig,
        now: Instant,
        seed: u64,
        shifts: Shifts,
    ) -> Self {
        let breaker = |_| BreakerCell::new(BreakerConfig { ..config.breaker }, now);
        Self {
            breakers: Arc::new(std::array::from_fn(breaker)),
            load: Arc::new(LoadCell::new(now)),
            limiter: Arc::new(Limiter::new(config.limits)),
            budget: Arc::new(RetryBudget::new(config.retry.budget)),
            counters: Arc::default(),
            shifts,
            seed,
            id,
            config,
        }
    }

    /// The same provider, treated otherwise from now on. It keeps every board whose own settings stay.
    pub(crate) fn treated(&self, config: ProviderConfig, now: Instant) -> Self {
        let mut new = Self::new(self.id.clone(), config, now, self.seed, self.shifts.clone());
        if config.breaker == self.config.breaker {
            new.breakers = Arc::clone(&self.breakers);
        }
        if config.limits == self.config.limits {
            new.limiter = Arc::clone(&self.limiter);
        }
        if config.retry.budget == self.config.retry.budget {
            new.budget = Arc::clone(&self.budget);
        }
        new.load = Arc::clone(&self.load);
        new.counters = Arc::clone(&self.counters);
        new
    }

    /// What routing knows of it, where it offers these operations.
    pub(crate) fn member(&self, operations: OpSet) -> Member {
        let mut member = Member::new(self.id.clone(), operations);
        member.weight = self.config.weight;
        member.region = self.config.region;
        member.cost = self.config.cost;
        member.concurrency = self.config.limits.concurrency;
        member
    }

    pub(crate) fn breaker(&self, service: ServiceKind) -> &BreakerCell {
        &self.breakers[service.index()]
    }
}

impl Boards for View {
    #[inline]
    fn standing(&self, provider: usize, service: ServiceKind, now: Instant) -> Standing {
        let lane = &self.lanes[provider];
        if !lane.answers {
            return Standing::Down;
        }
        if lane.provider.breaker(service).state(now) == BreakerState::Open {
            return Standing::Rejecting;
        }
        match lane.instance.health.status() {
            HealthStatus::Unhealthy => Standing::Unhealthy,
            HealthStatus::Degraded => Standing::Degraded,
            HealthStatus::Unknown | HealthStatus::Healthy => Standing::Good,
        }
    }

    fn load(&self, provider: usize) -> &LoadCell {
        &self.lanes[provider].provider.load
    }
}
