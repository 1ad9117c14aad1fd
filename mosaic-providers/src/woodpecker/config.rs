//! The configuration of a Woodpecker server, and the factory that reads it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::Woodpecker;
use crate::http::{Auth, HttpConfig};

/// The configuration of a [`Woodpecker`].
///
/// ```
/// use mosaic_providers::woodpecker::WoodpeckerConfig;
///
/// let config: WoodpeckerConfig = serde_json::from_str(
///     r#"{ "baseUrl": "https://ci.example.org/api", "auth": { "type": "token", "token": "s3cr3t" } }"#,
/// )?;
/// assert_eq!(config.poll_ms, 1_000);
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct WoodpeckerConfig {
    /// Where the API begins, such as `https://ci.example.org/api`.
    pub base_url: String,
    /// The credentials of everybody who has none of their own: a personal access token. None by default, which shows what is
    /// public.
    #[serde(default)]
    pub auth: Auth,
    /// The credentials of principals, by the label of their credential.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub identities: HashMap<String, Auth>,
    /// The connection.
    #[serde(default)]
    pub http: HttpConfig,
    /// Whether any call of Woodpecker's API may be made by the operations `vendor_read` and `vendor_write`; not where absent.
    #[serde(default)]
    pub vendor_calls: bool,
    /// The variable that carries the name of the pipeline that is asked for, so that workflows can choose by it. Where absent
    /// each repository has one pipeline, `woodpecker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_variable: Option<String>,
    /// The first pause between two looks at a job whose log is followed, in milliseconds; 1,000 by default. Pauses grow up to ten
    /// times as long.
    #[serde(default = "poll_ms")]
    #[schemars(range(min = 1, max = 600_000))]
    pub poll_ms: u64,
}

fn poll_ms() -> u64 {
    1_000
}

impl WoodpeckerConfig {
    /// A server whose API begins here, without credentials.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            auth: Auth::None,
            identities: HashMap::new(),
            http: HttpConfig::default(),
            vendor_calls: false,
            pipeline_variable: None,
            poll_ms: poll_ms(),
        }
    }

    /// The same with these credentials.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// The same with the credentials of a principal.
    #[must_use]
    pub fn identity(mut self, label: impl Into<String>, auth: Auth) -> Self {
        self.identities.insert(label.into(), auth);
        self
    }

    /// The same over this connection.
    #[must_use]
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// The same, with calls in the vendor's own words allowed or not.
    #[must_use]
    pub fn vendor_calls(mut self, allowed: bool) -> Self {
        self.vendor_calls = allowed;
        self
    }

    /// The same with a variable that carries the name of the pipeline.
    #[must_use]
    pub fn pipeline_variable(mut self, name: impl Into<String>) -> Self {
        self.pipeline_variable = Some(name.into());
        self
    }

    /// The same with another first pause between looks at a job, in milliseconds.
    #[must_use]
    pub fn poll_ms(mut self, poll_ms: u64) -> Self {
        self.poll_ms = poll_ms;
        self
    }
}

/// Makes [`Woodpecker`] plugins: provider `woodpecker`, service cicd.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::woodpecker::WoodpeckerFactory;
///
/// assert_eq!(WoodpeckerFactory.provider(), "woodpecker");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct WoodpeckerFactory;

#[async_trait]
impl Factory for WoodpeckerFactory {
    fn provider(&self) -> &str {
        "woodpecker"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Cicd
    }

    fn config_schema(&self) -> Schema {
        schema_for!(WoodpeckerConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        Ok(Arc::new(Woodpecker::new(crate::http::read("woodpecker", input.config)?)?))
    }
}
