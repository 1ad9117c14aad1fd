//! The form of the cache, and of what is done about instances that fail.

use schemars::JsonSchema;
use serde::Deserialize;

use super::unit::{Millis, Seconds, set};
use crate::engine::cache::CacheConfig;
use crate::orchestrator::SupervisionConfig;

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
    /// How many bytes the answers that are kept may take, about; 268435456 by default. One that would take more than an eighth of it is not
    /// kept.
    max_bytes: Option<u64>,
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
            bytes: self.max_bytes.unwrap_or(usual.bytes),
            stale: self.stale_if_error.map_or(usual.stale, Into::into),
            ..usual
        }
    }
}

/// What is done about instances of providers that fail.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Supervision")]
pub(in crate::config) struct SupervisionForm {
    /// After so many unhealthy answers in a row an instance counts as failed; never by default.
    #[schemars(range(min = 1))]
    unhealthy_probes: Option<u32>,
    /// How many failures within the window until it is given up with the next; 10 by default.
    attempts: Option<u32>,
    /// The time in which failures are counted, in milliseconds; 1800000 by default.
    window_ms: Option<Millis>,
    /// The first wait before a restart, in milliseconds; 1000 by default. Each is twice as long as the one before.
    first_ms: Option<Millis>,
    /// The longest wait before a restart, in milliseconds; 300000 by default.
    longest_ms: Option<Millis>,
    /// Whether waits have a random share; yes by default.
    jitter: Option<bool>,
}

impl SupervisionForm {
    pub(in crate::config) fn read(&self) -> SupervisionConfig {
        let mut config =
            SupervisionConfig { unhealthy_probes: self.unhealthy_probes, ..SupervisionConfig::default() };
        set(&mut config.attempts, self.attempts);
        set(&mut config.window, self.window_ms);
        set(&mut config.backoff.first, self.first_ms);
        set(&mut config.backoff.longest, self.longest_ms);
        set(&mut config.backoff.jitter, self.jitter);
        config
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_key_of_the_cache_sets_its_own_field() {
        let text = r#"{ "enabled": false, "ttl": 5, "maxSize": 7, "maxBytes": 9, "staleIfError": 11 }"#;
        let expected = CacheConfig {
            enabled: false,
            ttl: Some(Duration::from_secs(5)),
            capacity: 7,
            bytes: 9,
            stale: Duration::from_secs(11),
            ..CacheConfig::default()
        };
        assert_eq!(serde_json::from_str::<CacheForm>(text).unwrap().read(), expected);
        assert_eq!(CacheForm::default().read(), CacheConfig::default());
    }
}
