//! The layers, a file each; their order is written in [`stack`](super::stack) and nowhere else.

pub(crate) mod audit;
pub(crate) mod breaker;
pub(crate) mod cache;
pub(crate) mod deadline;
pub(crate) mod failover;
pub(crate) mod leaf;
pub(crate) mod limit;
pub(crate) mod load;
pub(crate) mod retry;
pub(crate) mod route;
mod stream;
pub(crate) mod tenant;
pub(crate) mod tenure;
pub(crate) mod timeout;
pub(crate) mod trace;
