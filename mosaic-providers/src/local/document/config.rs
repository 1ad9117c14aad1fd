//! The configuration of local documents, and the factory that makes a plugin from it.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Deserializer, Serialize};

use super::LocalDocs;

/// What local documents need to know.
///
/// ```
/// use mosaic_providers::local::document::LocalDocsConfig;
///
/// let config: LocalDocsConfig = serde_json::from_str(r#"{ "path": "data/docs" }"#)?;
/// assert_eq!(config.path, "data/docs");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalDocsConfig {
    /// The folder with a folder for each space; made where there is none. A relative path begins at the working directory.
    #[serde(deserialize_with = "path")]
    #[schemars(length(min = 1))]
    pub path: String,
}

impl LocalDocsConfig {
    /// Documents in this folder.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

/// serde does not say which field has the wrong type.
fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map_err(|error| serde::de::Error::custom(format!("path: {error}")))
}

/// Makes [`LocalDocs`] plugins: provider `local`, service `docs`.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::local::document::LocalDocsFactory;
///
/// assert_eq!(LocalDocsFactory.provider(), "local");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalDocsFactory;

#[async_trait]
impl Factory for LocalDocsFactory {
    fn provider(&self) -> &str {
        "local"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Docs
    }

    fn config_schema(&self) -> Schema {
        schema_for!(LocalDocsConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let config: LocalDocsConfig = serde_json::from_value(input.config)
            .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        Ok(Arc::new(LocalDocs::new(config)?))
    }
}
