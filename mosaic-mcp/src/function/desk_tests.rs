use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::context::Principal;
use parking_lot::Mutex;
use serde_json::json;

use super::*;
use crate::coordination::shared::{AppendEvent, GetValue, PutValue, Shared};
use crate::state::{MemoryStore, State};

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
