//! Parameters and answers of the functions on shared values and events.

use mosaic_core::params;
use mosaic_core::types::Timestamp;
use serde_json::Value;

params! {
    /// Fetch a value that agents share.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::GetValue;
    ///
    /// assert_eq!(GetValue::new("plans/spring").key, "plans/spring");
    /// ```
    pub struct GetValue {
        required {
            /// Its name: parts joined by `/`.
            key: String,
        }
    }

    /// Put a value that agents share.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::PutValue;
    ///
    /// let first = PutValue::new("leader", "agent-1").version(0u64).seconds(30u64);
    /// assert_eq!(first.version, Some(0));
    /// ```
    pub struct PutValue {
        required {
            /// Its name: parts joined by `/`; at most 400 bytes.
            key: String,
            /// What it is: any JSON, at most 1 MiB.
            value: Value,
        }
        optional {
            /// The version that it must have for this to be done; 0 where it must not be there. Without it, anything is replaced.
            version: u64,
            /// How many seconds it stays; for ever where absent.
            seconds: u64,
        }
    }

    /// Delete a value that agents share.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::DeleteValue;
    ///
    /// assert_eq!(DeleteValue::new("leader").version(7u64).version, Some(7));
    /// ```
    pub struct DeleteValue {
        required {
            /// Its name.
            key: String,
        }
        optional {
            /// The version that it must have for this to be done. Without it, one that is not there is passed over.
            version: u64,
        }
    }

    /// List values that agents share, in the order of their names.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::ListValues;
    ///
    /// assert_eq!(ListValues::new().below("plans").below.as_deref(), Some("plans"));
    /// ```
    pub struct ListValues {
        optional {
            /// Only those whose names begin with these parts.
            below: String,
        }
        paged { page }
    }

    /// Append an event to the log that agents share.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::AppendEvent;
    ///
    /// let event = AppendEvent::new("review.42", "asked", serde_json::json!({ "by": "agent-1" }));
    /// assert_eq!(event.topic, "review.42");
    /// ```
    pub struct AppendEvent {
        required {
            /// What it is about: segments joined by `.`.
            topic: String,
            /// What kind of event; at most 64 bytes.
            kind: String,
            /// The rest: any JSON, at most 1 MiB.
            data: Value,
        }
        optional {
            /// The offset of the last event of the topic for this to be done; 0 where there must be none.
            after: u64,
        }
    }

    /// Read events, in order. Everything that happens for the tenant is among them: tasks, agents, messages, and what agents
    /// append.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::ReadEvents;
    ///
    /// assert_eq!(ReadEvents::new().topic("task.>").after(17u64).after, 17);
    /// ```
    pub struct ReadEvents {
        optional {
            /// Which topics: segments, where `*` stands for one and `>`, as the last, for one or more. All where absent.
            topic: String,
            /// How many events at most: 1 to 1000; 100 where absent.
            limit: u64,
        }
        defaulted {
            /// Only those after this offset: the `next` of the answer before.
            after: u64,
        }
    }

    /// A value that agents share.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::SharedValue;
    ///
    /// let value = SharedValue::new("leader", "agent-1", 3u64);
    /// assert_eq!(value.version, 3);
    /// ```
    pub noun SharedValue {
        required {
            /// Its name.
            key: String,
            /// What it is.
            value: Value,
            /// Its version: another after each change.
            version: u64,
        }
        optional {
            /// When it ceases to be.
            expires: Timestamp,
        }
    }

    /// What a write left.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::Version;
    ///
    /// assert_eq!(Version::new(3u64).version, 3);
    /// ```
    pub noun Version {
        required {
            /// The version of the value now.
            version: u64,
        }
    }

    /// Where an event stands in the log.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::Offset;
    ///
    /// assert_eq!(Offset::new(12u64).offset, 12);
    /// ```
    pub noun Offset {
        required {
            /// Its offset.
            offset: u64,
        }
    }

    /// An event of the log.
    ///
    /// ```
    /// use mosaic_core::types::Timestamp;
    /// use mosaic_mcp::coordination::shared::SharedEvent;
    ///
    /// let event = SharedEvent::new(12u64, "review.42", "asked", serde_json::json!({}), Timestamp::UNIX_EPOCH);
    /// assert_eq!(event.kind, "asked");
    /// ```
    pub noun SharedEvent {
        required {
            /// Its place in the log.
            offset: u64,
            /// What it is about.
            topic: String,
            /// What kind of event.
            kind: String,
            /// The rest.
            data: Value,
            /// When it was appended.
            at: Timestamp,
        }
    }

    /// A piece of the log.
    ///
    /// ```
    /// use mosaic_mcp::coordination::shared::SharedEvents;
    ///
    /// assert_eq!(SharedEvents::new(vec![], 12u64, 0u64).next, 12);
    /// ```
    pub noun SharedEvents {
        required {
            /// The events, in order.
            events: Vec<SharedEvent>,
            /// Where to go on: the `after` of the next question.
            next: u64,
            /// How many events of the log, of any topic and tenant, follow after that.
            lag: u64,
        }
    }
}
