//! From the name of a provider and its configuration to a plugin.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use schemars::Schema;
use serde_json::Value;

use super::Plugin;
use crate::error::Result;
use crate::types::{ProviderId, ServiceKind};

/// What a factory makes a plugin from.
///
/// ```
/// use mosaic_core::plugin::FactoryInput;
/// use mosaic_core::types::ProviderId;
///
/// let input = FactoryInput::new(ProviderId::new("forge-a")?, serde_json::json!({ "path": "forges/a" }));
/// assert_eq!(input.id.as_str(), "forge-a");
/// # Ok::<(), mosaic_core::types::InvalidId>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct FactoryInput {
    /// The name of the provider that is to be made.
    pub id: ProviderId,
    /// Its own configuration; what concerns the engine is taken out already.
    pub config: Value,
}

impl FactoryInput {
    /// A provider's name and configuration.
    pub fn new(id: ProviderId, config: Value) -> Self {
        Self { id, config }
    }
}

impl fmt::Debug for FactoryInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A configuration has credentials: its values are not printed.
        let fields: Vec<_> = self.config.as_object().into_iter().flat_map(|config| config.keys()).collect();
        f.debug_struct("FactoryInput").field("id", &self.id).field("config", &fields).finish()
    }
}

/// Makes plugins of one provider for one service; chosen by the pair of both.
#[async_trait]
pub trait Factory: Send + Sync + 'static {
    /// The product, such as `local` or `github`.
    fn provider(&self) -> &str;

    /// The family of operations that its plugins serve.
    fn service(&self) -> ServiceKind;

    /// The JSON Schema of the configuration.
    fn config_schema(&self) -> Schema;

    /// Makes an instance. Nothing outside is touched before [`Plugin::initialize`].
    ///
    /// # Errors
    /// `Config` where the configuration does not fit, naming the field.
    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>>;
}
