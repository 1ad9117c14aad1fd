//! Values sealed anew, under the current master key.

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;

use super::store::{Sealed, place_of_value};
use crate::state::{Key, KeyRange, Writes};

/// What a round of [`Sealed::reseal`] did.
///
/// ```
/// # use mosaic_mcp::security::seal::Resealed;
/// fn line(round: &Resealed) -> String {
///     format!("{} of {} values were under an older key", round.resealed, round.seen)
/// }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resealed {
    /// How many values were looked at.
    pub seen: u64,
    /// How many were sealed anew.
    pub resealed: u64,
    /// Where to go on; none at the end.
    pub next: Option<Key>,
}

impl Sealed {
    /// Seals the next values anew that are under an older master key: at most `limit` are looked at, after a key, in one transaction.
    /// Versions stay as they are, and nobody who watches is told. Call it until there is no next; others write in between.
    ///
    /// ```
    /// # use mosaic_core::types::Timestamp;
    /// # use mosaic_mcp::security::seal::Sealed;
    /// async fn all(store: &Sealed) -> mosaic_core::Result<u64> {
    ///     let (mut after, mut resealed) = (None, 0);
    ///     loop {
    ///         let round = store.reseal(after.as_ref(), 200, Timestamp::now()).await?;
    ///         resealed += round.resealed;
    ///         after = round.next;
    ///         if after.is_none() {
    ///             return Ok(resealed);
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of the store and of the master keys; nothing of the round is written then.
    pub async fn reseal(&self, after: Option<&Key>, limit: usize, now: Timestamp) -> Result<Resealed> {
        let limit = limit.clamp(1, 1_000);
        let mut range = KeyRange::all();
        if let Some(after) = after {
            range = range.after(after);
        }
        let mut tx = self.inner.begin(now).await?;
        let found = tx.range(&range, limit).await?;
        let mut round = Resealed { seen: found.len() as u64, ..Resealed::default() };
        if found.len() == limit {
            round.next = found.last().map(|entry| entry.key.clone());
        }
        let mut writes = Writes { head: tx.head(), ..Writes::default() };
        for mut entry in found {
            if self.sealer.is_current(&entry.value)? {
                continue;
            }
            let place = place_of_value(&entry.key, entry.version);
            let value = self.sealer.open(&place, &entry.value).await?;
            entry.value = self.sealer.seal(&place, &value).await?;
            writes.puts.push(entry);
        }
        round.resealed = writes.puts.len() as u64;
        if round.resealed > 0 {
            tx.commit(writes).await?;
        }
        Ok(round)
    }
}
