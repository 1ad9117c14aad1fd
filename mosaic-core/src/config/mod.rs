//! Configuration files: YAML to providers, rules and settings, with every fault at once and at its place.
//!
//! Loading and building are two steps. [`Config::load`] reads a file, and needs no provider to be compiled in. [`Config::builder`]
//! makes an orchestrator's builder of it, and names whatever is missing. Both give a [`Report`] where something is wrong: every
//! fault with its path, line and column, what is wrong, and the name that was probably meant.
//!
//! Values may have variables of the environment: `${VAR}`, `${VAR:-default}`, and `$$` for a dollar sign. What they are replaced by
//! is shown nowhere: not in reports, nor by `Debug`.

mod build;
mod check;
mod code;
mod env;
mod explain;
mod form;
mod load;
mod node;
mod path;
mod published;
mod read;
mod report;
mod show;
mod source;
mod yaml;

use std::path::Path;
use std::time::Duration;

pub use code::Code;
pub use load::Loader;
pub use report::{Fault, Report, Severity};
pub use show::PluginLine;

use crate::engine::HealthConfig;
use crate::engine::cache::CacheConfig;
use crate::engine::route::Rules;
use crate::plugin::Factory;
use read::Parts;
use source::Source;

/// A configuration that was read and has no errors.
///
/// ```
/// use mosaic_core::config::Config;
/// use mosaic_core::types::ServiceKind;
///
/// let config = Config::parse(
///     "
/// plugins:
///   - { id: forge-a, type: git, provider: local, config: { path: forges/a } }
///   - { id: forge-b, type: git, provider: local, config: { path: forges/b, timeout: 5000 } }
/// routing:
///   - pattern: org:internal-*
///     provider: forge-a
///   - default:
///     provider: forge-b
///     fallback: forge-a
/// ",
/// )?;
/// assert!(config.plugins().all(|plugin| plugin.service == ServiceKind::Git));
/// assert!(config.rules().phases().is_none());
/// # Ok::<(), mosaic_core::config::Report>(())
/// ```
#[derive(Clone)]
pub struct Config {
    source: Source,
    parts: Parts,
    warnings: Report,
}

impl Config {
    /// Reads a file; variables come from the environment of the process. Blocks while it reads.
    ///
    /// # Errors
    /// A report of every fault.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Report> {
        Loader::new().load(path)
    }

    /// Reads a text; variables come from the environment of the process.
    ///
    /// # Errors
    /// A report of every fault.
    pub fn parse(text: impl Into<String>) -> Result<Self, Report> {
        Loader::new().parse("configuration", text)
    }

    /// What is probably not meant.
    pub fn warnings(&self) -> &[Fault] {
        self.warnings.faults()
    }

    /// The providers that are enabled.
    pub fn plugins(&self) -> impl Iterator<Item = PluginLine<'_>> {
        self.parts.plugins.iter().map(PluginLine::of)
    }

    /// The rules with their groups and defaults: one set, or one for each phase of a migration.
    pub fn rules(&self) -> &Rules {
        &self.parts.rules
    }

    /// When providers are asked how they are.
    pub fn health(&self) -> HealthConfig {
        self.parts.health
    }

    /// How answers are kept.
    pub fn cache(&self) -> &CacheConfig {
        &self.parts.cache
    }

    /// How long a whole call may take where it says nothing itself, where the file says it.
    pub fn time_limit(&self) -> Option<Duration> {
        self.parts.time_limit
    }
}

/// The JSON Schema of configuration files, as it is published under `docs/schema`. The reader checks files against it, with the
/// variables replaced: here a text with a variable may stand for everything.
///
/// ```
/// let schema = mosaic_core::config::schema();
/// assert!(schema["$defs"]["Plugin"]["properties"]["id"].is_object());
/// ```
pub fn schema() -> serde_json::Value {
    schema_with(&[])
}

/// The same with the own configurations of these providers: what editors complete and check where a plugin names one of them.
///
/// ```
/// let schema = mosaic_core::config::schema_with(&[]);
/// assert_eq!(schema, mosaic_core::config::schema(), "nothing is known of any provider");
/// ```
pub fn schema_with(factories: &[Box<dyn Factory>]) -> serde_json::Value {
    published::with_variables(published::with_factories(form::schema().published().clone(), factories))
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
