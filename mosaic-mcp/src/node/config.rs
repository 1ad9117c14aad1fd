//! What the nodes of a team and of an enterprise are configured with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::{Region, Secret};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Compliance;
#[cfg(feature = "redis")]
use crate::state::RedisHints;
use crate::state::{PostgresOptions, StateStore, Tls};

/// The shared parts of a team's nodes.
///
/// ```
/// use mosaic_mcp::node::TeamConfig;
///
/// let config: TeamConfig = serde_json::from_str(
///     r#"{ "postgres": "postgres://mosaic@db.example/mosaic", "redis": "rediss://cache.example", "namespace": "team" }"#,
/// )?;
/// assert_eq!(config.namespace, "team");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct TeamConfig {
    /// The database: `postgres://user:password@host:port/database`.
    pub postgres: Secret,
    /// The schema in it; `mosaic` where nothing is said.
    #[serde(default = "mosaic")]
    pub namespace: String,
    /// A Redis through which nodes tell each other that something changed: `rediss://host:port/0`. Without it they hear it from
    /// the database.
    #[cfg(feature = "redis")]
    #[serde(default)]
    pub redis: Option<Secret>,
    /// Whether database and Redis on other machines may be spoken to in the clear.
    #[serde(default)]
    pub plain: bool,
    /// Where the database and the Redis are; not known where nothing is said.
    #[serde(default)]
    pub region: Option<Region>,
    /// How many days the audit is kept; for ever where nothing is said. All nodes should say the same: the shortest counts.
    #[serde(default)]
    pub retention_days: Option<u32>,
    /// How many days other events of the log are kept; for ever where nothing is said. All nodes should say the same: the shortest
    /// counts.
    #[serde(default)]
    pub event_days: Option<u32>,
    /// A file with the certificates that may sign those of the database and of Redis, in PEM form. Both are spoken to by TLS
    /// then, also on this machine. Without it, public authorities and those of this machine are trusted.
    #[serde(default)]
    pub authority: Option<PathBuf>,
}

fn mosaic() -> String {
    "mosaic".to_owned()
}

impl TeamConfig {
    /// A team around a database.
    pub fn new(postgres: Secret) -> Self {
        Self {
            postgres,
            namespace: mosaic(),
            #[cfg(feature = "redis")]
            redis: None,
            plain: false,
            region: None,
            retention_days: None,
            event_days: None,
            authority: None,
        }
    }

    /// The schema in the database.
    #[must_use]
    pub fn namespace(mut self, name: impl Into<String>) -> Self {
        self.namespace = name.into();
        self
    }

    /// The Redis through which nodes tell each other that something changed.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn redis(mut self, url: Secret) -> Self {
        self.redis = Some(url);
        self
    }

    /// Allows connections to other machines in the clear, for where something below encrypts.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Where the database and the Redis are.
    #[must_use]
    pub fn region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// How many days the audit is kept.
    #[must_use]
    pub fn retention_days(mut self, days: u32) -> Self {
        self.retention_days = Some(days);
        self
    }

    /// How many days events are kept that are not of the audit.
    #[must_use]
    pub fn event_days(mut self, days: u32) -> Self {
        self.event_days = Some(days);
        self
    }

    /// How long the audit and other events are kept.
    pub(super) fn kept(&self) -> [Option<Duration>; 2] {
        [self.retention_days, self.event_days]
            .map(|days| Some(Duration::from_secs(u64::from(days?) * 86_400)))
    }

    /// The file with the certificates that may sign those of the database and of Redis.
    #[must_use]
    pub fn authority(mut self, file: impl Into<PathBuf>) -> Self {
        self.authority = Some(file.into());
        self
    }

    /// What may not be encrypted on its way. Connections that stay on this machine are not on their way.
    pub(super) fn is_plain(&self) -> Vec<&'static str> {
        if self.plain { vec!["the connection to the database"] } else { Vec::new() }
    }

    pub(super) async fn open(self) -> Result<Arc<dyn StateStore>> {
        let mut options = PostgresOptions::new(self.postgres).namespace(&*self.namespace);
        if self.plain && self.authority.is_some() {
            let message =
                "plain allows connections in the clear, and authority says who signs: leave one of them out";
            return Err(Error::new(ErrorKind::Config, message));
        }
        if self.plain {
            options = options.tls(Tls::Off);
        }
        if let Some(authority) = &self.authority {
            options = options.tls(Tls::Verified { authority: Some(authority.clone()) });
        }
        #[cfg(feature = "redis")]
        if let Some(redis) = self.redis {
            let hints = RedisHints::new(redis).channel(format!("mosaic:{}", self.namespace));
            let hints = if self.plain { hints.plain() } else { hints };
            let hints = match self.authority {
                Some(authority) => hints.authority(authority),
                None => hints,
            };
            return Ok(Arc::new(hints.over(options.open().await?)?));
        }
        Ok(Arc::new(options.open().await?))
    }
}

/// A team's node with a place and requirements.
///
/// ```
/// use mosaic_mcp::node::EnterpriseConfig;
///
/// let config: EnterpriseConfig = serde_json::from_str(
///     r#"{
///         "team": { "postgres": "postgres://mosaic@db.eu.example/mosaic", "region": "eu", "retentionDays": 400 },
///         "region": "eu",
///         "compliance": { "encryption": true, "audit": true, "tls": true, "identity": true, "residency": ["eu"] }
///     }"#,
/// )?;
/// assert!(config.compliance.tls);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct EnterpriseConfig {
    /// What the nodes share.
    pub team: TeamConfig,
    /// Where this node is.
    pub region: Region,
    /// What is required; everything that needs no choice, where nothing is said.
    #[serde(default = "Compliance::strict")]
    pub compliance: Compliance,
}

impl EnterpriseConfig {
    /// A node in a region, of which everything is required that needs no choice.
    pub fn new(team: TeamConfig, region: Region) -> Self {
        Self { team, region, compliance: Compliance::strict() }
    }

    /// Other requirements.
    #[must_use]
    pub fn compliance(mut self, compliance: Compliance) -> Self {
        self.compliance = compliance;
        self
    }
}
