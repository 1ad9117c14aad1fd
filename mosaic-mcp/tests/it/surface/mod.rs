//! The surface, seen by clients of the SDK: in memory, over HTTP, over standard input and output.

mod client;
mod confirm;
#[cfg(feature = "http")]
mod connections;
mod documents;
pub(crate) mod forge;
mod guard;
#[cfg(feature = "http")]
pub(crate) mod http;
mod lasting;
mod lasting_nodes;
#[cfg(feature = "http")]
mod limits;
#[cfg(feature = "http")]
mod listening;
mod menu;
mod tools;
