//! The engine: what happens around every call. The map of the path is in [`stack`].

pub mod balance;
pub mod breaker;
pub mod budget;
pub mod cache;
mod call;
mod config;
pub(crate) mod health;
pub(crate) mod instance;
mod layers;
pub mod limit;
pub mod observe;
mod refresh;
pub mod route;
pub(crate) mod shift;
pub mod stack;
mod step;
mod time;
pub(crate) mod view;

pub use call::Call;
pub(crate) use call::KnownKey;
pub use config::{ProviderConfig, RetryConfig};
pub use health::HealthConfig;
pub use step::{BoxStep, Step};

pub(crate) use layers::cache::CacheStore;
pub(crate) use layers::tenure::Down;
pub(crate) use layers::trace::{Door, Enter};
