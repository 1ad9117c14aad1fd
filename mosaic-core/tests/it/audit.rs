//! The audit: every write and every denial exactly once, also of callers who went away.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::ports::{AuditOutcome, AuditRecord, AuditSink};
use mosaic_core::testkit::{Fault, Place};

use crate::support::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<AuditRecord>>>);

impl AuditSink for Kept {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}

impl Kept {
    fn take(&self) -> Vec<AuditRecord> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn writes_and_denials_are_recorded_and_reads_are_not() {
    let (forge, _) = forge_with_widget();
    let kept = Kept::default();
    let mosaic = single(&forge, config()).audit(kept.clone()).build().await.unwrap();
    mosaic.git().get_repository(get()).await.unwrap();
    assert!(kept.take().is_empty());

    mosaic.git().create_repository(create("one")).await.unwrap();
    let [record] = &kept.take()[..] else { panic!("one record") };
    assert_eq!((record.outcome, record.subject.as_str()), (AuditOutcome::Made, "acme/one"));
    assert_eq!(record.provider.as_ref().map(|id| id.as_str()), Some("a"));

    mosaic.git().create_repository(create("one")).await.unwrap_err();
    let conflict = AuditOutcome::Failed { kind: ErrorKind::Conflict, outcome: Outcome::NotMade };
    assert_eq!(kept.take()[0].outcome, conflict);

    forge.fault(Fault::DisconnectAfter);
    mosaic.git().create_repository(create("two")).await.unwrap_err();
    let unknown = AuditOutcome::Failed { kind: ErrorKind::Network, outcome: Outcome::Unknown };
    assert_eq!(kept.take()[0].outcome, unknown);

    let ann = mosaic.with(CallContext::new().principal(Principal::user("ann")));
    ann.git().get_repository(get()).await.unwrap_err();
    ann.git().create_repository(create("three")).await.unwrap_err();
    let records = kept.take();
    assert!(
        records
            .iter()
            .all(|record| record.outcome == AuditOutcome::Denied && record.principal.name() == "ann")
    );
    assert_eq!(records.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_write_is_recorded_with_what_is_known() {
    let (forge, _) = forge();
    let kept = Kept::default();
    let mosaic = single(&forge, config()).audit(kept.clone()).build().await.unwrap();
    for (place, outcome) in [
        (Place::BeforeSending, Outcome::NotMade),
        (Place::AfterSending, Outcome::Unknown),
        (Place::AfterExecution, Outcome::Unknown),
    ] {
        forge.fault(Fault::Hang(place));
        let git = mosaic.git();
        let call = git.create_repository(create("one"));
        assert!(tokio::time::timeout(Duration::from_millis(10), call).await.is_err());
        let [record] = &kept.take()[..] else { panic!("one record") };
        assert_eq!(record.outcome, AuditOutcome::Dropped { outcome }, "{place:?}");
        assert_eq!(record.elapsed, Duration::from_millis(10));
    }
    assert_eq!(mosaic.status().operations[0].dropped, 3, "and counted");
}
