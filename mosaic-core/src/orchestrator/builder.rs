//! From parts to an orchestrator at work.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OnceCell;
use tower::{Layer, Service};

use super::plugins::{Change, PluginManager, Settings, Source, SupervisionConfig};
use super::{Inner, Orchestrator};
use crate::engine::budget::CallBudgets;
use crate::engine::cache::CacheConfig;
use crate::engine::observe::Metrics;
use crate::engine::route::{Group, Phases, Routing, Rule, Rules};
use crate::engine::stack::{Inserts, Parts, outer};
use crate::engine::{BoxStep, Call, Door, HealthConfig, ProviderConfig};
use crate::error::{Error, ErrorKind, Result};
use crate::op::Reply;
use crate::plugin::{Factory, Plugin};
use crate::ports::{AuditSink, Authorizer, UsageStore};
use crate::types::ServiceKind;

/// Puts an [`Orchestrator`] together.
///
/// ```no_run
/// use mosaic_core::engine::route::Rule;
/// use mosaic_core::orchestrator::Orchestrator;
/// # use mosaic_core::plugin::Plugin;
/// # async fn example(forge_a: impl Plugin, forge_b: impl Plugin) -> mosaic_core::Result<()> {
///
/// let mosaic = Orchestrator::builder()
///     .provider("forge-a", forge_a)
///     .provider("forge-b", forge_b)
///     .rule(Rule::new("org:internal-*").to("forge-a"))
///     .default_rule(Rule::any().to("forge-b").fallback(["forge-a"]))
///     .build()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct Builder {
    providers: Vec<(String, Source, ProviderConfig)>,
    factories: Vec<Box<dyn Factory>>,
    routing: Routing,
    phases: Option<Phases>,
    settings: Settings,
    time_limit: Duration,
    seed: Option<u64>,
    audit: Option<Arc<dyn AuditSink>>,
    authorizer: Option<Arc<dyn Authorizer>>,
    usage: Option<Arc<dyn UsageStore>>,
    budgets: Option<CallBudgets>,
    inserts: Inserts,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            providers: Vec::new(),
            factories: Vec::new(),
            routing: Routing::new(),
            phases: None,
            settings: Settings {
                health: HealthConfig::default(),
                supervision: SupervisionConfig::default(),
                cache: CacheConfig::default(),
                drain: Duration::from_secs(30),
            },
            time_limit: Duration::from_secs(60),
            seed: None,
            audit: None,
            authorizer: None,
            usage: None,
            budgets: None,
            inserts: Inserts::default(),
        }
    }
}

impl Builder {
    /// Adds a provider with the usual limits, retries and breakers.
    pub fn provider(self, id: impl Into<String>, plugin: impl Plugin) -> Self {
        self.provider_with(id, plugin, ProviderConfig::default())
    }

    /// Adds a provider that is treated as `config` says. An `Arc` of a plugin is one, for those that others hold too.
    pub fn provider_with(
        mut self,
        id: impl Into<String>,
        plugin: impl Plugin,
        config: ProviderConfig,
    ) -> Self {
        self.providers.push((id.into(), plugin.into(), config));
        self
    }

    /// Adds factories, by which [`Builder::provider_from`] makes plugins.
    pub fn factories(mut self, factories: impl IntoIterator<Item = Box<dyn Factory>>) -> Self {
        self.factories.extend(factories);
        self
    }

    /// Adds a provider that the factory of this product and service makes from its configuration.
    pub fn provider_from(
        mut self,
        id: impl Into<String>,
        provider: impl Into<String>,
        service: ServiceKind,
        config: Value,
        treated: ProviderConfig,
    ) -> Self {
        self.providers.push((id.into(), Source::factory(provider, service, config), treated));
        self
    }

