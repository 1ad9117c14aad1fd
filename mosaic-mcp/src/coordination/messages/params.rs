//! Parameters of the functions on messages.

use mosaic_core::params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::{Topic, TopicFilter};

/// What happens to a message that comes to a mailbox which is full.
///
/// ```
/// use mosaic_mcp::coordination::messages::Overflow;
///
/// assert_eq!(Overflow::default(), Overflow::Reject);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// It is refused, and its sender is told to come again.
    #[default]
    Reject,
    /// The oldest message that nobody works on is dropped for it; readers are told how many were.
    DropOldest,
}

params! {
    /// Open a mailbox, or change the settings of one that is there.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::{OpenMailbox, Overflow};
    ///
    /// let open = OpenMailbox::new("builder").limit(50u64).overflow(Overflow::DropOldest);
    /// assert_eq!(open.limit, Some(50));
    /// ```
    pub struct OpenMailbox {
        required {
            /// Its name, by convention that of the agent who reads it: 1 to 64 bytes.
            mailbox: String,
        }
        optional {
            /// The project that it belongs to: what is broadcast to the project comes here. It stays what it was at first.
            project: String,
            /// How many messages it holds at most, 1 to 100,000; 1,000 where nothing was said.
            limit: u64,
            /// What happens when it is full: refuse, where nothing was said. It stays what it was at first.
            overflow: Overflow,
            /// How many seconds a reader has for a message before it is given out again, 1 to 86,400; 60 where nothing was said.
            lease: u64,
            /// How often a message is given out before it is dead, 1 to 100; 5 where nothing was said.
            attempts: u32,
        }
    }

    /// Look at a mailbox.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::GetMailbox;
    ///
    /// assert_eq!(GetMailbox::new("builder").mailbox, "builder");
    /// ```
    pub struct GetMailbox {
        required {
            /// Its name.
            mailbox: String,
        }
    }

    /// List mailboxes, in the order of their names.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::ListMailboxes;
    ///
    /// assert_eq!(ListMailboxes::new().project("web").project.as_deref(), Some("web"));
    /// ```
    pub struct ListMailboxes {
        optional {
            /// Only those of a project.
            project: String,
        }
        paged { page }
    }

    /// Close a mailbox and drop what it holds.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::CloseMailbox;
    ///
    /// assert_eq!(CloseMailbox::new("builder").mailbox, "builder");
    /// ```
    pub struct CloseMailbox {
        required {
            /// Its name.
            mailbox: String,
        }
    }

    /// Have what is published on some topics come to a mailbox.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::FollowTopic;
    /// use mosaic_mcp::state::TopicFilter;
    ///
    /// assert_eq!(FollowTopic::new("builder", TopicFilter::new("build.*")?).topic.as_str(), "build.*");
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct FollowTopic {
        required {
            /// The mailbox.
            mailbox: String,
            /// The topics: segments joined by `.`, where `*` is any one of them and `>` at the end is one or more.
            topic: TopicFilter,
        }
    }

    /// Have what is published on some topics no longer come to a mailbox.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::UnfollowTopic;
    /// use mosaic_mcp::state::TopicFilter;
    ///
    /// assert_eq!(UnfollowTopic::new("builder", TopicFilter::all()).mailbox, "builder");
    /// ```
    pub struct UnfollowTopic {
        required {
            /// The mailbox.
            mailbox: String,
            /// The topics, as they were given when it began to follow them.
            topic: TopicFilter,
        }
    }

    /// Send a message to one mailbox.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::SendMessage;
    ///
    /// let send = SendMessage::new("builder", "build 7").conversation("release").seconds(600u64);
    /// assert_eq!(send.to, "builder");
    /// ```
    pub struct SendMessage {
        required {
            /// The mailbox.
            to: String,
            /// What is said: any JSON, at most 256 KiB.
            body: Value,
        }
        optional {
            /// What it belongs to: messages of one sender in one conversation are given out in turn, each after the one before it is
            /// done. At most 128 bytes.
            conversation: String,
            /// The sender's own name for it, 1 to 128 bytes: sent again within the hour, it is not delivered again.
            id: String,
            /// How many seconds it is worth delivering, at most 30 days; for ever where absent.
            seconds: u64,
            /// The mailbox to which an answer is to go.
            reply_to: String,
            /// How many seconds there are for an answer; an hour where absent.
            reply_within: u64,
        }
        defaulted {
            /// Whether it may be given out of turn.
            unordered: bool,
        }
    }

    /// Send a message to every mailbox that follows a topic.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::PublishMessage;
    /// use mosaic_mcp::state::Topic;
    ///
    /// assert_eq!(PublishMessage::new(Topic::new("build.7")?, "green").topic.as_str(), "build.7");
    /// # Ok::<(), mosaic_core::Error>(())
    /// ```
    pub struct PublishMessage {
        required {
            /// The topic.
            topic: Topic,
            /// What is said: any JSON, at most 256 KiB.
            body: Value,
        }
        optional {
            /// What it belongs to, as with a message to one mailbox.
            conversation: String,
            /// The sender's own name for it, as with a message to one mailbox.
            id: String,
            /// How many seconds it is worth delivering.
            seconds: u64,
        }
        defaulted {
            /// Whether it may be given out of turn.
            unordered: bool,
        }
    }

    /// Send a message to every mailbox of the tenant, or of a project.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::BroadcastMessage;
    ///
    /// assert_eq!(BroadcastMessage::new("stop").project("web").project.as_deref(), Some("web"));
    /// ```
    pub struct BroadcastMessage {
        required {
            /// What is said: any JSON, at most 256 KiB.
            body: Value,
        }
        optional {
            /// Only to the mailboxes of a project.
            project: String,
            /// What it belongs to, as with a message to one mailbox.
            conversation: String,
            /// The sender's own name for it, as with a message to one mailbox.
            id: String,
            /// How many seconds it is worth delivering.
            seconds: u64,
        }
        defaulted {
            /// Whether it may be given out of turn.
            unordered: bool,
        }
    }

    /// Take messages out of a mailbox, for as long as its lease says.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::ReceiveMessages;
    ///
    /// assert_eq!(ReceiveMessages::new("builder").wait(30u64).wait, Some(30));
    /// ```
    pub struct ReceiveMessages {
        required {
            /// The mailbox.
            mailbox: String,
        }
        optional {
            /// How many at most, 1 to 100; 10 where absent. Fewer are given where they have more than 4 MiB together.
            limit: u64,
            /// How many seconds to wait for one, at most 300; not at all where absent.
            wait: u64,
        }
    }

    /// Say that messages are done, so that they are not given out again.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::AcknowledgeMessages;
    ///
    /// let done = AcknowledgeMessages::new("builder", vec!["a receipt".to_owned()]);
    /// assert_eq!(done.receipts.len(), 1);
    /// ```
    pub struct AcknowledgeMessages {
        required {
            /// The mailbox.
            mailbox: String,
            /// Their receipts, 1 to 100.
            receipts: Vec<String>,
        }
    }

    /// Give messages back that were not dealt with.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::ReturnMessages;
    ///
    /// let back = ReturnMessages::new("builder", vec!["a receipt".to_owned()]).delay(30u64);
    /// assert_eq!(back.delay, Some(30));
    /// ```
    pub struct ReturnMessages {
        required {
            /// The mailbox.
            mailbox: String,
            /// Their receipts, 1 to 100.
            receipts: Vec<String>,
        }
        optional {
            /// After how many seconds they are given out again, at most 86,400; at once where absent.
            delay: u64,
        }
    }

    /// Ask whoever reads a mailbox, and wait for the answer.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::RequestReply;
    ///
    /// assert_eq!(RequestReply::new("builder", "is it green?").seconds(30u64).seconds, Some(30));
    /// ```
    pub struct RequestReply {
        required {
            /// The mailbox.
            to: String,
            /// What is asked: any JSON, at most 256 KiB.
            body: Value,
        }
        optional {
            /// How many seconds to wait, 1 to 300; 60 where absent. After that the request is not delivered, either.
            seconds: u64,
            /// What it belongs to, as with a message to one mailbox.
            conversation: String,
        }
        defaulted {
            /// Whether it may be given out of turn.
            unordered: bool,
        }
    }

    /// Answer a message that asks for it; it is done then.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::ReplyMessage;
    ///
    /// assert_eq!(ReplyMessage::new("builder", "a receipt", "it is").receipt, "a receipt");
    /// ```
    pub struct ReplyMessage {
        required {
            /// The mailbox out of which the message was taken.
            mailbox: String,
            /// Its receipt.
            receipt: String,
            /// The answer: any JSON, at most 256 KiB.
            body: Value,
        }
    }

    /// List the dead messages of a mailbox: those that were given out too often.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::ListDeadMessages;
    ///
    /// assert_eq!(ListDeadMessages::new("builder").mailbox, "builder");
    /// ```
    pub struct ListDeadMessages {
        required {
            /// The mailbox.
            mailbox: String,
        }
        paged { page }
    }

    /// Put a dead message back into its mailbox, at the end.
    ///
    /// ```
    /// use mosaic_mcp::coordination::messages::ReplayDeadMessage;
    ///
    /// assert_eq!(ReplayDeadMessage::new("builder", 7u64).number, 7);
    /// ```
    pub struct ReplayDeadMessage {
        required {
            /// The mailbox.
            mailbox: String,
            /// Its number, as it is listed.
            number: u64,
        }
    }
}
