use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use mosaic_core::types::Timestamp;
use parking_lot::Mutex;

use super::super::retention::place;
use super::super::{Audit, AuditEvent, AuditOptions, AuditSigner};
use super::*;
use crate::state::{
    Change, Entry, Event, Head as StoreHead, Key, KeyRange, MemoryStore, StateStore, StoreTx, StoreView,
    Trimmed,
};

type Turn = Mutex<Option<BoxFuture<'static, ()>>>;

/// A store that lets somebody else have a turn just before the removal is read, or the first events are.
struct Between {
    inner: MemoryStore,
    turn: Arc<Turn>,
    before_events: Arc<Turn>,
}

impl Between {
    fn new(inner: MemoryStore) -> Self {
        Self { inner, turn: Arc::default(), before_events: Arc::default() }
    }
}

#[async_trait]
impl StateStore for Between {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        self.inner.begin(now).await
    }
    async fn head(&self) -> Result<StoreHead> {
        self.inner.head().await
    }
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let turn = if keys.contains(&place()?) { self.turn.lock().take() } else { None };
        if let Some(turn) = turn {
            turn.await;
        }
        self.inner.get_many(keys).await
    }
    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.inner.range(range, limit).await
    }
    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        self.inner.changes(range, after, limit).await
    }
    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        let turn = self.before_events.lock().take();
        if let Some(turn) = turn {
            turn.await;
        }
        self.inner.events(filter, after, limit).await
    }
    async fn trimmed(&self) -> Result<Trimmed> {
        self.inner.trimmed().await
    }
    async fn view(&self) -> Result<Box<dyn StoreView>> {
        self.inner.view().await
    }
    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.inner.expiring(limit).await
    }
    async fn close(&self) -> Result<()> {
        self.inner.close().await
    }
}

/// Removes what is before the checkpoint of a number, as one with the key does.
async fn remove(state: State, signer: AuditSigner, number: usize) {
    let gone = state.trimmed().await.unwrap().before(&all().unwrap());
    let kept = state.events(&all().unwrap(), gone, 10_000).await.unwrap();
    let marks: Vec<_> = kept.iter().filter(|event| *event.kind == *CHECKPOINT).collect();
    let mark = marks[number];
    let checkpoint: Checkpoint = serde_json::from_slice(Link::decode(&mark.data).unwrap().1).unwrap();
    let removal = retention::Removal::sign(checkpoint, state.now(), &signer);
    let topics: Vec<_> = kept.iter().map(|event| event.topic.clone()).collect();
    let through = mark.offset - 1;
    let trim = move |tx: &mut crate::state::Tx<'_>| {
        topics.iter().for_each(|topic| tx.trim(Some(topic.clone()), through));
        tx.write(&place()?, &removal).map(|_| ())
    };
    let trim = Arc::new(trim);
    state
        .run(move |tx| {
            let trim = trim.clone();
            Box::pin(async move { trim(tx) })
        })
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_removed_while_it_is_verified_is_no_fault() {
    let (store, signer) = (MemoryStore::new(), AuditSigner::generate().unwrap());
    let state = State::open(store.clone()).await.unwrap();
    let between = Between::new(store);
    let turn = between.turn.clone();
    let watched = State::open(between).await.unwrap();
    let options = AuditOptions::new(signer.clone()).checkpoints(8, Duration::from_secs(60));
    let audit = Audit::open(&state, options).await.unwrap();
    for at in 0..60 {
        let what = at.to_string();
        audit.write(AuditEvent::Configuration { by: "ann".into(), what, detail: "x".into() }).await.unwrap();
    }
    audit.close().await.unwrap();
    remove(state.clone(), signer.clone(), 1).await;
    *turn.lock() = Some(Box::pin(remove(state.clone(), signer.clone(), 1)));
    let report = verify(&watched, &AuditKeys::of(&signer), &[]).await.unwrap();
    assert!(turn.lock().is_none(), "it had its turn");
    assert_eq!(report.fault, None);
    assert!(report.first > 24, "{report:?}");
    watched.close().await.unwrap();
    state.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_audit_that_begins_while_it_is_verified_is_no_fault() {
    let (store, signer) = (MemoryStore::new(), AuditSigner::generate().unwrap());
    let state = State::open(store.clone()).await.unwrap();
    let between = Between::new(store);
    let audit = Audit::open(&state, AuditOptions::new(signer.clone())).await.unwrap();
    let first = audit.clone();
    *between.before_events.lock() = Some(Box::pin(async move {
        let event = AuditEvent::Configuration { by: "ann".into(), what: "roles".into(), detail: "x".into() };
        first.write(event).await.unwrap();
    }));
    let watched = State::open(between).await.unwrap();
    let report = verify(&watched, &AuditKeys::of(&signer), &[]).await.unwrap();
    assert_eq!((report.fault, report.records), (None, 1));
    audit.close().await.unwrap();
    watched.close().await.unwrap();
    state.close().await.unwrap();
}
