//! The test ground of the providers that speak to vendors: servers on loopback, faults, documents, recordings, secrets.

pub(crate) mod faults;
pub(crate) mod hardship;
pub(crate) mod line;
pub(crate) mod prism;
pub(crate) mod replay;
pub(crate) mod secrets;
pub(crate) mod serve;
pub(crate) mod shared;
