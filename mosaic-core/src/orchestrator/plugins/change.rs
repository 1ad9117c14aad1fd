//! A change of what is at work: several things at once, or none of them.

use std::time::Duration;

use super::source::Source;
use super::supervise::SupervisionConfig;
use crate::engine::cache::CacheConfig;
use crate::engine::route::Rules;
use crate::engine::{HealthConfig, ProviderConfig};
use crate::types::ProviderId;

/// What is to change while calls go on; see [`Orchestrator::apply`](crate::orchestrator::Orchestrator::apply).
///
/// ```
/// use mosaic_core::engine::route::{Routing, Rule};
/// use mosaic_core::orchestrator::Change;
/// # use mosaic_core::plugin::Plugin;
/// # fn change(forge_c: impl Plugin) -> Change {
///
/// // The new forge comes, the rules speak of it, and the old one goes: at one moment.
/// Change::new()
///     .add("forge-c", forge_c)
///     .remove("forge-b")
///     .rules(Routing::new().default_rule(Rule::any().to("forge-c")))
/// # }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Change {
    pub(super) entries: Vec<Entry>,
    pub(super) exactly: Option<Vec<(String, Source, ProviderConfig)>>,
    pub(super) rules: Option<Rules>,
    pub(super) health: Option<HealthConfig>,
    pub(super) supervision: Option<SupervisionConfig>,
    pub(super) cache: Option<CacheConfig>,
    pub(super) drain: Option<Duration>,
    /// Whether it puts another in the place of one that failed: the failures before it count on.
    pub(super) restart: bool,
}

/// What holds for all providers.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::orchestrator) struct Settings {
    pub(in crate::orchestrator) health: HealthConfig,
    pub(in crate::orchestrator) supervision: SupervisionConfig,
    pub(in crate::orchestrator) cache: CacheConfig,
    pub(in crate::orchestrator) drain: Duration,
}

impl Settings {
    /// The same with what a change says.
    pub(super) fn after(&self, change: &Change) -> Self {
        Self {
            health: change.health.unwrap_or(self.health),
            supervision: change.supervision.unwrap_or(self.supervision),
            cache: change.cache.clone().unwrap_or_else(|| self.cache.clone()),
            drain: change.drain.unwrap_or(self.drain),
        }
    }
}

/// What happens to one provider.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Add(Source, ProviderConfig),
    /// A new instance: of another source, or of the same once more.
    Reload(Option<Source>),
    Treat(ProviderConfig),
    Remove,
}

impl Change {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn entry(mut self, id: impl Into<String>, what: What) -> Self {
        self.entries.push(Entry { id: id.into(), what });
        self
    }

    /// Adds a provider with the usual limits, retries and breakers.
    pub fn add(self, id: impl Into<String>, source: impl Into<Source>) -> Self {
        self.add_with(id, source, ProviderConfig::default())
    }

    /// Adds a provider that is treated as `config` says.
    pub fn add_with(self, id: impl Into<String>, source: impl Into<Source>, config: ProviderConfig) -> Self {
        self.entry(id, What::Add(source.into(), config))
    }

    /// Puts a new instance in the place of the one that answers. A plugin that is given must be a new object: the one that the
    /// provider has already is refused.
    pub fn reload(self, id: impl Into<String>, source: impl Into<Source>) -> Self {
        self.entry(id, What::Reload(Some(source.into())))
    }

    /// The same with the factory and the configuration that the provider has.
    pub fn remake(self, id: impl Into<String>) -> Self {
        self.entry(id, What::Reload(None))
    }

    /// The same for an instance that failed.
    pub(super) fn restart(id: &ProviderId) -> Self {
        Self { restart: true, ..Self::new().remake(id.as_str()) }
    }

    /// Treats a provider otherwise: its time limits, retries, breakers and limits. Its instance stays, and so do the boards
    /// whose own settings stay. May stand beside a reload of the same provider.
    pub fn treat(self, id: impl Into<String>, config: ProviderConfig) -> Self {
        self.entry(id, What::Treat(config))
    }

    /// Removes a provider. No rule may name it afterwards.
    pub fn remove(self, id: impl Into<String>) -> Self {
        self.entry(id, What::Remove)
    }

    /// Makes these the providers: who is new is added, whose source is another is reloaded, who is treated otherwise is
    /// treated so, and who is missing is removed. Who does not answer is made anew where a factory makes it; a plugin that was
    /// given waits for its restart, or for a new object. Takes the place of everything said about single providers.
    pub fn exactly(mut self, providers: impl IntoIterator<Item = (String, Source, ProviderConfig)>) -> Self {
        self.exactly = Some(providers.into_iter().collect());
        self
    }

    /// Replaces all rules: by one set, or by phases.
    pub fn rules(mut self, rules: impl Into<Rules>) -> Self {
        self.rules = Some(rules.into());
        self
    }

    /// When providers are asked how they are, from now on.
    pub fn health(mut self, health: HealthConfig) -> Self {
        self.health = Some(health);
        self
    }

    /// What is done about instances that fail, from now on.
    pub fn supervision(mut self, supervision: SupervisionConfig) -> Self {
        self.supervision = Some(supervision);
        self
    }

    /// How answers are kept, from now on. Where that differs from before, it begins empty.
    pub fn cache(mut self, cache: CacheConfig) -> Self {
        self.cache = Some(cache);
        self
    }

    /// How long calls under way may take to leave an instance that is replaced or removed, from now on.
    pub fn drain(mut self, limit: Duration) -> Self {
        self.drain = Some(limit);
        self
    }
}
