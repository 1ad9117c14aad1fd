//! Where a plugin comes from: from the application as an object, or from a factory.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::start::limited;
use crate::error::{Error, ErrorKind, Result};
use crate::plugin::{Factory, FactoryInput, Plugin};
use crate::types::{ProviderId, ServiceKind};

/// Where the plugin of a provider comes from. Any plugin is one; [`Source::factory`] names a factory.
///
/// ```
/// use mosaic_core::orchestrator::Source;
/// use mosaic_core::types::ServiceKind;
///
/// let source = Source::factory("local", ServiceKind::Git, serde_json::json!({ "path": "forges/a" }));
/// assert_eq!(format!("{source:?}"), "Source(local git)", "a configuration may hold secrets");
/// ```
#[derive(Clone)]
pub struct Source {
    pub(super) from: From,
    pub(super) same_data: bool,
}

#[derive(Clone)]
pub(super) enum From {
    Plugin(Arc<dyn Plugin>),
    Factory { provider: String, service: ServiceKind, config: Value },
}

impl<P: Plugin> std::convert::From<P> for Source {
    fn from(plugin: P) -> Self {
        Self { from: From::Plugin(Arc::new(plugin)), same_data: false }
    }
}

/// How long a factory may take.
const LIMIT: Duration = Duration::from_secs(30);

impl Source {
    /// The factory of this product and service, with the configuration that it is given.
    pub fn factory(provider: impl Into<String>, service: ServiceKind, config: Value) -> Self {
        Self { from: From::Factory { provider: provider.into(), service, config }, same_data: false }
    }

    /// Says that its answers are those of the instance before it: what the cache has learned stays. Without it a reload makes
    /// all answers in the cache old, unless it is of the same factory and configuration.
    #[must_use]
    pub fn same_data(mut self) -> Self {
        self.same_data = true;
        self
    }

    /// Whether what was learned from the other holds for this one too.
    pub(super) fn answers_like(&self, other: &Self) -> bool {
        self.same_data || self.equals(other)
    }

    /// Whether both make the same plugin.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (&self.from, &other.from) {
            (From::Plugin(one), From::Plugin(other)) => Arc::ptr_eq(one, other),
            (
                From::Factory { provider, service, config },
                From::Factory { provider: other_provider, service: other_service, config: other_config },
            ) => provider == other_provider && service == other_service && config == other_config,
            _ => false,
        }
    }

    /// Whether both are one and the same object.
    pub(super) fn is_same_plugin(&self, other: &Self) -> bool {
        !self.is_made() && self.equals(other)
    }

    pub(super) fn is_made(&self) -> bool {
        matches!(self.from, From::Factory { .. })
    }

    pub(super) async fn make(
        &self,
        id: &ProviderId,
        factories: &[Box<dyn Factory>],
    ) -> Result<Arc<dyn Plugin>> {
        let (provider, service, config) = match &self.from {
            From::Plugin(plugin) => return Ok(Arc::clone(plugin)),
            From::Factory { provider, service, config } => (provider, service, config),
        };
        let fits = |factory: &dyn Factory| factory.provider() == provider && factory.service() == *service;
        match factories.iter().find(|factory| fits(&***factory)) {
            Some(factory) => {
                let input = FactoryInput::new(id.clone(), config.clone());
                limited("its factory", LIMIT, factory.create(input)).await
            }
            None => {
                let known: Vec<_> = factories
                    .iter()
                    .map(|factory| format!("{} {}", factory.provider(), factory.service()))
                    .collect();
                let message = format!(
                    "no factory makes {provider:?} for {service}; compiled in are: {}",
                    known.join(", ")
                );
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.from {
            From::Plugin(_) => f.write_str("Source(plugin)"),
            From::Factory { provider, service, .. } => write!(f, "Source({provider} {service})"),
        }
    }
}
