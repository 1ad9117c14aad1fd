//! The lines of a backup.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use serde::{Deserialize, Serialize};

use crate::state::limits;

/// The version of the form that is written, and the newest that is read.
pub(super) const VERSION: u32 = 2;
/// The longest line: the largest value in base 64, and what stands around it.
pub(super) const LINE_BYTES: usize = limits::VALUE_BYTES / 3 * 4 + (16 << 10);

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    pub(super) mosaic_state: u32,
    pub(super) made: Timestamp,
    pub(super) revision: u64,
    pub(super) offset: u64,
    /// Events up to there were removed from every topic.
    pub(super) trimmed: u64,
    /// Whether values and data of events are sealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) sealed: bool,
}

/// A line between the first and the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// Key, value in base 64, version, when it ceases to be in microseconds.
    Value(String, String, u64, Option<i64>),
    /// The same of a value that is not tracked: since version 2.
    Untracked(String, String, u64, Option<i64>),
    /// Offset, topic, kind, data in base 64, when it was appended in microseconds.
    Event(u64, String, String, String, i64),
    /// Topic, and the offset up to which its events were removed.
    Trimmed(String, u64),
    /// Topic that has lost events, and the offset of the last.
    Last(String, u64),
    /// The last line.
    End(End),
}

/// What a backup must come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    pub(super) values: u64,
    pub(super) events: u64,
    /// Of every byte before the last line, in hexadecimal digits.
    pub(super) blake3: String,
}

pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(super) fn line<T: Serialize>(record: &T) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record).map_err(|error| {
        Error::new(ErrorKind::Internal, "a record of a backup has no JSON form").source(error)
    })?;
    line.push(b'\n');
    Ok(line)
}
