//! The chain: how records are bound to each other, and what is signed of it.

use mosaic_core::types::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sign::{AuditKeys, AuditSigner};
use crate::state::Topic;

/// The kind of the events that hold records.
pub(super) const RECORD: &str = "audit.record";
/// The kind of those that hold checkpoints.
pub(super) const CHECKPOINT: &str = "audit.checkpoint";
/// The form of what is stored.
const VERSION: u8 = 1;
/// Version, number and hash come before the body.
const HEADER: usize = 1 + 8 + 32;

/// How far a chain has come, signed.
///
/// ```
/// # use mosaic_mcp::security::audit::Checkpoint;
/// fn line(checkpoint: &Checkpoint) -> String {
///     format!("{} records up to {}, head {}", checkpoint.records, checkpoint.at, checkpoint.hash)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Which log: a name that it got when it began.
    pub log: String,
    /// How many records there are: the number of the last one.
    pub records: u64,
    /// The hash of the last one, in hexadecimal digits.
    pub hash: String,
    /// When it was signed.
    pub at: Timestamp,
    /// The id of the key.
    pub key: String,
    /// The signature, in Base64.
    pub signature: String,
}

impl Checkpoint {
    pub(super) fn sign(log: &str, link: &Link, at: Timestamp, signer: &AuditSigner) -> Self {
        let hash = link.hash.to_hex().to_string();
        let mut signed = Self {
            log: log.to_owned(),
            records: link.number,
            hash,
            at,
            key: signer.id().to_owned(),
            signature: String::new(),
        };
        signed.signature = signer.sign(&signed.statement());
        signed
    }

    /// Whether it was signed with one of these keys, and not changed since.
    pub fn is_signed(&self, keys: &AuditKeys) -> bool {
        keys.verify(&self.key, &self.statement(), &self.signature)
    }

    /// What is signed.
    fn statement(&self) -> Vec<u8> {
        let mut statement = b"mosaic audit head 1".to_vec();
        for part in [self.log.as_bytes(), self.hash.as_bytes(), self.key.as_bytes()] {
            statement.extend_from_slice(&(part.len() as u64).to_le_bytes());
            statement.extend_from_slice(part);
        }
        statement.extend_from_slice(&self.records.to_le_bytes());
        statement.extend_from_slice(&self.at.as_microsecond().to_le_bytes());
        statement
    }

    /// Where the chain goes on; none where the hash is none.
    pub(super) fn link(&self) -> Option<Link> {
        blake3::Hash::from_hex(&self.hash).ok().map(|hash| Link { number: self.records, hash })
    }
}

/// The end of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// The number of the last record; 0 before the first.
    pub(super) number: u64,
    pub(super) hash: blake3::Hash,
}

impl Link {
    /// Before the first record of a log.
    pub(super) fn begin(log: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("mosaic audit log");
        hasher.update(log.as_bytes());
        Self { number: 0, hash: hasher.finalize() }
    }

    /// The end after one more record.
    pub(super) fn next(&self, topic: &Topic, kind: &str, body: &[u8]) -> Self {
        let number = self.number + 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.hash.as_bytes());
        let mut fixed = [0; 24];
        fixed[..8].copy_from_slice(&number.to_le_bytes());
        fixed[8..16].copy_from_slice(&(topic.as_str().len() as u64).to_le_bytes());
        fixed[16..].copy_from_slice(&(kind.len() as u64).to_le_bytes());
        hasher.update(&fixed);
        hasher.update(topic.as_str().as_bytes());
        hasher.update(kind.as_bytes());
        hasher.update(body);
        Self { number, hash: hasher.finalize() }
    }

    /// A record as it is stored, with this as its end.
    pub(super) fn encode(&self, body: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(HEADER + body.len());
        data.push(VERSION);
        data.extend_from_slice(&self.number.to_le_bytes());
        data.extend_from_slice(self.hash.as_bytes());
        data.extend_from_slice(body);
        data
    }

    /// What a stored record says of itself, and its body; none where it is no record.
    pub(super) fn decode(data: &[u8]) -> Option<(Self, &[u8])> {
        let (header, body) = data.split_at_checked(HEADER)?;
        let (version, rest) = header.split_first()?;
        let (number, hash) = rest.split_at_checked(8)?;
        if *version != VERSION {
            return None;
        }
        let number = u64::from_le_bytes(number.try_into().ok()?);
        let hash = blake3::Hash::from_bytes(hash.try_into().ok()?);
        Some((Self { number, hash }, body))
    }
}

/// What the store keeps of a chain beside its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The signed end.
    pub(super) end: Checkpoint,
    /// The last checkpoint; none where there is none. What else is told of it follows from it, as it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checkpoint: Option<Checkpoint>,
}

impl Head {
    /// The number of the last checkpoint among the records, as far as one of these keys signed it; 0 for none.
    pub(super) fn checkpointed(&self, keys: &AuditKeys) -> u64 {
        let signed = self.checkpoint.as_ref().filter(|checkpoint| checkpoint.is_signed(keys));
        signed.map_or(0, |checkpoint| checkpoint.records + 1)
    }

    /// What is wrong with the checkpoint, whatever the chain is. One by a key that is not known is taken for none: it may be that of a
    /// node which is no more.
    pub(super) fn misplaced(&self, keys: &AuditKeys) -> Option<&'static str> {
        let checkpoint = self.checkpoint.as_ref()?;
        if checkpoint.records >= self.end.records {
            return Some("its head tells of a checkpoint after its end");
        }
        if checkpoint.log != self.end.log {
            return Some("its head tells of a checkpoint of another log");
        }
        let forged = keys.knows(&checkpoint.key) && !checkpoint.is_signed(keys);
        forged.then_some("its head tells of a checkpoint that was not signed so")
    }
}

/// How far a chain has come, as everyone who writes it has left it.
///
/// ```
/// # use mosaic_mcp::security::audit::AuditHead;
/// fn line(head: &AuditHead) -> String {
///     let marked = head.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.records);
///     format!("{} records of {}, {marked} of them before a checkpoint", head.end.records, head.end.log)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct AuditHead {
    /// The signed end: the number of the last record, and its hash.
    pub end: Checkpoint,
    /// The last checkpoint among the records; none before the first.
    pub checkpoint: Option<Checkpoint>,
}
