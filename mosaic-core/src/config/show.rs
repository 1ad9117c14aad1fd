//! What a configuration says, for people; nothing that came from the environment.

use std::fmt;

use super::Config;
use super::read::PluginPart;
use crate::engine::HealthConfig;
use crate::engine::route::Rules;
use crate::types::{ProviderId, ServiceKind};

/// A provider of a configuration.
///
/// ```
/// use mosaic_core::config::Config;
///
/// let config = Config::parse("plugins: [{ id: forge-a, type: git, provider: local }]")?;
/// let lines: Vec<_> = config.plugins().map(|plugin| plugin.to_string()).collect();
/// assert_eq!(lines, ["forge-a: local for git"]);
/// # Ok::<(), mosaic_core::config::Report>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PluginLine<'a> {
    /// The name by which rules speak of it, as it may be shown: with the names of variables in place of their values.
    pub id: &'a str,
    /// The service it serves.
    pub service: ServiceKind,
    /// The product, as it may be shown.
    pub product: &'a str,
}

impl<'a> PluginLine<'a> {
    pub(super) fn of(part: &'a PluginPart) -> Self {
        Self { id: &part.shown, service: part.service, product: &part.product.shown }
    }
}

impl fmt::Display for PluginLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} for {}", self.id, self.product, self.service)
    }
}

impl Config {
    /// The ids of the providers, as the orchestrator will have them.
    pub fn provider_ids(&self) -> impl Iterator<Item = &ProviderId> {
        self.parts.plugins.iter().map(|plugin| &plugin.id)
    }
}

/// What a file says, for people: providers, rules as they stand in the file, and settings.
///
/// ```
/// use mosaic_core::config::Config;
///
/// let config = Config::parse("plugins: [{ id: forge-a, type: git, provider: local }]\nrouting: [{ pattern: 'org:x', provider: forge-a }]")?;
/// assert!(config.to_string().contains("org:x -> forge-a"));
/// # Ok::<(), mosaic_core::config::Report>(())
/// ```
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.source.name())?;
        for plugin in self.plugins() {
            writeln!(f, "  {plugin}")?;
        }
        writeln!(f, "rules")?;
        for line in &self.parts.lines {
            writeln!(f, "  {line}")?;
        }
        let cache = &self.parts.cache;
        match (cache.enabled, &self.parts.tier) {
            (false, _) => write!(f, "cache: off")?,
            (true, tier) => {
                let tier = tier.as_ref().map_or("memory", |tier| &tier.shown);
                write!(f, "cache: {tier}, {} answers", cache.capacity)?;
                if let Some(ttl) = cache.ttl {
                    write!(f, ", fresh for {ttl:?} at most")?;
                }
            }
        }
        let HealthConfig { interval, timeout } = self.parts.health;
        writeln!(f, "\nhealth: asked every {interval:?}, answered within {timeout:?}")?;
        match self.parts.time_limit {
            Some(limit) => writeln!(f, "time limit: {limit:?}"),
            None => Ok(()),
        }
    }
}

impl Config {
    /// How many rules there are, defaults not counted; those of all phases together.
    fn rule_count(&self) -> usize {
        match &self.parts.rules {
            Rules::Routing(routing) => routing.rules().len(),
            Rules::Phases(phases) => phases.iter().map(|phase| phase.routing().rules().len()).sum(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plugins: Vec<_> = self.plugins().map(|plugin| plugin.to_string()).collect();
        f.debug_struct("Config")
            .field("file", &self.source.name())
            .field("plugins", &plugins)
            .field("rules", &self.rule_count())
            .field("warnings", &self.warnings.faults().len())
            .finish_non_exhaustive()
    }
}
