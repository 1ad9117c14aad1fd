//! Times in a configuration, with their units, and values that may be left out.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// A time in milliseconds: at least one, at most a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(in crate::config) struct Millis(#[schemars(range(min = 1, max = 31_536_000_000u64))] u64);

/// A time in seconds: at most a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(in crate::config) struct Seconds(#[schemars(range(max = 31_536_000))] u64);

impl From<Millis> for Duration {
    fn from(Millis(millis): Millis) -> Self {
        Self::from_millis(millis)
    }
}

impl From<Seconds> for Duration {
    fn from(Seconds(seconds): Seconds) -> Self {
        Self::from_secs(seconds)
    }
}

/// Sets what is said and leaves the rest.
pub(super) fn set<T>(to: &mut T, from: Option<impl Into<T>>) {
    if let Some(value) = from {
        *to = value.into();
    }
}
