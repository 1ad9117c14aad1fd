//! The file of the search index: opened when it is needed, made anew where it is missing, damaged or of another version.
//!
//! It follows from the files of the documents and from nothing else, so it is neither synced to the disk nor worth repairing.
//! It keeps no write-ahead log: a connection whose file was removed or replaced then fails at its next write instead of
//! writing to what nobody sees.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mosaic_core::error::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::Mutex;

use super::{disk, fault, store};

/// `MoDx` in the header of the file.
const MARK: i64 = 0x4d6f_4478;
/// To be raised with every change of the tables, or of what is taken for words.
const VERSION: i64 = 1;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS: u32 = 4;

/// The index of all spaces.
#[derive(Debug)]
pub(super) struct Index {
    path: PathBuf,
    pool: Mutex<Option<SqlitePool>>,
    closed: AtomicBool,
    /// Held by who brings the index up to date, so that the others of this process find it done.
    pub(super) turn: Mutex<()>,
}

impl Index {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, pool: Mutex::default(), closed: AtomicBool::default(), turn: Mutex::default() }
    }

    /// The connections to a sound index.
    pub(super) async fn pool(&self) -> Result<SqlitePool> {
        let mut open = self.pool.lock().await;
        if self.closed.load(Ordering::Acquire) {
            return Err(fault::not_open());
        }
        if let Some(pool) = &*open {
            return Ok(pool.clone());
        }
        let pool = match connect(&self.path).await {
            Ok(pool) => pool,
            // Another program at work on it is no fault of the file.
            Err(error) if is_busy(&error) => return Err(fault::index(error)),
            Err(error) => {
                tracing::info!(%error, "the search index is made anew");
                remove(&self.path).await?;
                connect(&self.path).await.map_err(fault::index)?
            }
        };
        *open = Some(pool.clone());
        Ok(pool)
    }

    /// Opens the file again at the next use, or makes it anew.
    pub(super) async fn reset(&self, anew: bool) -> Result<()> {
        let mut open = self.pool.lock().await;
        if let Some(pool) = open.take() {
            pool.close().await;
        }
        if anew { remove(&self.path).await } else { Ok(()) }
    }

    /// Closes it for good.
    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(pool) = self.pool.lock().await.take() {
            pool.close().await;
        }
    }
}

/// Whether an error says that another program holds the lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    // https://www.sqlite.org/rescode.html, without the part that extends them.
    code.is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

async fn connect(path: &Path) -> sqlx::Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .synchronous(SqliteSynchronous::Off)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    let checked = async { check(&mut *pool.acquire().await?).await };
    match checked.await {
        Ok(()) => Ok(pool),
        Err(error) => {
            pool.close().await;
            Err(error)
        }
    }
}

/// Makes the tables in a new file; refuses one that is not sound or not of this version.
async fn check(conn: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await?;
    let mark: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *tx).await?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *tx).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *tx).await?;
    if (mark, version, tables) == (0, 0, 0) {
        sqlx::raw_sql(include_str!("index.sql")).execute(&mut *tx).await?;
        let header = format!("PRAGMA application_id = {MARK}; PRAGMA user_version = {VERSION}");
        sqlx::raw_sql(AssertSqlSafe(header)).execute(&mut *tx).await?;
        return tx.commit().await;
    }
    tx.rollback().await?;
    if (mark, version) != (MARK, VERSION) {
        return Err(sqlx::Error::Protocol("the search index has another version".into()));
    }
    let sound: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(conn).await?;
    if sound == "ok" { Ok(()) } else { Err(sqlx::Error::Protocol("the search index is damaged".into())) }
}

/// Removes the file; its journal first, which would otherwise be taken for that of the new one.
async fn remove(path: &Path) -> Result<()> {
    let path = path.to_path_buf();
    store::blocking(move || {
        for ending in ["-journal", "-wal", "-shm", ""] {
            let mut name = path.clone().into_os_string();
            name.push(ending);
            match std::fs::remove_file(name) {
                Err(error) if !disk::is_missing(&error) => return Err(fault::writing(error)),
                _ => {}
            }
        }
        Ok(())
    })
    .await
}
