//! The configuration of GitLab's providers, and the factories that read it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::{GitLabCi, GitLabGit, GitLabIssues, GitLabWiki};
use crate::http::{Auth, HttpConfig};

/// The configuration of each of GitLab's providers.
///
/// ```
/// use mosaic_providers::gitlab::GitLabConfig;
///
/// let config: GitLabConfig = serde_json::from_str(r#"{ "auth": { "type": "token", "token": "glpat-x" } }"#)?;
/// assert_eq!(config.base_url, "https://gitlab.com/api/v4");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GitLabConfig {
    /// Where the API begins: `https://HOST/api/v4`; that of gitlab.com by default.
    pub base_url: String,
    /// The credentials. Tokens of persons, groups and projects are given as tokens and sent as `PRIVATE-TOKEN`.
    pub auth: Auth,
    /// The credentials of principals, by the label of their credential.
    pub identities: HashMap<String, Auth>,
    /// How GitLab is connected to.
    pub http: HttpConfig,
    /// Whether any call of GitLab's own API may be made through the provider; not by default.
    pub vendor_calls: bool,
}

impl Default for GitLabConfig {
    fn default() -> Self {
        Self {
            base_url: "https://gitlab.com/api/v4".to_owned(),
            auth: Auth::default(),
            identities: HashMap::new(),
            http: HttpConfig::default(),
            vendor_calls: false,
        }
    }
}

impl GitLabConfig {
    /// A server, by where its API begins.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), ..Self::default() }
    }

    /// The same with these credentials.
    #[must_use]
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = auth;
        self
    }

    /// The same with these settings of the connection.
    #[must_use]
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    fn read(input: FactoryInput) -> Result<Self> {
        serde_json::from_value(input.config)
            .map_err(|error| Error::new(ErrorKind::Config, format!("the configuration of GitLab: {error}")))
    }
}

/// One factory for each service: the provider is called `gitlab` everywhere.
macro_rules! factories {
    ($($(#[$doc:meta])* $factory:ident: $plugin:ident, $service:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $factory;

        #[async_trait]
        impl Factory for $factory {
            fn provider(&self) -> &str {
                "gitlab"
            }
            fn service(&self) -> ServiceKind {
                ServiceKind::$service
            }
            fn config_schema(&self) -> Schema {
                schema_for!(GitLabConfig)
            }
            async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
                Ok(Arc::new($plugin::new(GitLabConfig::read(input)?)?))
            }
        }
    )*};
}

factories! {
    /// Makes [`GitLabGit`] plugins: provider `gitlab`, service git.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_providers::gitlab::GitLabGitFactory;
    ///
    /// assert_eq!(GitLabGitFactory.provider(), "gitlab");
    /// ```
    GitLabGitFactory: GitLabGit, Git;

    /// Makes [`GitLabCi`] plugins: provider `gitlab`, service cicd.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_core::types::ServiceKind;
    /// use mosaic_providers::gitlab::GitLabCiFactory;
    ///
    /// assert_eq!(GitLabCiFactory.service(), ServiceKind::Cicd);
    /// ```
    GitLabCiFactory: GitLabCi, Cicd;

    /// Makes [`GitLabIssues`] plugins: provider `gitlab`, service project.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_core::types::ServiceKind;
    /// use mosaic_providers::gitlab::GitLabIssuesFactory;
    ///
    /// assert_eq!(GitLabIssuesFactory.service(), ServiceKind::Project);
    /// ```
    GitLabIssuesFactory: GitLabIssues, Project;

    /// Makes [`GitLabWiki`] plugins: provider `gitlab`, service docs.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_core::types::ServiceKind;
    /// use mosaic_providers::gitlab::GitLabWikiFactory;
    ///
    /// assert_eq!(GitLabWikiFactory.service(), ServiceKind::Docs);
    /// ```
    GitLabWikiFactory: GitLabWiki, Docs;
}
