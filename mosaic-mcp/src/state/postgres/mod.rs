//! The store in PostgreSQL, which several nodes share.
//!
//! | room | what it does |
//! | --- | --- |
//! | `options` | where the server is, and how it is spoken to |
//! | `schema` | the tables, made and brought up to date by whichever node comes first |
//! | `node` | connections: one for writes, some for reads |
//! | `tx` | the write transaction |
//! | `view` | one moment of everything, for backups |
//! | `listen` | hints of other nodes |
//! | `sql`, `rows`, `fault` | the statements, what goes in and out of them, what errors mean |
//!
//! A transaction takes the one write turn of its schema by a lock of the server that ends with it, so that transactions of all
//! nodes are one after the other, and offsets have no gaps. Beginning is one question to the server and committing two, however
//! many transactions of this node are written together.

mod fault;
mod listen;
mod node;
mod options;
mod rows;
mod schema;
mod sql;
mod tid;
mod tx;
mod view;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;

use self::fault::strange;
use self::node::Node;
pub use self::options::{PostgresOptions, Tls};
use self::view::PostgresView;
use super::store::{StateStore, StoreTx, StoreView, Trimmed};
use super::{Change, Entry, Event, Head, Key, KeyRange, TopicFilter};

/// A store in PostgreSQL 15 or newer. Clones share it; each [`State`](super::State) has one of its own.
///
/// Where the connection breaks before a commit was sent, nothing was written, and the error says so. Where it breaks while a
/// commit is on its way, the store asks the server how the transaction ended, as long as its patience lasts; only then is the
/// outcome unknown. Afterwards it goes on by itself as soon as the server is back.
///
/// ```no_run
/// use mosaic_core::types::Secret;
/// use mosaic_mcp::state::{Key, PostgresOptions, State};
///
/// # async fn greet(url: Secret) -> mosaic_core::Result<()> {
/// let state = State::open(PostgresOptions::new(url).open().await?).await?;
/// state.put(Key::of(&["greeting"])?, "hello").await?;
/// # state.close().await
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresStore(Arc<Node>);

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

impl PostgresStore {
    async fn open(options: PostgresOptions) -> Result<Self> {
        let connect = options.connect()?;
        let node = Arc::new(Node::new(options.clone(), connect));
        schema::bring_up_to_date(&node, &options.namespace).await?;
        if options.notify {
            node.tasks.spawn(listen::listen(node.clone()));
        }
        Ok(Self(node))
    }
}

#[async_trait]
impl StateStore for PostgresStore {
    async fn begin(&self, _now: Timestamp) -> Result<Box<dyn StoreTx>> {
        Ok(Box::new(self.0.begin().await?))
    }

    async fn head(&self) -> Result<Head> {
        let found = self.0.read("the head was not read", || sqlx::query(sql::HEAD)).await?;
        rows::head(found.first().ok_or_else(|| strange("there is no head"))?)
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let found = self.0.read("values were not read", || rows::get_many(keys)).await?;
        let found: Result<HashMap<Key, Entry>> =
            found.iter().map(|row| rows::entry(row).map(|entry| (entry.key.clone(), entry))).collect();
        let found = found?;
        // A key may be asked for twice.
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        let found = self.0.read("a range was not read", || rows::range(range, limit)).await?;
        found.iter().map(rows::entry).collect()
    }

    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        let found = self.0.read("changes were not read", || rows::changes(range, after, limit)).await?;
        found.iter().map(rows::change).collect()
    }

    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        let found = self.0.read("events were not read", || rows::events(filter, after, limit)).await?;
        found.iter().map(rows::event).collect()
    }

    async fn trimmed(&self) -> Result<Trimmed> {
        rows::trimmed(&self.0.read("what was removed was not read", || sqlx::query(sql::TRIMMED)).await?)
    }

    async fn lost(&self, filter: &TopicFilter, after: u64) -> Result<u64> {
        let found = self.0.read("what was removed was not read", || rows::lost(filter, after)).await?;
        found.first().map_or(Ok(0), rows::through)
    }

    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        let found = self.0.read("values that expire were not read", || rows::expiring(limit)).await?;
        found.iter().map(rows::expiry).collect()
    }

    async fn view(&self) -> Result<Box<dyn StoreView>> {
        Ok(Box::new(PostgresView::open(self.0.clone()).await?))
    }

    async fn changed_elsewhere(&self, _known: Head) -> Result<()> {
        self.0.heard.notified().await;
        Ok(())
    }

    fn poll_every(&self) -> Option<Duration> {
        Some(self.0.poll_every())
    }

    async fn close(&self) -> Result<()> {
        self.0.close().await;
        Ok(())
    }
}
