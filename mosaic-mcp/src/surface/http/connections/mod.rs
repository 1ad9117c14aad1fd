//! The connections of the helper that listens: how many there are, how long one may be silent, and how they end.
//!
//! A connection without a request under way is idle. One that stays so too long is closed, and so is one whose request does not
//! arrive, or whose client takes nothing of what is sent. Where there are as many as there may be, the one that has been idle
//! longest makes room for a new one; where none is idle, the new one is told so with 503 and closed.

mod counted;
mod listen;
mod open;
mod options;
mod stream;

pub(super) use listen::listen;
pub(super) use open::Open;
pub use options::ConnectionOptions;
