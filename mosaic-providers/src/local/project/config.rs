//! The configuration of a local tracker, and the factory that makes one from it.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Deserializer, Serialize};

use super::LocalProject;

/// What a local tracker needs to know.
///
/// ```
/// use mosaic_providers::local::project::LocalProjectConfig;
///
/// let config: LocalProjectConfig = serde_json::from_str(r#"{ "path": "data/tracker.db" }"#)?;
/// assert_eq!(config.path, "data/tracker.db");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalProjectConfig {
    /// The SQLite file; made with its folders where there is none. A relative path begins at the working directory.
    #[serde(deserialize_with = "path")]
    #[schemars(length(min = 1))]
    pub path: String,
}

impl LocalProjectConfig {
    /// A tracker in this file.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

/// serde does not say which field has the wrong type.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|error| serde::de::Error::custom(format!("path: {error}")))
}

/// Makes [`LocalProject`] plugins: provider `local`, service `project`.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::local::project::LocalProjectFactory;
///
/// assert_eq!(LocalProjectFactory.provider(), "local");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalProjectFactory;

#[async_trait]
impl Factory for LocalProjectFactory {
    fn provider(&self) -> &str {
        "local"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Project
    }

    fn config_schema(&self) -> Schema {
        schema_for!(LocalProjectConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let config: LocalProjectConfig = serde_json::from_value(input.config)
            .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        Ok(Arc::new(LocalProject::new(config)?))
    }
}
