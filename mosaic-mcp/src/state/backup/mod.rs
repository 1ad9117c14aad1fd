//! Backups of a state: one file for every store, written while it is in use, and restored into any empty one.
//!
//! A backup is text, a JSON document a line: a head, values in the order of their keys, events in the order of their offsets, what
//! was removed, and an end with counts and the BLAKE3 hash of every byte before it. What is cut or damaged is refused as a whole.
//! Nothing is held in memory but a few records. As the form is the same for every store, a backup is also the way from one kind
//! of store to another. What lies sealed is sealed in the backup: it is read again with the same master keys. It keeps versions, offsets and times, so cursors and fences go on; not deletions, so whoever watches keys
//! lists them again.
//!
//! ```
//! use mosaic_mcp::state::{Key, MemoryStore, State, backup};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> mosaic_core::Result<()> {
//! let state = State::open(MemoryStore::new()).await?;
//! let version = state.put(Key::of(&["greeting"])?, "hello").await?;
//! let mut file = Vec::new();
//! state.backup(&mut file).await?;
//! assert_eq!(backup::verify(&file[..]).await?.values, 1);
//!
//! let store = MemoryStore::new();
//! backup::restore(&store, &file[..]).await?;
//! let again = State::open(store).await?;
//! assert_eq!(again.get(&Key::of(&["greeting"])?).await?.map(|entry| entry.version), Some(version));
//! # again.close().await?;
//! # state.close().await
//! # }
//! ```

mod file;
mod format;
mod read;
mod restore;
mod write;

pub use file::{restore_from, verify_file};
pub use restore::{restore, verify};

use mosaic_core::types::Timestamp;

use super::Head;

/// What a backup holds.
///
/// ```
/// # use mosaic_mcp::state::backup::Summary;
/// fn line(summary: &Summary) -> String {
///     format!("{} values, {} events, as of {}", summary.values, summary.events, summary.made)
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// How far the store had come.
    pub head: Head,
    /// When it was made, by the clock of the node that made it.
    pub made: Timestamp,
    /// How many values it holds.
    pub values: u64,
    /// How many events it holds.
    pub events: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// Whether its values and the data of its events are sealed, so that it takes their master keys to read them.
    pub sealed: bool,
}

#[cfg(test)]
mod tests;
