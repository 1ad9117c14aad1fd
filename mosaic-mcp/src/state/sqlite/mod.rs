//! The store in a file of this machine.
//!
//! One connection writes and a few read, in write-ahead mode: readers never wait for the writer. A group of transactions costs two
//! round trips to the thread of the connection beside its reads, however much it writes. Several processes may open one file: they
//! write in turn, and hear of each other by looking at the head.

mod fault;
mod file;
mod pack;
mod read;
mod schema;
mod tx;
mod view;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use sqlx::{Connection as _, Sqlite, SqliteConnection};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::store::{StateStore, StoreTx, StoreView, Trimmed};
use super::{Change, Entry, Event, Head, Key, KeyRange, TopicFilter};
use tx::SqliteTx;
use view::SqliteView;

/// What a committed transaction survives.
///
/// ```
/// use mosaic_mcp::state::Durability;
///
/// assert_eq!(Durability::default(), Durability::Full);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The loss of power: each group is synced to the disk before it is answered.
    #[default]
    Full,
    /// The end of the process, however it ends. The loss of power, or a crash of the system, may take the last transactions back;
    /// what is left is whole.
    Normal,
}

/// How a store in a file is opened.
///
/// ```no_run
/// use mosaic_mcp::state::{Durability, SqliteOptions, State};
///
/// # async fn open() -> mosaic_core::Result<()> {
/// let store = SqliteOptions::new().durability(Durability::Normal).open("node/state.db").await?;
/// let state = State::open(store).await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct SqliteOptions {
    durability: Durability,
    busy_timeout: Duration,
    poll_every: Duration,
    readers: u32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl SqliteOptions {
    /// The defaults: everything is synced, 30 seconds for the lock of another process, 4 readers, a look at what other processes
    /// write each 250 milliseconds.
    pub fn new() -> Self {
        Self {
            durability: Durability::Full,
            busy_timeout: Duration::from_secs(30),
            poll_every: Duration::from_millis(250),
            readers: 4,
        }
    }

    /// What a committed transaction survives.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a transaction waits for the lock that another process holds. The lock is not fair: who waits has no place in a row, so
    /// that it may wait for many turns of a process that is always busy.
    pub fn busy_timeout(mut self, wait: Duration) -> Self {
        self.busy_timeout = wait;
        self
    }

    /// How often it is looked at what other processes write.
    pub fn poll_every(mut self, every: Duration) -> Self {
        self.poll_every = every;
        self
    }

    /// How many reads outside of transactions run side by side.
    pub fn readers(mut self, readers: u32) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Opens the file. Where there is none it is made, with its folder, for this user alone; an older one is brought to the newest
    /// schema.
    ///
    /// # Errors
    /// `Config` where the file belongs to another program, has a newer schema or cannot be opened; `Provider` where it is busy
    /// or damaged.
    pub async fn open(&self, path: impl AsRef<Path>) -> Result<SqliteStore> {
        let file = file::File::open(self, path.as_ref()).await?;
        Ok(SqliteStore {
            writer: Arc::new(Mutex::new(Writer { conn: Some(file.writer), clean: true })),
            readers: file.readers,
            poll_every: self.poll_every,
        })
    }
}

/// A store in a file of this machine. Clones share it.
///
/// ```no_run
/// use mosaic_mcp::state::{Key, SqliteStore, State};
///
/// # async fn open() -> mosaic_core::Result<()> {
/// let state = State::open(SqliteStore::open("node/state.db").await?).await?;
/// state.put(Key::of(&["greeting"])?, "hello").await?;
/// # state.close().await
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteStore {
    writer: Arc<Mutex<Writer>>,
    readers: SqlitePool,
    poll_every: Duration,
}

/// The one connection that writes.
#[derive(Debug)]
struct Writer {
    /// None once the store is closed.
    conn: Option<SqliteConnection>,
    /// Whether no transaction was given up since the last look.
    clean: bool,
}

impl SqliteStore {
    /// Opens a file with the defaults of [`SqliteOptions`].
    ///
    /// # Errors
    /// As for [`SqliteOptions::open`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        SqliteOptions::new().open(path).await
    }

    async fn reader(&self) -> Result<PoolConnection<Sqlite>> {
        self.readers.acquire().await.map_err(fault::before_commit)
    }
}

#[async_trait]
impl StateStore for SqliteStore {
    async fn begin(&self, now: Timestamp) -> Result<Box<dyn StoreTx>> {
        let asked = Instant::now();
        let turn = self.writer.clone().lock_owned().await;
        let mut tx = SqliteTx::begin(turn, now).await?;
        // Others may have had the turn for a while: leases count from when it came, and times do not go back.
        tx.waited(asked.elapsed());
        Ok(Box::new(tx))
    }

    async fn head(&self) -> Result<Head> {
        read::head(&mut *self.reader().await?).await
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>> {
        let found = read::get_many(&mut *self.reader().await?, keys).await?;
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn range(&self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        read::range(&mut *self.reader().await?, range, limit).await
    }

    async fn changes(&self, range: &KeyRange, after: u64, limit: usize) -> Result<Vec<Change>> {
        read::changes(&mut *self.reader().await?, range, after, limit).await
    }

    async fn events(&self, filter: &TopicFilter, after: u64, limit: usize) -> Result<Vec<Event>> {
        read::events(&mut *self.reader().await?, filter, after, limit).await
    }

    async fn trimmed(&self) -> Result<Trimmed> {
        read::trimmed(&mut *self.reader().await?).await
    }

    async fn lost(&self, filter: &TopicFilter, after: u64) -> Result<u64> {
        read::lost(&mut *self.reader().await?, filter, after).await
    }

    async fn expiring(&self, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
        read::expiring(&mut *self.reader().await?, limit).await
    }

    async fn view(&self) -> Result<Box<dyn StoreView>> {
        // A connection of its own, as it may be open for long.
        let options = self.readers.connect_options();
        let conn = SqliteConnection::connect_with(&options).await.map_err(fault::before_commit)?;
        Ok(Box::new(SqliteView::begin(conn).await?))
    }

    fn poll_every(&self) -> Option<Duration> {
        Some(self.poll_every)
    }

    async fn close(&self) -> Result<()> {
        self.readers.close().await;
        let conn = self.writer.lock().await.conn.take();
        match conn {
            // The last connection folds the write-ahead log into the file.
            Some(conn) => conn.close().await.map_err(fault::before_commit),
            None => Ok(()),
        }
    }
}
