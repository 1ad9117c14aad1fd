use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::Principal;
use parking_lot::Mutex;
use serde_json::json;

use super::*;
use crate::coordination::messages::{CloseMailbox, FollowTopic, Messages, OpenMailbox, SendMessage};
use crate::coordination::shared::{AppendEvent, GetValue, PutValue, Shared};
use crate::security::access::Access;
use crate::state::{MemoryStore, State, TopicFilter};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<AuditRecord>>>);

impl AuditSink for Kept {
    fn record(&self, record: AuditRecord) {
        self.0.lock().push(record);
    }
}

impl Kept {
    fn told(&self) -> Vec<(&'static str, String, AuditOutcome)> {
        let records = std::mem::take(&mut *self.0.lock());
        records.into_iter().map(|record| (record.operation, record.subject, record.outcome)).collect()
    }
}

struct Broken;

#[async_trait]
impl Gate for Broken {
    async fn allow(&self, _: &CallContext, _: Permission<'_>) -> Result<()> {
        Err(Error::new(ErrorKind::Network, "the directory does not answer"))
    }
}

async fn desk(gate: impl Gate) -> (Desk, Kept) {
    let kept = Kept::default();
    let shared = Shared::new(State::open(MemoryStore::new()).await.unwrap());
    (Desk::builder().room(shared).gate(gate).audit(Arc::new(kept.clone())).build(), kept)
}

#[tokio::test]
async fn writes_and_denials_are_told_and_reads_are_not() {
    let (desk, kept) = desk(Open).await;
    let cx = CallContext::new();
    desk.call(&cx, PutValue::new("a/b", 1)).await.unwrap();
    desk.call(&cx, GetValue::new("a/b")).await.unwrap();
    let missing = desk.call(&cx, GetValue::new("a/c")).await.unwrap_err();
    assert_eq!((missing.kind(), missing.operation_name()), (ErrorKind::NotFound, Some("state.get_value")));
    let conflict = desk.call(&cx, PutValue::new("a/b", 1).version(77u64)).await.unwrap_err();
    assert_eq!(conflict.kind(), ErrorKind::Conflict);
    let failed = AuditOutcome::Failed { kind: ErrorKind::Conflict, outcome: Outcome::NotMade };
    let put = || ("state.put_value", "a/b".to_owned());
    assert_eq!(kept.told(), [(put().0, put().1, AuditOutcome::Made), (put().0, put().1, failed)]);

    let stranger = CallContext::new().principal(Principal::agent("stranger"));
    let denied = desk.call_json(&stranger, "state.get_value", json!({ "key": "a/b" })).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    assert!(denied.message().contains("state:get_value:a/b"), "{denied}");
    assert_eq!(kept.told(), [("state.get_value", "a/b".to_owned(), AuditOutcome::Denied)]);
}

#[tokio::test]
async fn a_gate_that_cannot_decide_denies() {
    let (desk, kept) = desk(Broken).await;
    let error = desk.call(&CallContext::new(), AppendEvent::new("t", "k", json!(1))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(kept.told(), [("state.append_event", "t".to_owned(), AuditOutcome::Denied)]);
}

#[tokio::test]
async fn what_is_dropped_is_told() {
    let (desk, kept) = desk(Open).await;
    let cx = CallContext::new();
    {
        let call = desk.call(&cx, PutValue::new("a", 1));
        tokio::pin!(call);
        assert!(futures_util::poll!(&mut call).is_pending());
    }
    let dropped = AuditOutcome::Dropped { outcome: Outcome::Unknown };
    assert_eq!(kept.told(), [("state.put_value", "a".to_owned(), dropped)]);
}

#[tokio::test]
async fn a_room_that_is_not_here_offers_nothing() {
    let desk = Desk::builder().build();
    let error = desk.call(&CallContext::new(), GetValue::new("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(desk.offered().count(), 0);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_refused() {
    let (desk, _) = desk(Open).await;
    for (name, params) in [
        ("state.get_value", json!({})),
        ("state.get_value", json!(["a"])),
        ("state.get_value", json!({ "key": "a", "more": 1 })),
        ("state.put_value", json!({ "key": "a//b", "value": 1 })),
        ("state.read_events", json!({ "topic": "a..b" })),
    ] {
        let error = desk.call_json(&CallContext::new(), name, params).await.unwrap_err();
        assert_eq!((error.kind(), error.operation_name()), (ErrorKind::Invalid, Some(name)), "{error}");
    }
}

/// A ledger in which nothing is ever kept.
struct Never;

impl Ledger for Never {
    fn enter(&self, _: AuditRecord) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::pending())
    }
    fn lost(&self) -> u64 {
        0
    }
    fn settled(&self) -> BoxFuture<'static, Result<()>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_waited_for_as_long_as_the_caller_has_time() {
    let shared = Shared::new(State::open(MemoryStore::new()).await.unwrap());
    let desk = Desk::builder().room(shared).audit_written(Arc::new(Never)).build();
    let cx = CallContext::new().time_limit(Duration::from_secs(5));
    let error = desk.call(&cx, PutValue::new("a", 1)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::Unknown), "{error}");
    assert_eq!(desk.call(&cx, GetValue::new("a")).await.unwrap().value, json!(1), "it was made");
}

