//! What several tests here share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::types::Timestamp;
use mosaic_mcp::state::{
    Change, Entry, Event, Head, Key, KeyRange, MemoryStore, StateStore, StoreTx, StoreView, Topic,
    TopicFilter, Trimmed, Writes,
};
use proptest::prelude::ProptestConfig;
use tokio::sync::watch;

/// So many random courses, or 40 times as many where `MOSAIC_SOAK` is `full`.
pub(crate) fn cases(few: u32) -> ProptestConfig {
    let full = std::env::var("MOSAIC_SOAK").is_ok_and(|soak| soak == "full");
    ProptestConfig::with_cases(if full { few * 40 } else { few })
}

/// A store in memory that several nodes share: each hears of what another commits.
#[derive(Clone)]
pub(crate) struct SharedStore {
    inner: Arc<dyn StateStore>,
    commits: Arc<watch::Sender<u64>>,
    questions: Arc<AtomicU64>,
    rows: Arc<AtomicU64>,
    mute: Arc<AtomicBool>,
}

impl SharedStore {
    pub(crate) fn new() -> Self {
        Self::over(MemoryStore::new())
    }

    /// One that keeps what it has in another.
    pub(crate) fn over(store: impl StateStore) -> Self {
        Self {
            inner: Arc::new(store),
            commits: Arc::new(watch::Sender::new(0)),
            questions: Arc::default(),
            rows: Arc::default(),
            mute: Arc::default(),
        }
    }

    /// Has values not be read outside of transactions, until it is told otherwise.
    pub(crate) fn mute(&self, mute: bool) {
        self.mute.store(mute, Ordering::Relaxed);
    }

    /// How many questions transactions have asked so far.
    pub(crate) fn questions(&self) -> u64 {
        self.questions.load(Ordering::Relaxed)
    }

    /// How many entries transactions were given and have written so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl StateStore for SharedStore {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        let (commits, questions, rows) = (self.commits.clone(), self.questions.clone(), self.rows.clone());
        Ok(Box::new(SharedTx { inner: self.inner.begin(now).await?, commits, questions, rows }))
    }
    async fn head(&self) -> Result<Head> {
        self.inner.head().await
    }
    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        if self.mute.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Network, "the store does not answer"));
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
        // Others run between the question and the answer, as with a real store.
        tokio::task::yield_now().await;
        let found = self.inner.events(filter, after, limit).await;
        tokio::task::yield_now().await;
        found
    }
    async fn trimmed(&self) -> Result<Trimmed> {
        tokio::task::yield_now().await;
        self.inner.trimmed().await
    }
    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        self.inner.expiring(limit).await
    }
    async fn view(&self) -> Result<Box<dyn StoreView>> {
        self.inner.view().await
    }
    async fn changed_elsewhere(&self, known: Head) -> Result<()> {
        let mut commits = self.commits.subscribe();
        while self.inner.head().await? <= known && commits.changed().await.is_ok() {}
        Ok(())
    }
    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

struct SharedTx {
    inner: Box<dyn StoreTx>,
    commits: Arc<watch::Sender<u64>>,
    questions: Arc<AtomicU64>,
    rows: Arc<AtomicU64>,
}

impl SharedTx {
    fn asked(&self) {
        self.questions.fetch_add(1, Ordering::Relaxed);
    }

    fn touched(&self, rows: usize) {
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
    }
}

#[async_trait]
impl StoreTx for SharedTx {
    fn head(&self) -> Head {
        self.inner.head()
    }
    fn now(&self) -> Timestamp {
        self.inner.now()
    }
    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        self.asked();
        let found = self.inner.get_many(keys).await?;
        self.touched(found.len());
        Ok(found)
    }
    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        self.asked();
        let found = self.inner.range(range, limit).await?;
        self.touched(found.len());
        Ok(found)
    }
    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        self.asked();
        self.inner.last_offsets(topics).await
    }
    async fn write(&mut self, part: Writes) -> Result<()> {
        self.inner.write(part).await
    }
    async fn commit(self: Box<Self>, writes: Writes) -> Result<()> {
        self.touched(writes.puts.len() + writes.deletes.len());
        let Self { inner, commits, .. } = *self;
        inner.commit(writes).await?;
        commits.send_modify(|count| *count += 1);
        tokio::task::yield_now().await;
        Ok(())
    }
}
