//! Old records are removed, behind a checkpoint that says so.

use std::collections::BTreeSet;
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::{CHECKPOINT, Checkpoint, Link};
use super::sign::{AuditKeys, AuditSigner};
use super::verify::{all, begin, fault, head};
use crate::state::{Key, State, Topic, limits};

/// How many records are looked at for one removal.
const ROUND: usize = 50_000;
/// How often old records are looked for, at most and at least.
const EVERY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3_600));

/// Where the records begin that are kept: whoever removed those before has signed it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Removal {
    /// The last record that was removed.
    pub(super) checkpoint: Checkpoint,
    at: Timestamp,
    key: String,
    signature: String,
}

impl Removal {
    pub(super) fn sign(checkpoint: Checkpoint, at: Timestamp, signer: &AuditSigner) -> Self {
        let mut signed = Self { checkpoint, at, key: signer.id().to_owned(), signature: String::new() };
        signed.signature = signer.sign(&signed.statement());
        signed
    }

    /// Whether it was signed with one of these keys, and not changed since.
    pub(super) fn is_signed(&self, keys: &AuditKeys) -> bool {
        keys.verify(&self.key, &self.statement(), &self.signature)
    }

    /// Whether it is one of this log that was signed with one of these keys.
    pub(super) fn counts(&self, log: &str, keys: &AuditKeys) -> bool {
        self.checkpoint.log == log && self.is_signed(keys)
    }

    /// What is signed. No statement of a checkpoint begins like it, so that none of those allows a removal.
    fn statement(&self) -> Vec<u8> {
        let mut statement = b"mosaic audit removal 1".to_vec();
        for part in [&self.checkpoint.log, &self.checkpoint.hash, &self.key] {
            statement.extend_from_slice(&(part.len() as u64).to_le_bytes());
            statement.extend_from_slice(part.as_bytes());
        }
        statement.extend_from_slice(&self.checkpoint.records.to_le_bytes());
        statement.extend_from_slice(&self.at.as_microsecond().to_le_bytes());
        statement
    }
}

/// The checkpoint behind which the records begin that are kept: what [`export`](super::export()) is to be given where old ones were
/// removed. None where all are there.
///
/// ```
/// use mosaic_mcp::security::audit::{AuditKeys, export, kept_after};
/// use mosaic_mcp::state::State;
///
/// async fn everything(state: &State, keys: &AuditKeys) -> mosaic_core::Result<Vec<String>> {
///     let (after, mut lines) = (kept_after(state, keys).await?, Vec::new());
///     export(state, after.as_ref(), |line| Ok(lines.push(line.to_owned()))).await?;
///     Ok(lines)
/// }
/// ```
///
/// # Errors
/// `Internal` where it is signed by none of the keys; those of the state.
pub async fn kept_after(state: &State, keys: &AuditKeys) -> Result<Option<Checkpoint>> {
    match state.read::<Removal>(&place()?).await? {
        Some(removal) if !removal.is_signed(keys) => Err(Error::new(
            ErrorKind::Internal,
            "the removal of old audit records is signed by no trusted key: verify the audit",
        )),
        removal => Ok(removal.map(|removal| removal.checkpoint)),
    }
}

/// Records that are old enough to go.
#[derive(Debug, Clone)]
pub(super) struct Old {
    /// Signed, with the last of them.
    pub(super) checkpoint: Checkpoint,
    /// Their topics.
    pub(super) topics: BTreeSet<Topic>,
    /// The offset of the last one.
    pub(super) through: u64,
}

/// The removal that is stored, where one with a key has signed it for this log.
///
/// # Errors
/// Those of the state.
pub(super) async fn signed(state: &State, log: &str, keys: &AuditKeys) -> Result<Option<Removal>> {
    let removal = state.read::<Removal>(&place()?).await?;
    Ok(removal.filter(|removal| removal.counts(log, keys)))
}

/// Looks for records that are older than what is kept, up to a checkpoint, at the time `now`. They are verified: what was changed is
/// not removed, as it is the proof of that. How old they are is what the checkpoint after them has signed: the times of the rows are
/// not signed, and whoever writes to the store may have set them.
///
/// # Errors
/// `Internal` where they do not hold; `NotFound` where others were removed meanwhile; those of the state.
pub(super) async fn find(
    state: &State,
    now: Timestamp,
    keep: Duration,
    keys: &AuditKeys,
) -> Result<Option<Old>> {
    let Some(head) = head(state).await? else { return Ok(None) };
    let limit = now.saturating_sub(keep).unwrap_or(Timestamp::MIN);
    let before = signed(state, &head.log, keys).await?;
    let mut latest = before.map_or(Timestamp::MIN, |removal| removal.checkpoint.at);
    let filter = all()?;
    let mut after = state.trimmed().await?.before(&filter);
    let broken = |fault: super::Fault| {
        let message = format!("old audit records are not removed, as the audit does not hold: {fault}");
        Error::new(ErrorKind::Internal, message)
    };
    let mut verifier = begin(state, after, &head, keys, &[]).await?.map_err(broken)?;
    let (mut topics, mut since) = (BTreeSet::new(), BTreeSet::new());
    let (mut found, mut seen) = (None, 0);
    'log: loop {
        let page = state.events(&filter, after, limits::READ).await?;
        for event in &page {
            verifier.record(event.offset, &event.topic, &event.kind, &event.data).map_err(broken)?;
            if &*event.kind == CHECKPOINT {
                let body = Link::decode(&event.data).map(|(_, body)| body).unwrap_or_default();
                let checkpoint: Checkpoint = serde_json::from_slice(body).map_err(|_| {
                    broken(fault(verifier.next() - 1, Some(event.offset), "it is no checkpoint"))
                })?;
                if checkpoint.at > limit {
                    break 'log;
                }
                // One whose clock was behind says nothing of the age of its records; the next one does.
                if checkpoint.at >= latest {
                    latest = checkpoint.at;
                    topics.append(&mut since);
                    found = Some((checkpoint, event.offset - 1));
                }
            }
            since.insert(event.topic.clone());
            after = event.offset;
        }
        seen += page.len();
        if page.len() < limits::READ || (seen >= ROUND && found.is_some()) {
            break;
        }
    }
    let found = found.filter(|_| !topics.is_empty());
    Ok(found.map(|(checkpoint, through)| Old { checkpoint, topics, through }))
}

/// After which time old records are looked for again.
pub(super) fn every(keep: Duration) -> Duration {
    (keep / 8).clamp(EVERY.0, EVERY.1)
}

/// Where the last removal is.
pub(super) fn place() -> Result<Key> {
    Key::of(&["audit", "removal"])
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
