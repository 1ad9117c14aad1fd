//! The configuration of CircleCI, and the factory that reads it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::CircleCi;
use crate::http::{Auth, HttpConfig, read};

/// The configuration of a [`CircleCi`].
///
/// ```
/// use mosaic_providers::circleci::CircleCiConfig;
///
/// let config: CircleCiConfig = serde_json::from_str(
///     r#"{ "auth": { "type": "token", "token": "s3cr3t" }, "parameterTypes": { "deploy": "boolean" } }"#,
/// )?;
/// assert_eq!((config.base_url.as_str(), config.project.as_str()), ("https://circleci.com/api", "gh/{owner}/{name}"));
/// assert!(!format!("{config:?}").contains("s3cr3t"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CircleCiConfig {
    /// Where the API begins, without its version; `https://circleci.com/api` by default.
    pub base_url: String,
    /// The credentials of everybody who has none of their own: a personal API token. None by default, which shows what is public.
    pub auth: Auth,
    /// The credentials of principals, by the label of their credential.
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub identities: HashMap<String, Auth>,
    /// The connection.
    pub http: HttpConfig,
    /// The project of a repository, `{owner}` and `{name}` filled in; `gh/{owner}/{name}` by default, and `bb/{owner}/{name}` for
    /// Bitbucket.
    pub project: String,
    /// The projects of repositories that have another one, by `owner/name`: such as `circleci/ORG-ID/PROJECT-ID`.
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub projects: HashMap<String, String>,
    /// The parameter that carries the name of the pipeline that is asked for, so that workflows can choose by it. Where absent
    /// each repository has one pipeline, `circleci`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline_parameter: Option<String>,
    /// The types of parameters that are no texts, by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameter_types: BTreeMap<String, ParameterType>,
    /// The hosts that artifacts are read from with the credentials, with all hosts below them; `circle-artifacts.com` by default.
    pub artifact_hosts: Vec<String>,
    /// How long a run that is to be cancelled is waited for until it has a workflow, in milliseconds; 20,000 by default.
    #[schemars(range(max = 600_000))]
    pub start_wait_ms: u64,
    /// The first pause between two looks at something that goes on, in milliseconds; 2,000 by default. Pauses grow up to ten
    /// times as long.
    #[schemars(range(min = 1, max = 600_000))]
    pub poll_ms: u64,
    /// Whether any call of the API may be made by the operations `vendor_read` and `vendor_write`; not where absent.
    pub vendor_calls: bool,
}

/// The type of a parameter of a pipeline.
///
/// ```
/// use mosaic_providers::circleci::ParameterType;
///
/// assert_eq!(serde_json::to_string(&ParameterType::Boolean).ok().as_deref(), Some("\"boolean\""));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// A text, or one of several words.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

impl Default for CircleCiConfig {
    fn default() -> Self {
        Self {
            base_url: "https://circleci.com/api".to_owned(),
            auth: Auth::None,
            identities: HashMap::new(),
            http: HttpConfig::default(),
            project: "gh/{owner}/{name}".to_owned(),
            projects: HashMap::new(),
            pipeline_parameter: None,
            parameter_types: BTreeMap::new(),
            artifact_hosts: vec!["circle-artifacts.com".to_owned()],
            start_wait_ms: 20_000,
            poll_ms: 2_000,
            vendor_calls: false,
        }
    }
}

impl CircleCiConfig {
    /// The CircleCI in the cloud, with these credentials.
    pub fn new(auth: Auth) -> Self {
        Self { auth, ..Self::default() }
    }

    /// The same with an API that begins elsewhere.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
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

    /// The same with other projects: a text with `{owner}` and `{name}`.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = project.into();
        self
    }

    /// The same with the project of one repository, which is `owner/name`.
    #[must_use]
    pub fn project_of(mut self, repository: impl Into<String>, project: impl Into<String>) -> Self {
        self.projects.insert(repository.into(), project.into());
        self
    }

    /// The same with a parameter that carries the name of the pipeline.
    #[must_use]
    pub fn pipeline_parameter(mut self, name: impl Into<String>) -> Self {
        self.pipeline_parameter = Some(name.into());
        self
    }

    /// The same with the type of a parameter.
    #[must_use]
    pub fn parameter_type(mut self, name: impl Into<String>, kind: ParameterType) -> Self {
        self.parameter_types.insert(name.into(), kind);
        self
    }

    /// The same with other hosts that artifacts are read from with the credentials.
    #[must_use]
    pub fn artifact_hosts<T: Into<String>>(mut self, hosts: impl IntoIterator<Item = T>) -> Self {
        self.artifact_hosts = hosts.into_iter().map(Into::into).collect();
        self
    }

    /// The same with another wait for the first workflow, in milliseconds.
    #[must_use]
    pub fn start_wait_ms(mut self, start_wait_ms: u64) -> Self {
        self.start_wait_ms = start_wait_ms;
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

/// Makes [`CircleCi`] plugins: provider `circleci`, service cicd.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::circleci::CircleCiFactory;
///
/// assert_eq!(CircleCiFactory.provider(), "circleci");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct CircleCiFactory;

#[async_trait]
impl Factory for CircleCiFactory {
    fn provider(&self) -> &str {
        "circleci"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Cicd
    }

    fn config_schema(&self) -> Schema {
        schema_for!(CircleCiConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        Ok(Arc::new(CircleCi::new(read("circleci", input.config)?)?))
    }
}
