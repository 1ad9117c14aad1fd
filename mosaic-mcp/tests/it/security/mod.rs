//! Identity and keys, with the real servers and tokens that hold them, and a long audit.

mod hardware;
mod identity;
#[cfg(feature = "sqlite")]
mod long;
mod transit;
