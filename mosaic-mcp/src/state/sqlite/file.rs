//! The file: how it is made, and how its connections are opened.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mosaic_core::error::{Error, ErrorKind, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::time::Instant;

use super::{Durability, SqliteOptions, fault, schema};

/// How long between two tries where SQLite does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// How long a read waits for a connection.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// What the writer keeps of the file in memory, in KiB below zero: a group touches a few pages for each of its rows, wherever their
/// keys are, and writes twice what does not fit.
const WRITER_CACHE: &str = "-65536";
/// How many pages the write-ahead log has before they are folded into the file: 32 MiB.
const LOG_PAGES: &str = "8192";
/// Rows that a connection prepares before somebody takes them.
const ROWS_AHEAD: usize = 512;

pub(super) struct File {
    pub(super) writer: SqliteConnection,
    pub(super) readers: SqlitePool,
}

impl File {
    pub(super) async fn open(options: &SqliteOptions, path: &Path) -> Result<Self> {
        let path = absolute(path)?;
        make(path.clone()).await?;
        let synchronous = match options.durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Normal => SqliteSynchronous::Normal,
        };
        let connect = SqliteConnectOptions::new()
            .filename(&path)
            .synchronous(synchronous)
            .busy_timeout(options.busy_timeout)
            .row_buffer_size(ROWS_AHEAD)
            .disable_statement_logging();
        let writing =
            connect.clone().pragma("cache_size", WRITER_CACHE).pragma("wal_autocheckpoint", LOG_PAGES);
        let mut writer = writing.connect().await.map_err(fault::opening)?;
        // Looked at before the mode is changed, as that writes to a file which may be another program's.
        schema::check(&mut writer).await?;
        write_ahead(&mut writer, options.busy_timeout).await?;
        schema::migrate(&mut writer).await?;
        // Connections to a local file do not go stale: they are neither tested nor replaced, and need no task that does.
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers)
            .acquire_timeout(TURN_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(connect.pragma("query_only", "ON"));
        Ok(Self { writer, readers })
    }
}

/// The path from the root: SQLite would take `:memory:`, or a path that begins with `file:`, for something else.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| {
        Error::new(ErrorKind::Config, "the path of the state store must name a file").source(error)
    })
}

/// Makes the file and its folder for this user alone, where there are none. SQLite gives the files beside it the same rights.
async fn make(path: PathBuf) -> Result<()> {
    let made = tokio::task::spawn_blocking(move || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            let mut make = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
            make.recursive(true).create(folder)?;
        }
        let mut make = std::fs::OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut make, 0o600);
        match make.write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map(drop),
        }
    });
    let made = made.await.map_err(|error| {
        Error::new(ErrorKind::Internal, "making the file of the state store was given up").source(error)
    })?;
    made.map_err(|error| {
        let message = format!("the file of the state store cannot be made: {}", error.kind());
        Error::new(ErrorKind::Config, message).source(error)
    })
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
                let message = "the file system of the state store does not support a write-ahead log";
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
#[path = "file_tests.rs"]
mod tests;
