//! Vocabulary, plugin contract, engine and orchestrator of Mosaic.
pub mod context;
#[cfg(feature = "engine")]
pub mod engine;
pub mod error;
pub mod op;
#[cfg(feature = "engine")]
pub mod orchestrator;
pub mod plugin;
pub mod ports;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod types;

pub use error::{Error, ErrorKind, Result};
