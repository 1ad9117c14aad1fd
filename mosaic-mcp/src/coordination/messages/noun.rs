//! What the functions on messages answer.

use mosaic_core::params;
use mosaic_core::types::Timestamp;
use serde_json::Value;

use super::Overflow;
use crate::state::{Topic, TopicFilter};

params! {
    /// A mailbox.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Mailbox;
    /// fn is_behind(mailbox: &Mailbox) -> bool {
    ///     mailbox.held * 2 > mailbox.limit
    /// }
    /// ```
    pub noun Mailbox {
        required {
            /// Its name.
            mailbox: String,
            /// How many messages it holds at most.
            limit: u64,
            /// What happens when it is full.
            overflow: Overflow,
            /// How many seconds a reader has for a message.
            lease: u64,
            /// How often a message is given out before it is dead.
            attempts: u32,
        }
        optional {
            /// The project that it belongs to.
            project: String,
        }
        defaulted {
            /// The topics that it follows.
            topics: Vec<TopicFilter>,
            /// How many messages it holds, with those that are given out.
            held: u64,
            /// How many of them are given out, or wait after they were returned.
            given: u64,
            /// How many were dropped, ever, because it was full.
            dropped: u64,
            /// How many were dropped, ever, because nobody took them in time.
            expired: u64,
            /// How many dead ones are kept.
            dead: u64,
        }
    }

    /// What became of a message that was sent.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Sent;
    /// fn reached_all(sent: &Sent) -> bool {
    ///     sent.refused.is_empty()
    /// }
    /// ```
    pub noun Sent {
        required {
            /// Its name: the sender's own, or one that was made for it.
            id: String,
            /// In how many mailboxes it is.
            delivered: u64,
        }
        defaulted {
            /// The mailboxes that were full and refused it.
            refused: Vec<String>,
            /// Whether it had been sent before: then this is what became of it at that time, and nothing was done now.
            repeated: bool,
        }
    }

    /// A message as its reader gets it.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Message;
    /// fn is_second_try(message: &Message) -> bool {
    ///     message.deliveries > 1
    /// }
    /// ```
    pub noun Message {
        required {
            /// Its name.
            id: String,
            /// Who sent it, such as `agent planner`.
            from: String,
            /// What is said.
            body: Value,
            /// When it was sent.
            sent: Timestamp,
            /// What it is acknowledged, returned or answered by; good until `until`.
            receipt: String,
            /// When it is given out again, where nothing is said about it before.
            until: Timestamp,
            /// How often it was given out, with this time.
            deliveries: u32,
        }
        optional {
            /// What it belongs to.
            conversation: String,
            /// The topic that it was published on.
            topic: Topic,
            /// Until when an answer to it is taken; it asks for none where absent.
            answer_by: Timestamp,
            /// The message that this one answers.
            in_reply_to: String,
        }
    }

    /// Messages that were taken out of a mailbox.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Received;
    /// fn bodies(received: &Received) -> Vec<String> {
    ///     received.messages.iter().map(|message| message.body.to_string()).collect()
    /// }
    /// ```
    pub noun Received {
        required {
            /// The messages, the oldest first.
            messages: Vec<Message>,
            /// How many more the mailbox holds that are not given out.
            waiting: u64,
            /// How many were dropped, ever, because the mailbox was full.
            dropped: u64,
            /// How many were dropped, ever, because nobody took them in time.
            expired: u64,
        }
    }

    /// What became of receipts.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Settled;
    /// fn all_done(settled: &Settled) -> bool {
    ///     settled.refused.is_empty()
    /// }
    /// ```
    pub noun Settled {
        required {
            /// How many were taken.
            settled: u64,
        }
        defaulted {
            /// The receipts that are no longer good: their messages were given out again, or are gone.
            refused: Vec<String>,
        }
    }

    /// An answer.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Reply;
    /// fn said_yes(reply: &Reply) -> bool {
    ///     reply.body == "yes"
    /// }
    /// ```
    pub noun Reply {
        required {
            /// Who answered.
            from: String,
            /// The answer.
            body: Value,
            /// When it was given.
            sent: Timestamp,
        }
    }

    /// What became of an answer.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::Replied;
    /// fn was_in_time(replied: &Replied) -> bool {
    ///     replied.delivered
    /// }
    /// ```
    pub noun Replied {
        required {
            /// Whether it went to whoever asked. The message is done in either case.
            delivered: bool,
        }
        optional {
            /// Why it was dropped.
            reason: String,
        }
    }

    /// A message that was given out too often.
    ///
    /// ```
    /// # use mosaic_mcp::coordination::messages::DeadMessage;
    /// fn line(dead: &DeadMessage) -> String {
    ///     format!("{} from {}", dead.number, dead.from)
    /// }
    /// ```
    pub noun DeadMessage {
        required {
            /// Its number within the mailbox.
            number: u64,
            /// Its name.
            id: String,
            /// Who sent it.
            from: String,
            /// What is said.
            body: Value,
            /// When it was sent.
            sent: Timestamp,
            /// When it died.
            died: Timestamp,
            /// How often it was given out.
            deliveries: u32,
        }
        optional {
            /// What it belongs to.
            conversation: String,
            /// The topic that it was published on.
            topic: Topic,
        }
    }
}
