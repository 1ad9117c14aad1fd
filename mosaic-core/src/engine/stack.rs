//! The order of the request path, written once.
//!
//! ```text
//!  outer, once per call                          inner, once per candidate provider
//!  1 trace     span, outcome counter              8 retry     acts on Recovery, spends the retry budget
//!  2 audit     record of effects and denials      9 breaker   open -> CircuitOpen at once; learns the verdict
//!  3 tenant    identity, permission, quota       10 limit     client-side rate + concurrency permits
//!  4 deadline  total time budget                 11 timeout   per attempt, <= what is left
//!  5 cache     hit / coalesce / fill / tags      12 load      in-flight gauge, latency sample
//!  6 route     rules + OpSet + boards -> order   13 leaf      HandlerTable -> provider; panic -> Internal
//!  7 failover  walks the order
//! ```
//!
//! Tenant before cache: a hit bypasses neither a permission nor a quota. Failover outside retry: one provider is exhausted
//! cheaply before the next is asked. Breaker inside retry: every attempt counts, and one that opens in the middle ends the
//! loop. Limit inside breaker: our own throttling is no failure of a provider. Timeout inside retry, deadline outside.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use super::Call;
use super::budget::CallBudgets;
use super::config::ProviderConfig;
use super::instance::{Instance, Tenure};
use super::layers::audit::Audit;
use super::layers::breaker::Breaker;
use super::layers::cache::Cache;
use super::layers::deadline::Deadline;
use super::layers::failover::Failover;
use super::layers::leaf::Leaf;
use super::layers::limit::Limit;
use super::layers::load::Load;
use super::layers::retry::Retry;
use super::layers::route::Routing;
use super::layers::tenant::Tenant;
use super::layers::tenure::Tenured;
use super::layers::timeout::Timeout;
use super::layers::trace::{Door, Enter, Trace};
use super::observe::Metrics;
use super::shift::Shifts;
use super::step::{BoxStep, Step};
use super::view::{Provider, View};
use crate::error::Result;
use crate::op::Reply;
use crate::plugin::Plugin;
use crate::ports::{AuditSink, Authorizer, UsageStore};
use crate::types::ProviderId;

/// Puts something around a seam.
pub(crate) type Insert = Arc<dyn Fn(BoxStep) -> BoxStep + Send + Sync>;

/// The three places where an application puts layers of its own.
#[derive(Clone, Default)]
pub(crate) struct Inserts {
    pub(crate) before_cache: Vec<Insert>,
    pub(crate) before_routing: Vec<Insert>,
    pub(crate) around_provider: Vec<Insert>,
}

/// What the outer layers are made of.
pub(crate) struct Parts {
    pub(crate) door: Arc<Door>,
    pub(crate) view: Arc<ArcSwap<View>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) seed: u64,
    pub(crate) audit: Option<Arc<dyn AuditSink>>,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    pub(crate) usage: Option<Arc<dyn UsageStore>>,
    pub(crate) budgets: Option<CallBudgets>,
    pub(crate) time_limit: Duration,
    pub(crate) inserts: Inserts,
}

/// The outer part of the path, from the caller to the choice of a provider.
pub(crate) fn outer(parts: Parts) -> Arc<dyn Enter> {
    let Parts { door, view, metrics, seed, audit, authorizer, usage, budgets, time_limit, inserts } = parts;
    let walked = Failover;
    let routed = Seam::new(Routing { inner: walked }, &inserts.before_routing);
    let cached = Seam::new(Cache { inner: routed }, &inserts.before_cache);
    let timed = Deadline { inner: cached };
    let permitted = Tenant { inner: timed, authorizer, usage, budgets };
    let audited = Audit { inner: permitted, sink: audit };
    Arc::new(Trace { inner: audited, door, view, metrics, seed, calls: AtomicU64::new(1), time_limit })
}

/// Begins the time of the first attempt anew.
struct Restart<S>(S);

impl<S: Step> Step for Restart<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        call.restart();
        self.0.call(call).await
    }
}

/// A place for layers of the application. Without any it is the step itself: no box, and nothing to pay.
enum Seam<S> {
    Plain(S),
    Layered(BoxStep),
}

impl<S: Step> Seam<S> {
    fn new(step: S, layers: &[Insert]) -> Self {
        if layers.is_empty() {
            Self::Plain(step)
        } else {
            Self::Layered(inserted(BoxStep::new(step), layers))
        }
    }
}

impl<S: Step> Step for Seam<S> {
    async fn call(&self, call: &Call) -> Result<Reply> {
        match self {
            Self::Plain(step) => step.call(call).await,
            Self::Layered(step) => step.call(call).await,
        }
    }
}

/// The inner part of the path, for one provider.
///
/// Outside of all of them stands the tenure of the instance that answers: a call holds it from here on, over all its attempts.
pub(crate) fn inner(provider: &Arc<Provider>, tenure: &Arc<Tenure>, inserts: &Inserts) -> BoxStep {
    let (own, id) = (|| Arc::clone(provider), || provider.id.clone());
    let instance = || Arc::clone(&tenure.instance);
    let leaf = Leaf { provider: id(), instance: instance(), counters: Arc::clone(&provider.counters) };
    let loaded = Load { inner: leaf, load: Arc::clone(&provider.load) };
    let timed = Timeout { inner: loaded, provider: own() };
    let limited = Limit { inner: timed, provider: id(), limiter: Arc::clone(&provider.limiter) };
    let (breakers, shifts) = (Arc::clone(&provider.breakers), provider.shifts.clone());
    let guarded = Breaker { inner: limited, provider: id(), breakers, shifts };
    let budget = Arc::clone(&provider.budget);
    let retried = Retry { inner: guarded, provider: own(), budget, instance: instance() };
    let tenured = BoxStep::within(retried, Tenured { provider: id(), tenure: Arc::clone(tenure) });
    if inserts.around_provider.is_empty() {
        return tenured;
    }
    // What layers of the application wait for is no time of the provider's.
    inserted(BoxStep::new(Restart(tenured)), &inserts.around_provider)
}

/// The inner part of the path around a plugin, without an orchestrator: for benches and for tests of single layers.
#[doc(hidden)]
pub fn provider_path(id: ProviderId, plugin: Arc<dyn Plugin>, config: ProviderConfig) -> BoxStep {
    let tenure = Tenure::new(Arc::new(Instance::new(1, plugin)));
    inner(
        &Arc::new(Provider::new(id, config, Instant::now(), 0, Shifts::default())),
        &tenure,
        &Inserts::default(),
    )
}

/// The first layer given is the outermost.
fn inserted(step: BoxStep, layers: &[Insert]) -> BoxStep {
    layers.iter().rev().fold(step, |step, layer| layer(step))
}

#[cfg(test)]
#[path = "stack_tests.rs"]
mod tests;
