//! What can be set about GitHub Actions, and the factory that reads it.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::GitHubActions;
use crate::github::config::{GitHubConfig, PROVIDER};

/// What is particular to GitHub Actions.
///
/// ```
/// use mosaic_providers::github::ActionsConfig;
///
/// let config: ActionsConfig = serde_json::from_str(r#"{ "correlationInput": "call" }"#)?;
/// assert_eq!((config.correlation_input.as_deref(), config.poll_ms), (Some("call"), 1_000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct ActionsConfig {
    /// An input that workflows may declare and show in their `run-name`. It gets a value that no other run has, by which a run is
    /// found where GitHub does not say which one it started, as older servers do not. Workflows without it are started without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_input: Option<String>,
    /// The first pause between two looks at a job whose log is waited for, or at a run that is looked for, in milliseconds;
    /// 1,000 by default. Pauses grow up to ten times as long.
    #[schemars(range(min = 1, max = 600_000))]
    pub poll_ms: u64,
}

impl Default for ActionsConfig {
    fn default() -> Self {
        Self { correlation_input: None, poll_ms: 1_000 }
    }
}

impl ActionsConfig {
    /// The same with an input by which runs are found.
    #[must_use]
    pub fn correlation_input(mut self, name: impl Into<String>) -> Self {
        self.correlation_input = Some(name.into());
        self
    }

    /// The same with another first pause, in milliseconds.
    #[must_use]
    pub fn poll_ms(mut self, poll_ms: u64) -> Self {
        self.poll_ms = poll_ms;
        self
    }
}

/// Makes [`GitHubActions`] plugins: provider `github`, service cicd.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_core::types::ServiceKind;
/// use mosaic_providers::github::GitHubActionsFactory;
///
/// assert_eq!((GitHubActionsFactory.provider(), GitHubActionsFactory.service()), ("github", ServiceKind::Cicd));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHubActionsFactory;

#[async_trait]
impl Factory for GitHubActionsFactory {
    fn provider(&self) -> &str {
        PROVIDER
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Cicd
    }

    fn config_schema(&self) -> Schema {
        schema_for!(GitHubConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        Ok(Arc::new(GitHubActions::new(GitHubConfig::read(input.config)?)?))
    }
}
