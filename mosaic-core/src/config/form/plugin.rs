//! The form of a provider, and of what the engine takes out of its configuration.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::unit::{Millis, set};
use crate::engine::breaker::BreakerConfig;
use crate::engine::limit::{BackoffConfig, LimitsConfig, RetryBudgetConfig};
use crate::engine::{ProviderConfig, RetryConfig};
use crate::types::{InvalidRegion, Price, ServiceKind};

/// A provider: a product, the service it serves, and its configuration.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Plugin")]
pub(in crate::config) struct PluginForm {
    /// The name by which rules speak of it: 1 to 64 of a-z A-Z 0-9 . _ -, beginning with a letter or digit.
    #[schemars(length(min = 1, max = 64))]
    pub(in crate::config) id: String,
    /// The service it serves.
    #[serde(rename = "type")]
    pub(in crate::config) service: ServiceKind,
    /// The product, such as `local`.
    #[schemars(length(min = 1))]
    pub(in crate::config) provider: String,
    /// Whether it is used; yes by default. Variables in the configuration of one that is not need not be set.
    pub(in crate::config) enabled: Option<bool>,
    /// What the engine reads (the keys below), and beside it what the plugin itself takes.
    pub(in crate::config) config: Option<TreatmentForm>,
}

/// How the engine treats a provider. Other keys are those of the plugin itself.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PluginConfig", extend("additionalProperties" = true))]
pub(in crate::config) struct TreatmentForm {
    rate_limit: Option<RateLimitForm>,
    retry: Option<RetryForm>,
    /// How long one attempt may take, in milliseconds; 30000 by default. For a stream: to open it.
    timeout: Option<Millis>,
    /// How long an open stream may be silent, in milliseconds; 60000 by default.
    idle_timeout: Option<Millis>,
    concurrency: Option<ConcurrencyForm>,
    breaker: Option<BreakerForm>,
    /// Its share of the calls among the members of a group that is balanced by weight or by connections; 1 by default. With 0 it is
    /// tried after all others.
    weight: Option<u32>,
    /// Where it stands, such as `eu`. In a group those in the region of the call are preferred.
    #[schemars(length(min = 1, max = 31))]
    region: Option<String>,
    /// What one unit of an operation costs there, exact to a millionth; free by default.
    cost: Option<Price>,
}

/// The keys of a plugin's configuration that the engine takes.
pub(in crate::config) const TREATMENT: [&str; 9] =
    ["rateLimit", "retry", "timeout", "idleTimeout", "concurrency", "breaker", "weight", "region", "cost"];

/// How many units of cost (one for most operations) may be spent in a window of time.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RateLimit")]
struct RateLimitForm {
    /// So many.
    #[schemars(range(min = 1))]
    max_requests: u32,
    /// In so many milliseconds.
    window_ms: Millis,
}

/// How often and how patiently a provider is tried.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Retry")]
struct RetryForm {
    /// Attempts of one call, the first included; 3 by default.
    #[schemars(range(min = 1, max = 100))]
    attempts: Option<u32>,
    /// How the waits between them grow; `exponential` by default.
    backoff: Option<BackoffForm>,
    /// The first wait, in milliseconds; 100 by default.
    first_ms: Option<Millis>,
    /// The longest wait, in milliseconds; 10000 by default.
    longest_ms: Option<Millis>,
    /// Whether waits have a random share; yes by default.
    jitter: Option<bool>,
    /// The longest wait that a provider's rate limit may ask for before the call moves on or ends, in milliseconds; 30000 by
    /// default.
    longest_limit_ms: Option<Millis>,
    budget: Option<BudgetForm>,
}

/// How waits grow.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Backoff")]
enum BackoffForm {
    /// Each twice as long as the one before, up to the longest.
    Exponential,
    /// Each as long as the first.
    Fixed,
}

/// How many retries all calls to a provider together may cost.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RetryBudget")]
struct BudgetForm {
    /// Retries per hundred calls that succeed at their first attempt; 20 by default.
    #[schemars(range(max = 10_000))]
    percent: Option<u32>,
    /// Retries that are there at first; 10 by default.
    reserve: Option<u32>,
    /// Retries that may be saved at most; 100 by default.
    most: Option<u32>,
}

