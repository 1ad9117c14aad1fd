//! How the engine treats one provider: time, retries, breakers, limits, and what balancing and ranking weigh.

use std::time::Duration;

use super::breaker::BreakerConfig;
use super::limit::{BackoffConfig, LimitsConfig, RetryBudgetConfig};
use crate::types::{Price, Region};

/// How the engine treats one provider.
///
/// ```
/// use std::time::Duration;
/// use mosaic_core::engine::ProviderConfig;
///
/// let config = ProviderConfig { timeout: Duration::from_secs(5), ..ProviderConfig::default() };
/// assert_eq!(config.retry.attempts, 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProviderConfig {
    /// How long one attempt may take; 30 s by default. For a stream: to open it.
    pub timeout: Duration,
    /// How long an open stream may be silent; 60 s by default.
    pub idle_timeout: Duration,
    /// How often it is tried.
    pub retry: RetryConfig,
    /// When its breakers open and close.
    pub breaker: BreakerConfig,
    /// What it may be asked for.
    pub limits: LimitsConfig,
    /// Its share of the calls among the members of a group that is balanced by weight or by connections; 1 by default. With 0 it
    /// is drained: it is tried after every other candidate of the call, also after those in bad standing.
    pub weight: u32,
    /// Where it stands; unknown by default. Members of a group that stand where the caller is are preferred; this is a
    /// preference, while a rule with a condition on the region is what keeps calls in it.
    pub region: Option<Region>,
    /// What one unit of an operation costs there; free by default. An operation is as many units as
    /// [`OpMeta::cost`](crate::op::OpMeta::cost) says.
    pub cost: Price,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            retry: RetryConfig::default(),
            breaker: BreakerConfig::default(),
            limits: LimitsConfig::default(),
            weight: 1,
            region: None,
            cost: Price::FREE,
        }
    }
}

/// How often and how patiently one provider is tried.
///
/// ```
/// use mosaic_core::engine::RetryConfig;
///
/// assert_eq!(RetryConfig::default().attempts, 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryConfig {
    /// Attempts of one call on one provider, the first included; 3 by default.
    pub attempts: u32,
    /// The waits between them.
    pub backoff: BackoffConfig,
    /// How many retries all calls together may cost.
    pub budget: RetryBudgetConfig,
    /// The longest wait that a rate limit may ask for before the call moves on or ends; 30 s by default.
    pub longest_wait: Duration,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: BackoffConfig::default(),
            budget: RetryBudgetConfig::default(),
            longest_wait: Duration::from_secs(30),
        }
    }
}
