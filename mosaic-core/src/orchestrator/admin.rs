//! Read-only status, for people and dashboards.

use std::fmt;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::Instant;

use super::{LifecycleChange, Orchestrator, PhaseStatus};
use crate::engine::breaker::BreakerState;
use crate::engine::observe::{OperationFigures, ProviderFigures};
use crate::plugin::{HealthStatus, Lifecycle};
use crate::types::{ProviderId, ServiceKind};

/// How one provider is at the moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ProviderStatus {
    /// The provider.
    pub id: ProviderId,
    /// The product and version of its plugin.
    pub plugin: String,
    /// Where its instance is in its life.
    pub lifecycle: Lifecycle,
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
        let view = self.0.view.load();
        let now = Instant::now();
        let provider = |lane: &crate::engine::view::Lane| {
            let provider = &lane.provider;
            let serves = ServiceKind::ALL.into_iter().filter(|kind| provider.info.operations.serves(*kind));
            ProviderStatus {
                id: provider.id.clone(),
                plugin: format!("{} {}", provider.info.name, provider.info.version),
                lifecycle: self.0.plugins.state(&provider.id).unwrap_or(Lifecycle::Discovered),
                health: provider.health.report(),
                breakers: serves
                    .map(|kind| {
                        (kind, provider.breaker(kind).state(now), provider.breaker(kind).times_opened())
                    })
                    .collect(),
                in_flight: provider.load.in_flight(),
                latency: provider.load.latency(now),
                figures: provider.counters.figures(&provider.id),
            }
        };
        Status {
            providers: view.lanes.iter().map(provider).collect(),
            operations: self.0.metrics.operations().collect(),
            cached: self.0.cache.memory.len(),
            phase: self.phase(),
        }
    }

    /// The steps in the lives of all plugins, from now on. A receiver that falls behind is told how much it missed.
    pub fn lifecycle(&self) -> broadcast::Receiver<LifecycleChange> {
        self.0.plugins.subscribe()
    }

    /// Hands all figures to the recorder of the `metrics` facade; to be called when they are collected.
    pub fn publish_metrics(&self) {
        self.0.metrics.publish();
        for provider in self.status().providers {
            provider.figures.publish();
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:<10} {:<10} {:<28} {:>8} {:>8} {:>8} {:>9}",
            "provider", "state", "health", "breaker", "attempts", "failures", "retries", "latency"
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
                "{:<12} {:<10} {:<10} {:<28} {:>8} {:>8} {:>8} {:>6.1} ms",
                provider.id.as_str(),
                provider.lifecycle.to_string(),
                format!("{:?}", provider.health.0).to_lowercase(),
                breakers.join("; "),
                figures.attempts,
                figures.failures,
                figures.retries,
                provider.latency.as_secs_f64() * 1000.0
            )?;
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
