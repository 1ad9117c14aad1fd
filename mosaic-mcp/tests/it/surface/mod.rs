//! The surface, seen by clients of the SDK: in memory, over HTTP, over standard input and output.

mod client;
mod confirm;
mod documents;
mod forge;
#[cfg(feature = "http")]
mod http;
mod menu;
mod tools;
