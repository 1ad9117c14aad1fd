//! What can be set about Bitbucket Cloud, and the factories that read it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BitbucketGit, BitbucketPipelines};
use crate::http::{Auth, HttpConfig};

/// The provider's name in configurations.
pub(super) const PROVIDER: &str = "bitbucket";

/// The configuration of every Bitbucket plugin.
///
/// ```
/// use mosaic_providers::bitbucket::BitbucketConfig;
/// use mosaic_providers::http::Auth;
///
/// let config: BitbucketConfig =
///     serde_json::from_str(r#"{ "auth": { "type": "token", "token": "s3cr3t" } }"#)?;
/// assert_eq!(config, BitbucketConfig::new(Auth::token("s3cr3t")));
/// assert_eq!(config.base_url, "https://api.bitbucket.org/2.0");
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct BitbucketConfig {
    /// Where the API begins; `https://api.bitbucket.org/2.0` where absent.
    #[serde(default = "base_url")]
    pub base_url: String,
    /// Who asks: a token, or `basic` with an e-mail address and an API token. Without credentials only what is public can be read.
    #[serde(default)]
    pub auth: Auth,
    /// Credentials of principals, by the label that a principal's `credential` names; others use `auth`.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub identities: HashMap<String, Auth>,
    /// How Bitbucket is connected to.
    #[serde(default)]
    pub http: HttpConfig,
    /// The key of the project that new repositories belong to; the oldest of the workspace where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// How long a merge that Bitbucket goes on with by itself is waited for, in milliseconds; 60,000 where absent.
    #[serde(default = "merge_wait_ms")]
    #[schemars(range(max = 600_000))]
    pub merge_wait_ms: u64,
    /// Whether any call of the API may be made by the operations `vendor_read` and `vendor_write`; not where absent.
    #[serde(default)]
    pub vendor_calls: bool,
}

fn base_url() -> String {
    "https://api.bitbucket.org/2.0".to_owned()
}

const fn merge_wait_ms() -> u64 {
    60_000
}

impl BitbucketConfig {
    /// Bitbucket Cloud with these credentials.
    pub fn new(auth: Auth) -> Self {
        Self {
            base_url: base_url(),
            auth,
            identities: HashMap::new(),
            http: HttpConfig::default(),
            project: None,
            merge_wait_ms: merge_wait_ms(),
            vendor_calls: false,
        }
    }

    /// The same with the API at another address.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The same with credentials of a principal.
    #[must_use]
    pub fn identity(mut self, label: impl Into<String>, auth: Auth) -> Self {
        self.identities.insert(label.into(), auth);
        self
    }

    /// The same with another connection.
    #[must_use]
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// The same with new repositories in the project of this key.
    #[must_use]
    pub fn project(mut self, key: impl Into<String>) -> Self {
        self.project = Some(key.into());
        self
    }

    /// The same with another time for which a merge waits, in milliseconds.
    #[must_use]
    pub fn merge_wait_ms(mut self, wait: u64) -> Self {
        self.merge_wait_ms = wait;
        self
    }

    /// The same with any call of the API allowed, or not.
    #[must_use]
    pub fn vendor_calls(mut self, allowed: bool) -> Self {
        self.vendor_calls = allowed;
        self
    }

    fn read(config: Value) -> Result<Self> {
        crate::http::read(PROVIDER, config)
    }
}

/// A factory of one service.
macro_rules! factory {
    ($(#[$doc:meta])* $factory:ident, $service:ident, $plugin:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $factory;

        #[async_trait]
        impl Factory for $factory {
            fn provider(&self) -> &str {
                PROVIDER
            }

            fn service(&self) -> ServiceKind {
                ServiceKind::$service
            }

            fn config_schema(&self) -> Schema {
                schema_for!(BitbucketConfig)
            }

            async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
                Ok(Arc::new($plugin::new(BitbucketConfig::read(input.config)?)?))
            }
        }
    };
}

factory! {
    /// Makes [`BitbucketGit`] plugins: provider `bitbucket`, service git.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_providers::bitbucket::BitbucketGitFactory;
    ///
    /// assert_eq!(BitbucketGitFactory.provider(), "bitbucket");
    /// ```
    BitbucketGitFactory, Git, BitbucketGit
}

factory! {
    /// Makes [`BitbucketPipelines`] plugins: provider `bitbucket`, service cicd.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_core::types::ServiceKind;
    /// use mosaic_providers::bitbucket::BitbucketPipelinesFactory;
    ///
    /// assert_eq!(BitbucketPipelinesFactory.service(), ServiceKind::Cicd);
    /// ```
    BitbucketPipelinesFactory, Cicd, BitbucketPipelines
}
