//! The test ground of the providers that speak to vendors.
//!
//! - `serve`: a router on loopback that keeps every request; `faults` tells it what goes wrong with the next ones, `line` cuts
//!   its connections.
//! - `builds`: logs, pages and whatever else tests of build services share.
//! - `hardship`: one call of a provider through every fault, and what has to come of each.
//! - `prism`: a vendor's document as a server that checks each request; `replay`: recorded traffic, told again.
//! - `secrets`: a marked credential, and everything that must not show it.
//! - `shared`: where documents and recordings are.

pub(crate) mod builds;
pub(crate) mod faults;
pub(crate) mod hardship;
pub(crate) mod line;
pub(crate) mod prism;
pub(crate) mod replay;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod shared;
