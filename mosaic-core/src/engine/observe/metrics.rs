//! Counters of operations and providers, and their way to the `metrics` facade.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Error;
use crate::op::{CacheState, OpMeta, Reply, catalogue};
use crate::types::{ProviderId, ServiceKind};

const PLACES: usize = 64;

/// The counters of one operation.
#[derive(Debug, Default)]
pub(crate) struct OperationCounters {
    /// Calls that the cache did not answer.
    asked: AtomicU64,
    errors: AtomicU64,
    dropped: AtomicU64,
    hits: AtomicU64,
    nanos: AtomicU64,
}

/// The counters of one provider.
#[derive(Debug, Default)]
pub(crate) struct ProviderCounters {
    pub(crate) attempts: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) retries: AtomicU64,
}

/// The counters of all operations.
///
/// ```
/// use mosaic_core::engine::observe::Metrics;
///
/// assert_eq!(Metrics::default().operations().count(), 0, "nothing was called");
/// ```
#[derive(Debug)]
pub struct Metrics(Box<[[OperationCounters; PLACES]]>);

impl Default for Metrics {
    fn default() -> Self {
        Self(ServiceKind::ALL.iter().map(|_| std::array::from_fn(|_| OperationCounters::default())).collect())
    }
}

/// What was counted of one operation.
///
/// ```
/// # use mosaic_core::engine::observe::OperationFigures;
/// fn hit_share(figures: &OperationFigures) -> f64 {
///     figures.cache_hits as f64 / figures.calls.max(1) as f64
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationFigures {
    /// The operation.
    pub operation: &'static str,
    /// Calls that ended, well or not.
    pub calls: u64,
    /// Calls that ended in an error.
    pub errors: u64,
    /// Calls whose caller went away before they ended.
    pub dropped: u64,
    /// Calls that the cache answered.
    pub cache_hits: u64,
    /// The time that all calls took together.
    pub total: Duration,
}

/// What was counted of one provider.
///
/// ```
/// # use mosaic_core::engine::observe::ProviderFigures;
/// fn failure_share(figures: &ProviderFigures) -> f64 {
///     figures.failures as f64 / figures.attempts.max(1) as f64
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderFigures {
    /// The provider.
    pub provider: ProviderId,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts that failed.
    pub failures: u64,
    /// Attempts that repeated another.
    pub retries: u64,
}

/// Without the detour through 128 bits.
#[inline]
fn nanos(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos())
}

impl ProviderCounters {
    pub(crate) fn figures(&self, provider: &ProviderId) -> ProviderFigures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ProviderFigures {
            provider: provider.clone(),
            attempts: read(&self.attempts),
            failures: read(&self.failures),
            retries: read(&self.retries),
        }
    }
}

impl Metrics {
    #[inline]
    pub(crate) fn record(&self, meta: &OpMeta, result: &Result<Reply, Error>, elapsed: Duration) {
        let counters = &self.0[meta.service.index()][usize::from(meta.index) % PLACES];
        counters.nanos.fetch_add(nanos(elapsed), Ordering::Relaxed);
        match result {
            Ok(reply) if matches!(reply.report.cache, CacheState::Hit | CacheState::Stale) => {
                counters.hits.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => {
                counters.asked.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {
                counters.asked.fetch_add(1, Ordering::Relaxed);
                counters.errors.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A call that the cache answered before it entered the path.
    #[inline]
    pub(crate) fn hit(&self, meta: &OpMeta, elapsed: Duration) {
        let counters = &self.0[meta.service.index()][usize::from(meta.index) % PLACES];
        counters.hits.fetch_add(1, Ordering::Relaxed);
        counters.nanos.fetch_add(nanos(elapsed), Ordering::Relaxed);
    }

    /// A call whose caller went away.
    pub(crate) fn dropped(&self, meta: &OpMeta) {
        let counters = &self.0[meta.service.index()][usize::from(meta.index) % PLACES];
        counters.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// The operations that were called, in catalogue order.
    pub fn operations(&self) -> impl Iterator<Item = OperationFigures> + '_ {
        catalogue().all().filter_map(|def| {
            let counters = &self.0[def.meta.service.index()][usize::from(def.meta.index) % PLACES];
            let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            let figures = OperationFigures {
                operation: def.meta.name,
                calls: read(&counters.asked) + read(&counters.hits),
                errors: read(&counters.errors),
                dropped: read(&counters.dropped),
                cache_hits: read(&counters.hits),
                total: Duration::from_nanos(read(&counters.nanos)),
            };
            (figures.calls + figures.dropped > 0).then_some(figures)
        })
    }

    /// Hands the present figures to the recorder of the `metrics` facade; to be called when they are collected.
    pub fn publish(&self) {
        for figures in self.operations() {
            let counter = |name| metrics::counter!(name, "operation" => figures.operation);
            counter("mosaic_calls_total").absolute(figures.calls);
            counter("mosaic_errors_total").absolute(figures.errors);
            counter("mosaic_dropped_calls_total").absolute(figures.dropped);
            counter("mosaic_cache_hits_total").absolute(figures.cache_hits);
            counter("mosaic_call_microseconds_total").absolute(figures.total.as_micros() as u64);
        }
    }
}

impl ProviderFigures {
    /// Hands the figures to the recorder of the `metrics` facade.
    pub fn publish(&self) {
        let counter = |name| metrics::counter!(name, "provider" => self.provider.to_string());
        counter("mosaic_provider_attempts_total").absolute(self.attempts);
        counter("mosaic_provider_failures_total").absolute(self.failures);
        counter("mosaic_provider_retries_total").absolute(self.retries);
    }
}
