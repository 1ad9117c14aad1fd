//! The form of the cache.

use schemars::JsonSchema;
use serde::Deserialize;

use super::unit::Seconds;
use crate::engine::cache::CacheConfig;

/// How answers are kept.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Cache")]
pub(in crate::config) struct CacheForm {
    /// Whether answers are kept; yes by default.
    enabled: Option<bool>,
    /// Where they are kept: `memory` by default. Whether a tier is there is looked at when the orchestrator is built.
    #[schemars(length(min = 1))]
    pub(in crate::config) provider: Option<String>,
    /// How long an answer is fresh at most, in seconds; where an operation says less, that holds.
    ttl: Option<Seconds>,
    /// How many answers are kept, about; 10000 by default.
    #[schemars(range(max = 100_000_000))]
    max_size: Option<u64>,
    /// How long an answer that is no longer fresh may stand in while its provider fails, in seconds; 300 by default, 0 for never.
    stale_if_error: Option<Seconds>,
}

impl CacheForm {
    pub(in crate::config) fn read(&self) -> CacheConfig {
        let usual = CacheConfig::default();
        CacheConfig {
            enabled: self.enabled.unwrap_or(usual.enabled),
            ttl: self.ttl.map(Into::into),
            capacity: self.max_size.unwrap_or(usual.capacity),
            stale: self.stale_if_error.map_or(usual.stale, Into::into),
            ..usual
        }
    }
}