/// A desk of messages with one role for `ann`.
async fn messages_for_ann(allow: &[&str], deny: &[&str]) -> (Desk, CallContext) {
    let rules = json!({
        "roles": { "ann": { "allow": allow, "deny": deny } },
        "bindings": [{ "who": "agent:ann", "tenant": "*", "roles": ["ann"] }],
    });
    let access = Access::new(&serde_json::from_value(rules).unwrap()).unwrap();
    let messages = Messages::new(State::open(MemoryStore::new()).await.unwrap());
    let desk = Desk::builder().room(messages).gate(access).build();
    for mailbox in ["ann", "boss"] {
        desk.call(&CallContext::new(), OpenMailbox::new(mailbox)).await.unwrap();
    }
    (desk, CallContext::new().principal(Principal::agent("ann")))
}

#[tokio::test]
async fn whoever_follows_topics_may_hear_all_of_them_and_change_the_mailbox() {
    let follow = |mailbox: &str, filter: &str| FollowTopic::new(mailbox, TopicFilter::new(filter).unwrap());
    // What is denied is not heard by a wider filter, either.
    let (desk, ann) = messages_for_ann(&["message:*:*"], &["message:follow_topic:secrets*"]).await;
    for (filter, may) in [
        ("build.*", true),
        ("build.>", true),
        ("secrets", false),
        ("secrets.keys", false),
        ("SECRETS.keys", false),
        ("secrets.>", false),
        ("*.keys", false),
        (">", false),
    ] {
        assert_eq!(desk.call(&ann, follow("ann", filter)).await.is_ok(), may, "{filter}");
    }
    // What is allowed is no wider than it says, and the mailbox is the caller's to change.
    let (desk, ann) =
        messages_for_ann(&["message:follow_topic:build.*", "message:open_mailbox:ann"], &[]).await;
    for (mailbox, filter, may) in [
        ("ann", "build.*", true),
        ("ann", "build.7", true),
        ("ann", ">", false),
        ("ann", "*.7", false),
        ("ann", "*", false),
        ("boss", "build.7", false),
    ] {
        assert_eq!(desk.call(&ann, follow(mailbox, filter)).await.is_ok(), may, "{mailbox} {filter}");
    }
}

#[tokio::test]
async fn every_mailbox_and_project_that_a_message_names_is_asked_about() {
    let allow = ["message:open_mailbox:ann", "message:send_message:ann", "message:join_project:web"];
    let (desk, ann) = messages_for_ann(&allow, &[]).await;
    desk.call(&ann, SendMessage::new("ann", "x")).await.unwrap();
    desk.call(&ann, SendMessage::new("ann", "x").reply_to("ann")).await.unwrap();
    let error = desk.call(&ann, SendMessage::new("ann", "x").reply_to("boss")).await.unwrap_err();
    assert!(error.message().contains("message:send_message:boss"), "{error}");
    assert_eq!(
        (error.kind(), error.operation_name()),
        (ErrorKind::PermissionDenied, Some("message.send_message"))
    );
    let error = desk.call(&ann, OpenMailbox::new("ann").project("secret")).await.unwrap_err();
    assert!(error.message().contains("message:join_project:secret"), "{error}");
    desk.call(&CallContext::new(), CloseMailbox::new("ann")).await.unwrap();
    desk.call(&ann, OpenMailbox::new("ann").project("web")).await.unwrap();
}
