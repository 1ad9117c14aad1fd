//! What a store takes at most.

use mosaic_core::error::{Error, ErrorKind, Result};

/// The largest value, or data of an event: 1 MiB.
pub const VALUE_BYTES: usize = 1 << 20;
/// The most that one transaction writes: 16 MiB of keys, values and events.
pub const TRANSACTION_BYTES: usize = 16 << 20;
/// The longest kind of an event.
pub const KIND_BYTES: usize = 64;
/// The most records that one read gives.
pub const READ: usize = 10_000;

pub(super) fn value(bytes: usize) -> Result<()> {
    within(bytes, VALUE_BYTES, "a value")
}

pub(super) fn transaction(bytes: usize) -> Result<()> {
    within(bytes, TRANSACTION_BYTES, "what a transaction writes")
}

pub(super) fn kind(kind: &str) -> Result<()> {
    if kind.is_empty() {
        return Err(Error::new(ErrorKind::Invalid, "the kind of an event is empty"));
    }
    within(kind.len(), KIND_BYTES, "the kind of an event")
}

fn within(bytes: usize, most: usize, what: &str) -> Result<()> {
    if bytes <= most {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Invalid, format!("{what} has {bytes} bytes or more: {most} are allowed")))
}
