//! Restoring a backup: everything in one transaction, or nothing.

use std::mem;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use tokio::io::AsyncRead;

use super::Summary;
use super::read::{Item, Lines};
use crate::state::{Head, KeyRange, StateStore, Trim, Writes};

/// How many bytes are gathered before they are written.
const PART_BYTES: usize = 4 << 20;
/// How many records are gathered before they are written.
const PART_RECORDS: usize = 4_096;

/// Reads a backup to its end and says what it holds.
///
/// # Errors
/// `Invalid` where it is damaged, cut or of a newer program; `Provider` where it cannot be read.
pub async fn verify<R: AsyncRead + Unpin + Send>(from: R) -> Result<Summary> {
    let mut lines = Lines::begin(from).await?;
    loop {
        if let Item::End(summary) = lines.next().await? {
            return Ok(summary);
        }
    }
}

/// Restores a backup into an empty store. It is there as a whole, or, where anything is wrong with it, not at all. What is sealed in
/// it stays sealed, and is put below a store that seals; what is not is sealed by such a store.
///
/// # Errors
/// `Conflict` where the store is not empty; as for [`verify`]; those of the store.
pub async fn restore<R: AsyncRead + Unpin + Send>(store: &dyn StateStore, from: R) -> Result<Summary> {
    let mut lines = Lines::begin(from).await?;
    let below = store.sealed_below().filter(|_| lines.sealed());
    let store = below.map_or(store, |below| below.as_ref());
    let mut tx = store.begin(Timestamp::now()).await?;
    if tx.head() != Head::default() || !tx.range(&KeyRange::all(), 1).await?.is_empty() {
        let message = "the store is not empty: a backup is restored into a new one";
        return Err(Error::new(ErrorKind::Conflict, message).refused());
    }
    let (mut part, mut bytes, mut records) = (Writes::default(), 0, 0);
    // What was removed is noted after what is there was written.
    let mut trims = Vec::new();
    loop {
        match lines.next().await? {
            Item::Value(entry) => {
                bytes += entry.value.len();
                part.puts.push(entry);
            }
            Item::Event(event) => {
                bytes += event.data.len();
                part.events.push(event);
            }
            Item::Last(topic, offset) => part.last_offsets.push((topic, offset)),
            Item::Trimmed(topic, through) => trims.push(Trim { topic: Some(topic), through }),
            Item::End(summary) => {
                if lines.trimmed() > 0 {
                    trims.push(Trim { topic: None, through: lines.trimmed() });
                }
                let head = lines.head();
                // Deletions are not in it.
                tx.commit(Writes { trims, forget: Some(head.revision), head, ..part }).await?;
                return Ok(summary);
            }
        }
        records += 1;
        if bytes >= PART_BYTES || records >= PART_RECORDS {
            tx.write(mem::take(&mut part)).await?;
            (bytes, records) = (0, 0);
        }
    }
}
