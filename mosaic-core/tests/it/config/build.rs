//! The second step: what is missing, what a plugin's own schema says, and an orchestrator at work.

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::config::{Code, Config, Loader, Report};
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::GetRepository;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::testkit::Double;
use mosaic_core::types::git::Repository;
use mosaic_core::types::{Secret, ServiceKind};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;

/// Makes doubles that answer with the branch that they are configured with.
pub(crate) struct Doubles;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DoubleConfig {
    branch: String,
    port: Option<u16>,
    auth: Option<Auth>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Auth {
    Token { token: Secret },
    Basic { user: String, password: Secret },
}

#[async_trait]
impl Factory for Doubles {
    fn provider(&self) -> &str {
        "double"
    }
    fn service(&self) -> ServiceKind {
        ServiceKind::Git
    }
    fn config_schema(&self) -> Schema {
        schema_for!(DoubleConfig)
    }
    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        let config: DoubleConfig = serde_json::from_value(input.config.clone())
            .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        let secret = match &config.auth {
            Some(Auth::Token { token }) => token.expose().to_owned(),
            Some(Auth::Basic { user, password }) => format!("{user}:{}", password.expose()),
            None => String::new(),
        };
        if config.branch == "refused" {
            let cause = std::io::Error::other(format!("{input:?} {:?}", input.config));
            return Err(Error::new(ErrorKind::Config, format!("auth.token: {secret:?} is too short"))
                .context("with", secret)
                .source(cause));
        }
        let double =
            Double::new().answer(move |op: &GetRepository| Ok(Repository::of(&op.repo, &config.branch)));
        let _ = config.port;
        Ok(Arc::new(double))
    }
}

pub(crate) fn factories() -> Vec<Box<dyn Factory>> {
    vec![Box::new(Doubles)]
}

pub(crate) fn load(text: &str) -> Config {
    let loader =
        Loader::new().environment(|name| (name == "SECRET").then(|| "marked-secret\"\\token".to_owned()));
    loader.parse("mosaic.yaml", text).unwrap_or_else(|report| panic!("{report}"))
}

fn refusal(text: &str) -> Report {
    load(text).builder(factories()).map(|_| ()).unwrap_err()
}

#[test]
fn everything_that_is_not_compiled_in_is_named() {
    let report = refusal(
        "
plugins:
  - { id: a, type: git, provider: duoble }
  - { id: b, type: cicd, provider: double }
  - { id: c, type: git, provider: double, config: { branch: main } }
cache: { provider: redis }
",
    );
    let codes: Vec<_> = report.faults().iter().map(|fault| (fault.code(), fault.path())).collect();
    assert_eq!(
        codes,
        [
            (Code::MissingPlugin, "plugins[0].provider"),
            (Code::MissingPlugin, "plugins[1].provider"),
            (Code::MissingTier, "cache.provider")
        ]
    );
    assert_eq!(report.faults()[0].suggestion(), Some("double"));
    assert!(report.faults()[1].message().contains("double for git"), "{report}");
}

#[test]
fn a_plugins_own_configuration_is_checked_against_its_schema() {
    let report = refusal(
        "
plugins:
  - id: a
    type: git
    provider: double
    config:
      branhc: main
      rateLimits: { maxRequests: 5, windowMs: 5 }
      port: 70000
      auth: { type: token, tokn: written-in-the-file }
  - { id: b, type: git, provider: double, config: { branch: x, auth: { type: tken, token: written-in-the-file } } }
",
    );
    assert_lines(
        &report,
        &[
            "unknown-key 7:7 plugins[0].config.branhc Some(\"branch\")",
            "unknown-key 8:7 plugins[0].config.rateLimits Some(\"rateLimit\")",
            "bad-value 9:13 plugins[0].config.port None",
            "unknown-key 10:28 plugins[0].config.auth.tokn Some(\"token\")",
            "bad-value 11:78 plugins[1].config.auth.type Some(\"token\")",
        ],
    );
    assert!(!report.to_string().contains("written-in"), "{report}");
}

fn assert_lines(report: &Report, expected: &[&str]) {
    let line = |fault: &mosaic_core::config::Fault| {
        let (line, column) = (fault.line().unwrap(), fault.column().unwrap());
        format!("{} {line}:{column} {} {:?}", fault.code(), fault.path(), fault.suggestion())
    };
    let lines: Vec<_> = report.faults().iter().map(line).collect();
    assert_eq!(lines, expected, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_file_becomes_an_orchestrator_at_work() {
    let config = load(
        "
plugins:
  - { id: a, type: git, provider: double, config: { branch: from-a, timeout: 100 } }
  - { id: b, type: git, provider: double, config: { branch: from-b, auth: { type: token, token: '${SECRET}' } } }
routing:
  - { pattern: 'org:internal-*', provider: a }
  - default:
    provider: b
cache: { ttl: 5, maxSize: 10 }
",
    );
    let mosaic = config.builder(factories()).unwrap().build().await.unwrap();
    for (org, branch) in [("internal-x", "from-a"), ("acme", "from-b")] {
        let repository = mosaic.git().get_repository(GetRepository::new(org, "widget")).await.unwrap();
        assert_eq!(repository.default_branch, branch);
    }
    // The cache keeps answers for as long as the file says, not the minute that the operation says.
    let again =
        || async { mosaic.git().get_repository(GetRepository::new("acme", "widget")).await.unwrap().cache() };
    assert_eq!(again().await, mosaic_core::op::CacheState::Hit);
    tokio::time::advance(std::time::Duration::from_secs(6)).await;
    assert_ne!(again().await, mosaic_core::op::CacheState::Hit);
    let explanation = mosaic.explain(&CallContext::new(), &GetRepository::new("internal-x", "y"));
    assert_eq!(explanation.candidates[0].provider.as_str(), "a");
    mosaic.shutdown().await;
}

#[tokio::test]
async fn what_a_factory_says_quotes_nothing_of_the_configuration() {
    let config = load(
        "
plugins:
  - { id: a, type: git, provider: double, config: { branch: refused, auth: { type: token, token: '${SECRET}' } } }
",
    );
    let error = config.builder(factories()).unwrap().build().await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(said.contains("is too short"), "{said}");
    assert!(!said.contains("marked") && !said.contains("token\\"), "{said}");
}