    /// Adds a rule.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.routing = self.routing.rule(rule);
        self
    }

    /// Adds a group of equivalents.
    pub fn group(mut self, group: Group) -> Self {
        self.routing = self.routing.group(group);
        self
    }

    /// Adds a default: the rule for calls that no other rule matches.
    pub fn default_rule(mut self, rule: Rule) -> Self {
        self.routing = self.routing.default_rule(rule);
        self
    }

    /// Sets all rules, groups and defaults at once.
    pub fn routing(mut self, routing: Routing) -> Self {
        self.routing = routing;
        self
    }

    /// Sets the phases of a migration: the rules are theirs, and none are given beside them.
    pub fn phases(mut self, phases: Phases) -> Self {
        self.phases = Some(phases);
        self
    }

    /// How answers are kept.
    pub fn cache(mut self, cache: CacheConfig) -> Self {
        self.settings.cache = cache;
        self
    }

    /// When providers are asked how they are.
    pub fn health(mut self, health: HealthConfig) -> Self {
        self.settings.health = health;
        self
    }

    /// What is done about instances that fail.
    pub fn supervision(mut self, supervision: SupervisionConfig) -> Self {
        self.settings.supervision = supervision;
        self
    }

    /// How long calls under way may take to leave an instance that is replaced or removed; 30 s by default. Those that are
    /// still inside then end with `Cancelled`.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.settings.drain = limit;
        self
    }

    /// How long a whole call may take where its context says nothing; 60 s by default.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Makes the choices of balancers and the jitter of waits follow from a seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Where the record of effects, of denials, and of changes of providers and rules goes.
    pub fn audit(mut self, sink: impl AuditSink) -> Self {
        self.audit = Some(Arc::new(sink));
        self
    }

    /// Who decides what callers may do. Without it only the application itself may do anything.
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.authorizer = Some(Arc::new(authorizer));
        self
    }

    /// Who keeps what tenants use.
    pub fn usage(mut self, usage: impl UsageStore) -> Self {
        self.usage = Some(Arc::new(usage));
        self
    }

    /// The budgets that calls have to keep within.
    ///
    /// ```
    /// use mosaic_core::engine::budget::{BudgetTree, CallBudgets};
    /// use mosaic_core::orchestrator::Orchestrator;
    /// use mosaic_core::types::budget::{Budget, BudgetLimit, BudgetPath, Currency, Window};
    ///
    /// let tree = BudgetTree::new();
    /// let limits = vec![BudgetLimit::new(Currency::Calls, Window::Hour, 1_000)];
    /// tree.set(Budget::new(BudgetPath::new("default/team:web")?, limits))?;
    /// let builder = Orchestrator::builder().budgets(CallBudgets::new(tree.clone()));
    /// # drop(builder);
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub fn budgets(mut self, budgets: CallBudgets) -> Self {
        self.budgets = Some(budgets);
        self
    }

    /// Puts a layer of tower before the cache: it sees every call that may be made.
    pub fn layer_before_cache<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxStep> + Clone + Send + Sync + 'static,
        L::Service: Service<Call, Response = Reply, Error = Error> + Clone + Send + Sync + 'static,
        <L::Service as Service<Call>>::Future: Send,
    {
        self.inserts.before_cache.push(Arc::new(move |step| step.layered(layer.clone())));
        self
    }

    /// Puts a layer of tower before routing: it sees every call that the cache did not answer. It must leave the context of the
    /// call as it is: the cache knows the answer by the context from before. What steers calls stands before the cache.
    pub fn layer_before_routing<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxStep> + Clone + Send + Sync + 'static,
        L::Service: Service<Call, Response = Reply, Error = Error> + Clone + Send + Sync + 'static,
        <L::Service as Service<Call>>::Future: Send,
    {
        self.inserts.before_routing.push(Arc::new(move |step| step.layered(layer.clone())));
        self
    }

    /// Puts a layer of tower around every provider: it sees a call once for each provider that is tried.
    pub fn layer_around_provider<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxStep> + Clone + Send + Sync + 'static,
        L::Service: Service<Call, Response = Reply, Error = Error> + Clone + Send + Sync + 'static,
        <L::Service as Service<Call>>::Future: Send,
    {
        self.inserts.around_provider.push(Arc::new(move |step| step.layered(layer.clone())));
        self
    }

    /// Compiles the rules, starts every plugin, and watches them from then on. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// `Config` with every fault of names and rules, or the error of the plugin that did not start; plugins that had
    /// started are stopped then. Dropping the future breaks the start off, and what had started is stopped then.
    pub async fn build(self) -> Result<Orchestrator> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        let (rules, inserts) = (self.rules()?, self.inserts.clone());
        let plugins = Arc::new(
            PluginManager::new(seed, inserts, self.factories, self.settings)?.audited(self.audit.clone()),
        );
        let change = self
            .providers
            .into_iter()
            .fold(Change::new(), |change, (id, source, config)| change.add_with(id, source, config));
        plugins.begin(change.rules(rules)).await?;
        let metrics = Arc::<Metrics>::default();
        // Calls of the application itself ask no authorizer; reads leave no record.
        let direct = self.usage.is_none() && self.budgets.is_none() && self.inserts.before_cache.is_empty();
        let door = Arc::<Door>::default();
        let path = outer(Parts {
            door: Arc::clone(&door),
            view: Arc::clone(plugins.view()),
            metrics: Arc::clone(&metrics),
            seed,
            audit: self.audit,
            authorizer: self.authorizer,
            usage: self.usage,
            budgets: self.budgets,
            time_limit: self.time_limit,
            inserts: self.inserts,
        });
        let view = Arc::clone(plugins.view());
        Ok(Orchestrator(Arc::new(Inner {
            path,
            direct,
            door,
            down: OnceCell::new(),
            view,
            metrics,
            plugins,
        })))
    }

    fn rules(&self) -> Result<Rules> {
        match &self.phases {
            None => Ok(self.routing.clone().into()),
            Some(phases) if self.routing == Routing::new() => Ok(phases.clone().into()),
            Some(_) => {
                let message = "rules, groups or defaults were given beside phases; put them into the phases that need them";
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.providers.iter().map(|(name, ..)| name).collect();
        f.debug_struct("Builder")
            .field("providers", &names)
            .field("routing", &self.routing)
            .finish_non_exhaustive()
    }
}
