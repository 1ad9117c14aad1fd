//! What can be set about a Gitea or Forgejo server, and the factories that read it.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{GiteaGit, GiteaIssues, GiteaWiki};
use crate::http::{Auth, HttpConfig};

/// Which of the two products a server runs. They speak one dialect; where they differ this decides.
///
/// ```
/// use mosaic_providers::gitea::Product;
///
/// assert_eq!(Product::default(), Product::Gitea);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Gitea.
    #[default]
    Gitea,
    /// Forgejo.
    Forgejo,
}

impl Product {
    /// The provider's name in configurations.
    pub(super) const fn provider(self) -> &'static str {
        match self {
            Self::Gitea => "gitea",
            Self::Forgejo => "forgejo",
        }
    }
}

/// The configuration of every Gitea and Forgejo plugin.
///
/// ```
/// use mosaic_providers::gitea::GiteaConfig;
/// use mosaic_providers::http::Auth;
///
/// let config: GiteaConfig = serde_json::from_str(
///     r#"{ "baseUrl": "https://git.example.org/api/v1", "auth": { "type": "token", "token": "s3cr3t" } }"#,
/// )?;
/// assert_eq!(config, GiteaConfig::new("https://git.example.org/api/v1", Auth::token("s3cr3t")));
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct GiteaConfig {
    /// Where the API begins: `https://HOST/api/v1`.
    pub base_url: String,
    /// Who asks. Without credentials only what is public can be read.
    #[serde(default)]
    pub auth: Auth,
    /// Credentials of principals, by the label that a principal's `credential` names; others use `auth`.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub identities: HashMap<String, Auth>,
    /// How the server is connected to.
    #[serde(default)]
    pub http: HttpConfig,
    /// Which product the server runs; the one that the provider is named after where absent.
    #[serde(default)]
    pub product: Product,
    /// The most items that the server gives at once, `MAX_RESPONSE_ITEMS` of its own configuration; 50 where absent.
    #[serde(default = "page_size")]
    #[schemars(range(min = 1, max = 100))]
    pub page_size: usize,
    /// How long a merge waits for the server to find out whether a pull request can be merged, in milliseconds; 5,000 where
    /// absent. Right after a pull request was opened or changed a server does not know yet, and refuses.
    #[serde(default = "merge_wait_ms")]
    #[schemars(range(max = 60_000))]
    pub merge_wait_ms: u64,
    /// Whether any call of the API may be made by the operations `vendor_read` and `vendor_write`; not where absent.
    #[serde(default)]
    pub vendor_calls: bool,
}

const fn page_size() -> usize {
    50
}

const fn merge_wait_ms() -> u64 {
    5_000
}

impl GiteaConfig {
    /// A Gitea whose API begins here, with these credentials.
    pub fn new(base_url: impl Into<String>, auth: Auth) -> Self {
        Self {
            base_url: base_url.into(),
            auth,
            identities: HashMap::new(),
            http: HttpConfig::default(),
            product: Product::default(),
            page_size: page_size(),
            merge_wait_ms: merge_wait_ms(),
            vendor_calls: false,
        }
    }

    /// The same for a server of this product.
    #[must_use]
    pub fn product(mut self, product: Product) -> Self {
        self.product = product;
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

    /// Reads the configuration of a provider that is named after this product.
    ///
    /// # Errors
    /// `Config`, saying what does not fit, without values.
    pub(super) fn read(product: Product, mut config: Value) -> Result<Self> {
        if let Some(fields) = config.as_object_mut() {
            fields.entry("product").or_insert_with(|| product.provider().into());
        }
        crate::http::read(product.provider(), config)
    }
}

/// A factory of one service, for both names.
macro_rules! factory {
    ($(#[$doc:meta])* $factory:ident, $service:ident, $plugin:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $factory {
            product: Product,
        }

        impl $factory {
            /// The factory of the provider that is named after this product.
            pub const fn new(product: Product) -> Self {
                Self { product }
            }
        }

        #[async_trait]
        impl Factory for $factory {
            fn provider(&self) -> &str {
                self.product.provider()
            }

            fn service(&self) -> ServiceKind {
                ServiceKind::$service
            }

            fn config_schema(&self) -> Schema {
                schema_for!(GiteaConfig)
            }

            async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
                Ok(Arc::new($plugin::new(GiteaConfig::read(self.product, input.config)?)?))
            }
        }
    };
}

factory! {
    /// Makes [`GiteaGit`] plugins: providers `gitea` and `forgejo`, service git.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_providers::gitea::{GiteaGitFactory, Product};
    ///
    /// assert_eq!(GiteaGitFactory::new(Product::Forgejo).provider(), "forgejo");
    /// ```
    GiteaGitFactory, Git, GiteaGit
}

factory! {
    /// Makes [`GiteaIssues`] plugins: providers `gitea` and `forgejo`, service project.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_core::types::ServiceKind;
    /// use mosaic_providers::gitea::{GiteaIssuesFactory, Product};
    ///
    /// assert_eq!(GiteaIssuesFactory::new(Product::Gitea).service(), ServiceKind::Project);
    /// ```
    GiteaIssuesFactory, Project, GiteaIssues
}

factory! {
    /// Makes [`GiteaWiki`] plugins: providers `gitea` and `forgejo`, service docs.
    ///
    /// ```
    /// use mosaic_core::plugin::Factory;
    /// use mosaic_core::types::ServiceKind;
    /// use mosaic_providers::gitea::{GiteaWikiFactory, Product};
    ///
    /// assert_eq!(GiteaWikiFactory::new(Product::Gitea).service(), ServiceKind::Docs);
    /// ```
    GiteaWikiFactory, Docs, GiteaWiki
}
