//! What rooms keep of their own: nobody watches those keys, as each change of a noun is an event in the log.

use bytes::Bytes;
use mosaic_core::error::Result;
use serde::Serialize;

use super::slate::encode;
use crate::state::{Key, Tx};

pub(super) fn put(tx: &mut Tx<'_>, key: Key, value: impl Into<Bytes>) -> Result<()> {
    tx.put_untracked(key, value, None)
}

/// Puts a value as JSON.
pub(super) fn write<T: Serialize + ?Sized>(tx: &mut Tx<'_>, key: &Key, value: &T) -> Result<()> {
    put(tx, key.clone(), encode(value)?)
}
