use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mosaic_core::context::Principal;
use mosaic_core::error::Outcome;
use mosaic_core::op::git::{DeleteBranch, GetRepository};
use mosaic_core::orchestrator::Orchestrator;
use mosaic_core::testkit::Double;
use mosaic_core::types::git::Repository;

use super::super::{Audit, AuditEvent, AuditKeys, AuditOptions, AuditSigner, verify};
use super::*;
use crate::coordination::shared::{GetValue, PutValue, Shared};
use crate::function::Desk;
use crate::state::{MemoryStore, State};

async fn audit() -> (State, Audit, AuditKeys) {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let signer = AuditSigner::generate().unwrap();
    let audit = Audit::open(&state, AuditOptions::new(signer.clone())).await.unwrap();
    (state, audit, AuditKeys::of(&signer))
}

/// How many records are written at this moment.
async fn written(state: &State, keys: &AuditKeys) -> u64 {
    let report = verify(state, keys, &[]).await.unwrap();
    assert_eq!(report.fault, None);
    report.records
}

#[tokio::test]
async fn a_desk_answers_writes_and_denials_when_they_are_written_down() {
    let (state, audit, keys) = audit().await;
    let desk =
        Desk::builder().room(Shared::new(state.clone())).audit_written(Arc::new(audit.clone())).build();
    let cx = CallContext::new();
    for at in 1..=20 {
        desk.call(&cx, PutValue::new(format!("a/{at}"), 1)).await.unwrap();
        assert_eq!(written(&state, &keys).await, at);
    }
    desk.call(&cx, GetValue::new("a/1")).await.unwrap();
    let stranger = CallContext::new().principal(Principal::agent("stranger"));
    let denied = desk.call(&stranger, GetValue::new("a/1")).await.unwrap_err();
    assert_eq!(denied.kind(), ErrorKind::PermissionDenied);
    assert_eq!(written(&state, &keys).await, 21, "a read that is allowed has no record");
    let failed = desk.call(&cx, PutValue::new("a/1", 1).version(77u64)).await.unwrap_err();
    assert_eq!((failed.kind(), written(&state, &keys).await), (ErrorKind::Conflict, 22));

    // One that is made and cannot be written down is no success, and says that it may have been made.
    audit.close().await.unwrap();
    let unrecorded = desk.call(&cx, PutValue::new("late", 1)).await.unwrap_err();
    assert_eq!((unrecorded.kind(), unrecorded.outcome()), (ErrorKind::Lifecycle, Outcome::Unknown));
    assert_eq!(unrecorded.operation_name(), Some("state.put_value"));
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_recorded_caller_answers_when_the_audit_has_written() {
    let (state, audit, keys) = audit().await;
    let forge = Double::new()
        .answer(|_: &DeleteBranch| Ok(()))
        .answer(|op: &GetRepository| Ok(Repository::of(&op.repo, "main")));
    let mosaic =
        Orchestrator::builder().provider("forge", forge.clone()).audit(audit.clone()).build().await.unwrap();
    let (caller, cx) = (Recorded::new(mosaic.clone(), audit.clone()), CallContext::new());
    // That there is a provider, and the rules.
    audit.flush().await.unwrap();
    let before = written(&state, &keys).await;
    for at in 1..=20 {
        caller.call(&cx, DeleteBranch::new("acme", "widget", "old")).await.unwrap();
        caller.call(&cx, GetRepository::new("acme", "widget")).await.unwrap();
        assert_eq!(written(&state, &keys).await, before + at);
    }
    audit.close().await.unwrap();
    let unrecorded = caller.call(&cx, DeleteBranch::new("acme", "widget", "old")).await.unwrap_err();
    assert_eq!((unrecorded.kind(), unrecorded.outcome()), (ErrorKind::Lifecycle, Outcome::Unknown));
    assert_eq!(forge.executed(), 22, "the deletions, and one read that is remembered");
    mosaic.shutdown().await;
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_write_whose_record_finds_the_queue_full_is_not_answered_as_recorded() {
    let state = State::open(MemoryStore::new()).await.unwrap();
    let options = AuditOptions::new(AuditSigner::generate().unwrap()).queue(2);
    let audit = Audit::open(&state, options).await.unwrap();
    let (full, busy) = (audit.clone(), Arc::new(AtomicBool::new(true)));
    let filled = Arc::clone(&busy);
    let forge = Double::new().answer(move |_: &DeleteBranch| {
        // The writer has no turn before the record of this call is told.
        for _ in 0..4 * usize::from(filled.load(Ordering::Relaxed)) {
            full.tell(AuditEvent::Configuration { by: "a".into(), what: "b".into(), detail: "c".into() });
        }
        Ok(())
    });
    let mosaic = Orchestrator::builder().provider("forge", forge).audit(audit.clone()).build().await.unwrap();
    let (caller, cx) = (Recorded::new(mosaic.clone(), audit.clone()), CallContext::new());
    audit.flush().await.unwrap();
    let unrecorded = caller.call(&cx, DeleteBranch::new("acme", "widget", "old")).await.unwrap_err();
    assert_eq!((unrecorded.kind(), unrecorded.outcome()), (ErrorKind::QuotaExceeded, Outcome::Unknown));
    // What was lost before is no matter of the next.
    busy.store(false, Ordering::Relaxed);
    caller.call(&cx, DeleteBranch::new("acme", "widget", "old")).await.unwrap();
    mosaic.shutdown().await;
    audit.close().await.unwrap();
    state.close().await.unwrap();
}
