//! The surface, seen by clients of the SDK: in memory, over HTTP, over standard input and output.

mod client;
mod confirm;
mod documents;
pub(crate) mod forge;
mod guard;
#[cfg(feature = "http")]
pub(crate) mod http;
mod menu;
mod tools;
