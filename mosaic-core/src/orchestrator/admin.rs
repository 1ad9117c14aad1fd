//! Read-only status, for people and dashboards.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::plugins::Slot;
use super::{Orchestrator, PhaseStatus};
use crate::engine::breaker::BreakerState;
use crate::engine::observe::{OperationFigures, ProviderFigures};
use crate::error::Error;
use crate::plugin::{HealthStatus, Lifecycle, SlotState};
use crate::types::{ProviderId, Region, ServiceKind};

/// How one provider is at the moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProviderStatus {
    /// The provider.
    pub id: ProviderId,
    /// The product and version of its plugin.
    pub plugin: String,
    /// Whether it answers calls, and what is under way about that.
    pub slot: SlotState,
    /// Where it stands, where its configuration says so.
    pub region: Option<Region>,
    /// Which of its instances answers, or did last; counted from 1.
    pub generation: u64,
    /// Where that instance is in its life.
    pub lifecycle: Lifecycle,
    /// How often an instance that failed was restarted.
    pub restarts: u64,
    /// Why an instance failed last, at work or on its way up.
    pub last_failure: Option<Error>,
    /// The last word of its health check, and why.
    pub health: (HealthStatus, Option<String>),
    /// Its breakers, for the services it serves, and how often each opened.
    pub breakers: Vec<(ServiceKind, BreakerState, u64)>,
    /// Calls in flight.
    pub in_flight: u32,
    /// Its latency as it counts now.
    pub latency: Duration,
    /// What was counted.
    pub figures: ProviderFigures,
}

/// How everything is at the moment; `Display` gives a table.
///
/// ```
/// # use mosaic_core::orchestrator::Orchestrator;
/// fn show(mosaic: &Orchestrator) {
///     println!("{}", mosaic.status());
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Status {
    /// The providers, in the order in which they were added.
    pub providers: Vec<ProviderStatus>,
    /// The operations that were called.
    pub operations: Vec<OperationFigures>,
    /// Answers in the cache.
    pub cached: u64,
    /// Where the migration stands, where there are phases.
    pub phase: Option<PhaseStatus>,
}

impl Orchestrator {
    /// How everything is at the moment.
    pub fn status(&self) -> Status {
        let now = Instant::now();
        Status {
            providers: self.0.plugins.look(|book| book.slots.iter().map(|slot| status(slot, now)).collect()),
            operations: self.0.metrics.operations().collect(),
            cached: self.0.view.load().cache.memory.len(),
            phase: self.phase(),
        }
    }

    /// Hands all figures to the recorder of the `metrics` facade; to be called when they are collected.
    pub fn publish_metrics(&self) {
        self.0.metrics.publish();
        for provider in self.status().providers {
            provider.figures.publish();
        }
    }
}

fn status(slot: &Slot, now: Instant) -> ProviderStatus {
    let Slot { provider, instance, track, .. } = slot;
    let serves = ServiceKind::ALL.into_iter().filter(|kind| instance.info.operations.serves(*kind));
    let breaker = |kind| (kind, provider.breaker(kind).state(now), provider.breaker(kind).times_opened());
    ProviderStatus {
        id: provider.id.clone(),
        plugin: format!("{} {}", instance.info.name, instance.info.version),
        slot: track.slot(),
        region: provider.config.region,
        generation: instance.generation,
        lifecycle: track.state(instance.generation),
        restarts: slot.restarts,
        last_failure: slot.last_failure.clone(),
        health: instance.health.report(),
        breakers: serves.map(breaker).collect(),
        in_flight: provider.load.in_flight(),
        latency: provider.load.latency(now),
        figures: provider.counters.figures(&provider.id),
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:<13} {:<10} {:<28} {:>8} {:>8} {:>8} {:>9}",
            "provider", "instance", "health", "breaker", "attempts", "failures", "retries", "latency"
        )?;
        for provider in &self.providers {
            let breakers: Vec<_> = provider
                .breakers
                .iter()
                .map(|(kind, state, opened)| format!("{kind} {state}, opened {opened}x"))
                .collect();
            let figures = &provider.figures;
            writeln!(
                f,
                "{:<12} {:<13} {:<10} {:<28} {:>8} {:>8} {:>8} {:>6.1} ms",
                provider.id.as_str(),
                format!("{} #{}", provider.slot, provider.generation),
                format!("{:?}", provider.health.0).to_lowercase(),
                breakers.join("; "),
                figures.attempts,
                figures.failures,
                figures.retries,
                provider.latency.as_secs_f64() * 1000.0
            )?;
            if let Some(failure) = &provider.last_failure {
                writeln!(
                    f,
                    "{:<12} restarted {}x, last failure: {}",
                    "",
                    provider.restarts,
                    failure.message()
                )?;
            }
        }
        writeln!(f)?;
        writeln!(f, "{:<28} {:>7} {:>7} {:>7} {:>12}", "operation", "calls", "errors", "hits", "mean")?;
        for figures in &self.operations {
            let mean = figures.total.as_secs_f64() * 1000.0 / figures.calls.max(1) as f64;
            writeln!(
                f,
                "{:<28} {:>7} {:>7} {:>7} {mean:>9.3} ms",
                figures.operation, figures.calls, figures.errors, figures.cache_hits
            )?;
        }
        write!(f, "{} answers in the cache", self.cached)?;
        match &self.phase {
            Some(phase) => write!(f, "\n{phase}"),
            None => Ok(()),
        }
    }
}