/// Calls at once: a number, or a record.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Concurrency")]
enum ConcurrencyForm {
    /// So many calls at once.
    Calls(#[schemars(range(min = 1))] u32),
    /// So many, and how long others wait.
    Full(ConcurrencyRecord),
}

/// Calls at once, and how long others wait for their turn.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "ConcurrencyLimit")]
struct ConcurrencyRecord {
    /// So many calls at once.
    #[schemars(range(min = 1))]
    calls: u32,
    /// How long a call may wait for its turn, in milliseconds; 5000 by default.
    queue_ms: Option<Millis>,
}

/// When the breakers of a provider open and close.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Breaker")]
struct BreakerForm {
    /// So many failures in a row open it; 5 by default.
    #[schemars(range(min = 1))]
    failures_in_a_row: Option<u32>,
    /// How many calls the shares are taken over; 64 by default.
    #[schemars(range(min = 1, max = 128))]
    window: Option<u32>,
    /// How many calls there must be before shares count; 20 by default.
    #[schemars(range(min = 1))]
    least_calls: Option<u32>,
    /// The share of failed calls that opens it, in percent; 50 by default.
    #[schemars(range(min = 1, max = 100))]
    failure_percent: Option<u32>,
    /// What counts as slow, in milliseconds; 10000 by default.
    slow_call_ms: Option<Millis>,
    /// The share of slow calls that opens it, in percent; 100 by default.
    #[schemars(range(min = 1, max = 100))]
    slow_percent: Option<u32>,
    /// How long it stays open, in milliseconds; 30000 by default.
    open_ms: Option<Millis>,
    /// How many trials may be under way at once when half-open; 1 by default.
    #[schemars(range(min = 1))]
    trials: Option<u32>,
    /// How many trials must succeed in a row to close it; 2 by default.
    #[schemars(range(min = 1))]
    successes_to_close: Option<u32>,
}

impl TreatmentForm {
    /// What it says, and the engine's defaults for the rest; and what is wrong with its region.
    pub(in crate::config) fn read(self) -> (ProviderConfig, Option<InvalidRegion>) {
        let mut config = ProviderConfig::default();
        set(&mut config.timeout, self.timeout);
        set(&mut config.idle_timeout, self.idle_timeout);
        if let Some(retry) = self.retry {
            retry.read(&mut config.retry);
        }
        if let Some(breaker) = self.breaker {
            breaker.read(&mut config.breaker);
        }
        let LimitsConfig { rate, concurrency, queue } = &mut config.limits;
        *rate = self.rate_limit.map(|limit| (limit.max_requests, Duration::from(limit.window_ms)));
        match self.concurrency {
            None => {}
            Some(ConcurrencyForm::Calls(calls)) => *concurrency = Some(calls),
            Some(ConcurrencyForm::Full(full)) => {
                *concurrency = Some(full.calls);
                set(queue, full.queue_ms);
            }
        }
        set(&mut config.weight, self.weight);
        set(&mut config.cost, self.cost);
        let region = self.region.map(|region| region.parse()).transpose();
        match region {
            Ok(region) => (ProviderConfig { region, ..config }, None),
            Err(invalid) => (config, Some(invalid)),
        }
    }
}

impl RetryForm {
    fn read(self, to: &mut RetryConfig) {
        set(&mut to.attempts, self.attempts);
        set(&mut to.longest_wait, self.longest_limit_ms);
        let BackoffConfig { first, longest, jitter } = &mut to.backoff;
        set(first, self.first_ms);
        set(longest, self.longest_ms);
        set(jitter, self.jitter);
        if let Some(BackoffForm::Fixed) = self.backoff {
            *longest = *first;
        }
        if let Some(budget) = self.budget {
            let RetryBudgetConfig { percent, reserve, most } = &mut to.budget;
            set(percent, budget.percent);
            set(reserve, budget.reserve);
            set(most, budget.most);
        }
    }
}

impl BreakerForm {
    fn read(self, to: &mut BreakerConfig) {
        set(&mut to.failures_in_a_row, self.failures_in_a_row);
        set(&mut to.window, self.window);
        set(&mut to.least_calls, self.least_calls);
        set(&mut to.failure_percent, self.failure_percent);
        set(&mut to.slow_call, self.slow_call_ms);
        set(&mut to.slow_percent, self.slow_percent);
        set(&mut to.open_for, self.open_ms);
        set(&mut to.trials, self.trials);
        set(&mut to.successes_to_close, self.successes_to_close);
    }
}
