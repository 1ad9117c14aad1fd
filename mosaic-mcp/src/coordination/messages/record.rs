//! What is stored of mailboxes, lanes, letters and requests.

use mosaic_core::types::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Overflow, Sent};
use crate::state::{Topic, TopicFilter};

/// A mailbox: settings, and counters of what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Of this mailbox alone.
    pub(super) id: String,
    pub(super) project: Option<String>,
    pub(super) limit: u64,
    pub(super) overflow: Overflow,
    pub(super) lease: u64,
    pub(super) attempts: u32,
    pub(super) topics: Vec<TopicFilter>,
    /// The number of the last letter.
    pub(super) last: u64,
    /// All letters.
    pub(super) held: u64,
    /// Lanes whose head can be given out.
    pub(super) ready: u64,
    /// Lanes whose head is given out.
    pub(super) given: u64,
    /// Letters that are not given out and have a time to live.
    pub(super) expiring: u64,
    pub(super) dropped: u64,
    pub(super) expired: u64,
    pub(super) dead: u64,
}

/// The letters of one sender and conversation: only the oldest, its head, is ever given out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lane {
    pub(super) head: u64,
    pub(super) count: u64,
    /// How often the head was given out.
    pub(super) deliveries: u32,
    /// Where the head is given out.
    pub(super) given: Option<Given>,
    /// Until when the head is worth delivering.
    pub(super) expires: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Given {
    /// The revision at which it was given out; 0 where it was returned and waits.
    pub(super) token: u64,
    pub(super) until: Timestamp,
}

/// A message in one mailbox. It is never changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) from: String,
    pub(super) body: Value,
    pub(super) sent: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) conversation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) topic: Option<Topic>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer_by: Option<Timestamp>,
    /// Where its answer is waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) request: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) in_reply_to: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unordered: bool,
}

/// A letter that was given out too often.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Dead {
    pub(super) letter: Letter,
    pub(super) died: Timestamp,
    pub(super) deliveries: u32,
}

/// A request that waits for its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) answer_by: Timestamp,
    /// The mailbox to which the answer goes; a call waits for it where there is none.
    pub(super) reply_to: Option<String>,
    /// The answer, until the call has it.
    pub(super) answer: Option<super::Reply>,
    pub(super) answered: bool,
}

/// What became of a message to which its sender gave a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The digest of the message.
    pub(super) digest: String,
    pub(super) sent: Sent,
}
