//! Values sealed anew, under the current master key.

use std::collections::BTreeMap;

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;

use super::header::Parts;
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

/// What is sealed under one master key; see [`Sealed::keys_in_use`].
///
/// ```
/// # use mosaic_mcp::security::seal::KeyUse;
/// fn line(id: &str, used: &KeyUse) -> String {
///     format!("{id}: {} values, {} events", used.values, used.events)
/// }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyUse {
    /// How many values.
    pub values: u64,
    /// How many events of the log.
    pub events: u64,
    /// The offset of the last of them; 0 where there is none. Once the log is trimmed through it, no event needs the key.
    pub last_event: u64,
}

/// How many records are read at once.
const PAGE: usize = 1_000;

impl Sealed {
    /// The ids of the master keys under which anything in the store is sealed, with how much. An older key may be thrown away once
    /// it is not among them: values are moved by [`Sealed::reseal`], and events stay under their key until they are trimmed or
    /// compacted away. Reads the whole store once, as it is at this moment.
    ///
    /// ```
    /// # use mosaic_mcp::security::seal::Sealed;
    /// async fn may_go(store: &Sealed, old: &str) -> mosaic_core::Result<bool> {
    ///     Ok(!store.keys_in_use().await?.contains_key(old))
    /// }
    /// ```
    ///
    /// # Errors
    /// `Internal` where something is not sealed; those of the store.
    pub async fn keys_in_use(&self) -> Result<BTreeMap<String, KeyUse>> {
        let mut found: BTreeMap<String, KeyUse> = BTreeMap::new();
        let mut view = self.inner.view().await?;
        let mut after = None;
        loop {
            let entries = view.entries(after.as_ref(), PAGE).await?;
            for entry in &entries {
                found.entry(Parts::of(&entry.value)?.master.to_owned()).or_default().values += 1;
            }
            match entries.last() {
                Some(last) => after = Some(last.key.clone()),
                None => break,
            }
        }
        let mut after = 0;
        loop {
            let events = view.events(after, PAGE).await?;
            for event in &events {
                let used = found.entry(Parts::of(&event.data)?.master.to_owned()).or_default();
                (used.events, used.last_event) = (used.events + 1, event.offset);
            }
            match events.last() {
                Some(last) => after = last.offset,
                None => return Ok(found),
            }
        }
    }

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
