//! The configuration of a local forge, and the factory that reads it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::{LocalGit, fault};

/// The configuration of a [`LocalGit`].
///
/// ```
/// use mosaic_providers::local::git::LocalGitConfig;
///
/// let config: LocalGitConfig = serde_json::from_str(r#"{ "path": "forge" }"#)?;
/// assert_eq!(config, LocalGitConfig::new("forge"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LocalGitConfig {
    /// The directory that holds the repositories; made where it is not there.
    pub path: PathBuf,
}

impl LocalGitConfig {
    /// Repositories below this directory.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

/// Makes [`LocalGit`] plugins: provider `local`, service git.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::local::git::LocalGitFactory;
///
/// assert_eq!(LocalGitFactory.provider(), "local");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalGitFactory;

#[async_trait]
impl Factory for LocalGitFactory {
    fn provider(&self) -> &str {
        "local"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Git
    }

    fn config_schema(&self) -> Schema {
        schema_for!(LocalGitConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let path = input.config.get("path");
        if path.is_some_and(|path| path.as_str().is_none_or(str::is_empty)) {
            return Err(fault::config("path: give the directory of the repositories as a text"));
        }
        let config: LocalGitConfig = serde_json::from_value(input.config)
            .map_err(|error| fault::config(format!("local git takes the field `path` only: {error}")))?;
        Ok(Arc::new(LocalGit::new(config)))
    }
}
