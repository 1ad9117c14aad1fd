//! How a plugin is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a provider can be used.
///
/// ```
/// use mosaic_core::plugin::HealthStatus;
///
/// assert!(HealthStatus::Degraded.usable() && !HealthStatus::Unhealthy.usable());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Not asked yet; used as if healthy.
    #[default]
    Unknown,
    /// Works.
    Healthy,
    /// Works, but not as it should; others are preferred.
    Degraded,
    /// Does not work; used only where nothing else may answer.
    Unhealthy,
}

impl HealthStatus {
    /// Whether routing may choose it without a reason.
    pub const fn usable(self) -> bool {
        !matches!(self, Self::Unhealthy)
    }
}

/// What a plugin answers when it is asked how it is.
///
/// ```
/// use mosaic_core::plugin::{HealthReport, HealthStatus};
///
/// let report = HealthReport::unhealthy("the directory is gone");
/// assert_eq!(report.status, HealthStatus::Unhealthy);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct HealthReport {
    /// Whether it can be used.
    pub status: HealthStatus,
    /// Why, where there is something to say. Never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl HealthReport {
    /// It works.
    pub fn healthy() -> Self {
        Self { status: HealthStatus::Healthy, detail: None }
    }

    /// It works, but not as it should.
    pub fn degraded(detail: impl Into<String>) -> Self {
        Self { status: HealthStatus::Degraded, detail: Some(detail.into()) }
    }

    /// It does not work.
    pub fn unhealthy(detail: impl Into<String>) -> Self {
        Self { status: HealthStatus::Unhealthy, detail: Some(detail.into()) }
    }
}

/// A figure that a plugin keeps about itself.
///
/// ```
/// use mosaic_core::plugin::Measure;
///
/// assert_eq!(Measure::new("repositories", 12.0).value, 12.0);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Measure {
    /// What is measured, in snake_case with its unit at the end.
    pub name: &'static str,
    /// The present value.
    pub value: f64,
}

impl Measure {
    /// A figure.
    pub fn new(name: &'static str, value: f64) -> Self {
        Self { name, value }
    }
}
