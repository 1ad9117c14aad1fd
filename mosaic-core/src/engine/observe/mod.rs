//! What the engine counts: atomics of its own, read out on request.

mod metrics;

pub(crate) use metrics::ProviderCounters;
pub use metrics::{Metrics, OperationFigures, ProviderFigures};
