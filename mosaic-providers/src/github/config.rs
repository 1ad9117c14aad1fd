//! What can be set about a GitHub, and the factories that read it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::op::{OpMeta, OpSet};
use mosaic_core::plugin::{Factory, FactoryInput, Plugin, PluginInfo};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ActionsConfig, GitHubGit, GitHubIssues};
use crate::http::{Auth, Client, HttpConfig};

/// The provider's name in configurations.
pub(super) const PROVIDER: &str = "github";

/// The API of github.com.
const BASE_URL: &str = "https://api.github.com";

/// The configuration of every GitHub plugin.
///
/// ```
/// use mosaic_providers::github::GitHubConfig;
/// use mosaic_providers::http::Auth;
///
/// let config: GitHubConfig = serde_json::from_str(
///     r#"{ "baseUrl": "https://git.example.org/api/v3", "auth": { "type": "token", "token": "s3cr3t" } }"#,
/// )?;
/// assert_eq!(config, GitHubConfig::new(Auth::token("s3cr3t")).base_url("https://git.example.org/api/v3"));
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GitHubConfig {
    /// Where the API begins: `https://api.github.com` where absent, `https://HOST/api/v3` for GitHub Enterprise Server.
    pub base_url: String,
    /// Who asks. Without credentials only what is public can be read, 60 times in an hour.
    pub auth: Auth,
    /// Credentials of principals, by the label that a principal's `credential` names; others use `auth`.
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub identities: HashMap<String, Auth>,
    /// How GitHub is connected to.
    pub http: HttpConfig,
    /// Whether any call of GitHub's API may be made by the operations `vendor_read` and `vendor_write`; not by default.
    pub vendor_calls: bool,
    /// What is particular to Actions.
    pub actions: ActionsConfig,
}

impl Default for GitHubConfig {
    fn default() -> Self {
        Self {
            base_url: BASE_URL.to_owned(),
            auth: Auth::None,
            identities: HashMap::new(),
            http: HttpConfig::default(),
            vendor_calls: false,
            actions: ActionsConfig::default(),
        }
    }
}

impl GitHubConfig {
    /// github.com with these credentials.
    pub fn new(auth: Auth) -> Self {
        Self { auth, ..Self::default() }
    }

    /// The same at another place, such as `https://HOST/api/v3`.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
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

    /// The same with any call of the API allowed, or not.
    #[must_use]
    pub fn vendor_calls(mut self, allowed: bool) -> Self {
        self.vendor_calls = allowed;
        self
    }

    /// The same with other ways of Actions.
    #[must_use]
    pub fn actions(mut self, actions: ActionsConfig) -> Self {
        self.actions = actions;
        self
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// `Config`, saying what does not fit, without values.
    pub(super) fn read(config: Value) -> Result<Self> {
        crate::http::read(PROVIDER, config)
    }
}

/// What a plugin of a service says of itself: these operations, and calls in GitHub's own words where they are allowed.
pub(super) fn info(client: &Client, service: ServiceKind, offered: &[&OpMeta]) -> PluginInfo {
    let operations = client.declared(service, OpSet::of(offered));
    PluginInfo::new(PROVIDER, env!("CARGO_PKG_VERSION"), operations).reports_delivery(true)
}

/// Makes [`GitHubGit`] plugins: provider `github`, service git.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::github::GitHubGitFactory;
///
/// assert_eq!(GitHubGitFactory.provider(), "github");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHubGitFactory;

#[async_trait]
impl Factory for GitHubGitFactory {
    fn provider(&self) -> &str {
        PROVIDER
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Git
    }

    fn config_schema(&self) -> Schema {
        schema_for!(GitHubConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        Ok(Arc::new(GitHubGit::new(GitHubConfig::read(input.config)?)?))
    }
}

/// Makes [`GitHubIssues`] plugins: provider `github`, service project.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_core::types::ServiceKind;
/// use mosaic_providers::github::GitHubIssuesFactory;
///
/// assert_eq!(GitHubIssuesFactory.service(), ServiceKind::Project);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHubIssuesFactory;

#[async_trait]
impl Factory for GitHubIssuesFactory {
    fn provider(&self) -> &str {
        PROVIDER
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Project
    }

    fn config_schema(&self) -> Schema {
        schema_for!(GitHubConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        Ok(Arc::new(GitHubIssues::new(GitHubConfig::read(input.config)?)?))
    }
}
