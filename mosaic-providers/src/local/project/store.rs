//! The file of a tracker: how it is opened, and the one way to write to it.
//!
//! One connection writes and a few read, in write-ahead mode: readers never wait for the writer, and writers of this process
//! queue for the connection instead of failing on the lock. Every write takes the lock when its transaction begins
//! (`BEGIN IMMEDIATE`): one that reads first and asks for the lock later is refused at once where another was faster.
//! Commits are synced to the disk (`synchronous = FULL`), so a write that was answered survives the loss of power.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::Operation;
use mosaic_core::types::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Sqlite, SqliteConnection, Transaction};
use tokio::time::Instant;

use super::keyed::Keyed;
use super::{fault, schema};

/// How long a statement waits for the lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long between two tries where SQLite does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// How long a call waits for a connection; the engine's own limits are usually shorter.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections that read at the same time.
const READERS: u32 = 4;

/// An open tracker. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    path: Arc<Path>,
}

/// A write that has begun: either it is the first with its key, or its answer is known.
#[expect(clippy::large_enum_variant, reason = "taken apart as soon as it is made")]
pub(super) enum Begun<T> {
    First(Write),
    Known(T),
}

/// A write in its transaction. Dropped before [`Write::commit`], it leaves nothing.
pub(super) struct Write {
    tx: Transaction<'static, Sqlite>,
    cx: CallContext,
    keyed: Option<Keyed>,
    now: i64,
}

impl Store {
    /// Opens the file, makes it where there is none, and brings it to the newest version.
    pub(super) async fn open(path: &Path) -> Result<Self> {
        Self::open_waiting(path, BUSY_TIMEOUT).await
    }

    async fn open_waiting(path: &Path, busy_timeout: Duration) -> Result<Self> {
        let path = absolute(path)?;
        if let Some(folder) = path.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(|error| {
                let message = format!("path: its folder cannot be made: {}", error.kind());
                Error::new(ErrorKind::Config, message).source(error)
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(busy_timeout)
            .disable_statement_logging();
        // Connections to a local file do not go stale: they are neither tested nor replaced, and need no task that does.
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(TURN_TIMEOUT)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(fault::opening)?;
        {
            let mut conn = writer.acquire().await.map_err(fault::opening)?;
            // Looked at before the mode is changed, as that writes to a file which may be another program's.
            schema::check(&mut conn).await?;
            write_ahead(&mut conn, busy_timeout).await?;
            schema::migrate(&mut conn).await?;
        }
        let readers = options.create_if_missing(false).pragma("query_only", "ON");
        let readers = pool(READERS).connect_lazy_with(readers);
        Ok(Self { writer, readers, path: path.into() })
    }

    /// The connections for statements that change nothing.
    pub(super) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Begins the write of an operation, unless its key says that it was done before.
    pub(super) async fn begin<O: Operation>(&self, cx: &CallContext, op: &O) -> Result<Begun<O::Output>> {
        let keyed = cx.key().map(|key| Keyed::new(cx, key, op)).transpose()?;
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::before_commit)?;
        let now = Timestamp::now().as_microsecond();
        if let Some(keyed) = &keyed
            && let Some(answer) = keyed.answer(&mut tx, now).await?
        {
            tx.rollback().await.map_err(fault::before_commit)?;
            return Ok(Begun::Known(answer));
        }
        Ok(Begun::First(Write { tx, cx: cx.clone(), keyed, now }))
    }

    /// Whether reads answer, the write lock can be had, and the file is still where it was opened.
    pub(super) async fn check(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await.map_err(fault::before_commit)?;
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::before_commit)?;
        tx.rollback().await.map_err(fault::before_commit)?;
        // An open file that was removed works on, and is gone when it is closed.
        match tokio::fs::try_exists(&self.path).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::new(ErrorKind::Provider, "the tracker's file is gone")),
            Err(error) => {
                Err(Error::new(ErrorKind::Provider, "the tracker's file cannot be found").source(error))
            }
        }
    }

    /// Waits for what is running and closes the file; the last connection folds the write-ahead log into it.
    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl Write {
    /// The connection, inside the transaction.
    pub(super) fn conn(&mut self) -> &mut SqliteConnection {
        &mut self.tx
    }

    /// When the write began, in microseconds.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// The name of who writes.
    pub(super) fn author(&self) -> &str {
        self.cx.caller().name()
    }

    /// Keeps the answer under the key of the call, if it has one, and makes everything last.
    pub(super) async fn commit<T: serde::Serialize>(mut self, answer: T) -> Result<T> {
        if let Some(keyed) = &self.keyed {
            keyed.keep(&mut self.tx, self.now, &answer).await?;
        }
        // The moment of sending: before it, whatever happens to the call, the transaction is rolled back.
        self.cx.mark_sent();
        self.tx.commit().await.map_err(fault::committing)?;
        Ok(answer)
    }
}

/// The path from the root: SQLite would take `:memory:`, or a path that begins with `file:`, for something else.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Error::new(ErrorKind::Config, "path: must name a file").source(error))
}

/// Turns the write-ahead log on. SQLite does not wait for the lock here as it does elsewhere, so that two processes that
/// make one file at once would fail; the waiting is done here instead.
async fn write_ahead(conn: &mut SqliteConnection, busy_timeout: Duration) -> Result<()> {
    let begin = Instant::now();
    loop {
        let mode: Result<String, _> =
            sqlx::query_scalar("PRAGMA journal_mode = WAL").fetch_one(&mut *conn).await;
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => {
                let message = "path: its file system does not support a write-ahead log";
                return Err(Error::new(ErrorKind::Config, message));
            }
            Err(error) if fault::is_busy(&error) && begin.elapsed() < busy_timeout => {
                tokio::time::sleep(BUSY_PAUSE).await;
            }
            Err(error) => return Err(fault::opening(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mosaic_core::error::Outcome;
    use mosaic_core::op::project::CreateProject;

    #[tokio::test]
    async fn a_lock_that_does_not_come_refuses_the_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tracker.db");
        let store = Store::open_waiting(&path, Duration::from_millis(1)).await.unwrap();
        let other = Store::open(&path).await.unwrap();
        let (cx, op) = (CallContext::new(), CreateProject::new("OPS", "Operations"));
        let held = other.begin(&cx, &op).await.unwrap();
        let Err(error) = store.begin(&cx, &op).await else { panic!("two hold the lock") };
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Provider, Outcome::NotMade), "{error:?}");
        assert!(error.was_refused());
        assert!(store.check().await.is_err());
        drop(held);
        other.close().await;
        store.begin(&cx, &op).await.unwrap();
        store.check().await.unwrap();
    }

    #[tokio::test]
    async fn a_write_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("tracker.db")).await.unwrap();
        let (cx, op) = (CallContext::new(), CreateProject::new("OPS", "Operations"));
        for _ in 0..3 {
            let Begun::First(mut write) = store.begin(&cx, &op).await.unwrap() else { panic!("no key") };
            let query = "INSERT INTO project (key, name, created_at, updated_at) VALUES ('OPS', '', 0, 0)";
            sqlx::query(query).execute(write.conn()).await.unwrap();
        }
        let query = "SELECT count(*) FROM project";
        let count: i64 = sqlx::query_scalar(query).fetch_one(store.readers()).await.unwrap();
        assert_eq!(count, 0);
    }
}
