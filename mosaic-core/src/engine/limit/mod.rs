//! What keeps calls from doing too much: rates, permits, the retry budget and back-off.

pub mod backoff;
pub mod bucket;
pub mod budget;

pub use backoff::BackoffConfig;
pub use bucket::{Limiter, LimitsConfig};
pub use budget::{RetryBudget, RetryBudgetConfig};
