//! The configuration of a Jenkins server, and the factory that reads it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::JenkinsCi;
use crate::http::{Auth, HttpConfig, read};

/// The configuration of a [`JenkinsCi`].
///
/// ```
/// use mosaic_providers::jenkins::JenkinsConfig;
///
/// let config: JenkinsConfig = serde_json::from_str(
///     r#"{ "baseUrl": "https://ci.example.org", "auth": { "type": "basic", "user": "ada", "password": "s3cr3t" } }"#,
/// )?;
/// assert_eq!(config.poll_ms, 1_000);
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct JenkinsConfig {
    /// Where Jenkins begins, such as `https://ci.example.org`.
    pub base_url: String,
    /// The credentials of everybody who has none of their own: a user and, in the place of the password, an API token. None by
    /// default, which shows what is public.
    #[serde(default)]
    pub auth: Auth,
    /// The credentials of principals, by the label of their credential.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub identities: HashMap<String, Auth>,
    /// The connection.
    #[serde(default)]
    pub http: HttpConfig,
    /// The folders that hold the jobs of a repository, `{owner}` and `{name}` filled in; `{owner}/{name}` by default.
    #[serde(default = "folder")]
    pub folder: String,
    /// How long a new run is waited for in the queue until it has its number, in milliseconds; 20,000 by default.
    #[serde(default = "queue_wait_ms")]
    #[schemars(range(max = 600_000))]
    pub queue_wait_ms: u64,
    /// The first pause between two looks at the queue or at a log that is followed, in milliseconds; 1,000 by default. Pauses grow up to ten
    /// times as long.
    #[serde(default = "poll_ms")]
    #[schemars(range(min = 1, max = 600_000))]
    pub poll_ms: u64,
    /// Whether any call of the API may be made by the operations `vendor_read` and `vendor_write`; not where absent.
    #[serde(default)]
    pub vendor_calls: bool,
}

fn folder() -> String {
    "{owner}/{name}".to_owned()
}

fn queue_wait_ms() -> u64 {
    20_000
}

fn poll_ms() -> u64 {
    1_000
}

impl JenkinsConfig {
    /// A server that begins here, without credentials.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            auth: Auth::None,
            identities: HashMap::new(),
            http: HttpConfig::default(),
            folder: folder(),
            queue_wait_ms: queue_wait_ms(),
            poll_ms: poll_ms(),
            vendor_calls: false,
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

    /// The same with the jobs of a repository in other folders.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<String>) -> Self {
        self.folder = folder.into();
        self
    }

    /// The same with another wait for the number of a new run, in milliseconds.
    #[must_use]
    pub fn queue_wait_ms(mut self, queue_wait_ms: u64) -> Self {
        self.queue_wait_ms = queue_wait_ms;
        self
    }

    /// The same with another first pause between looks, in milliseconds.
    #[must_use]
    pub fn poll_ms(mut self, poll_ms: u64) -> Self {
        self.poll_ms = poll_ms;
        self
    }

    /// The same with any call of the API allowed, or not.
    #[must_use]
    pub fn vendor_calls(mut self, allowed: bool) -> Self {
        self.vendor_calls = allowed;
        self
    }
}

/// Makes [`JenkinsCi`] plugins: provider `jenkins`, service cicd.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::jenkins::JenkinsFactory;
///
/// assert_eq!(JenkinsFactory.provider(), "jenkins");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct JenkinsFactory;

#[async_trait]
impl Factory for JenkinsFactory {
    fn provider(&self) -> &str {
        "jenkins"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Cicd
    }

    fn config_schema(&self) -> Schema {
        schema_for!(JenkinsConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        Ok(Arc::new(JenkinsCi::new(read("jenkins", input.config)?)?))
    }
}
