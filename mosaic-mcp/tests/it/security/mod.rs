//! Identity and keys, with the real servers and tokens that hold them.

mod hardware;
mod identity;
mod transit;
