//! The versions of the tracker's file, and the step from each to the next.
//!
//! The version stands in the header of the file (`user_version`), beside a mark of our own (`application_id`) that tells a
//! tracker from any other SQLite database. All steps run in one transaction that holds the write lock, so two processes that
//! open a new file at once do not get in each other's way, and a process that dies in the middle leaves the old version.

use mosaic_core::error::{Error, ErrorKind, Result};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::fault;

/// `MoPr` in the header of the file.
const MARK: i64 = 0x4d6f_5072;

/// The steps: the one at position `n` leads from version `n` to `n + 1`. Never changed once released, only added to.
const STEPS: &[&str] = &[include_str!("0001_tracker.sql"), include_str!("0002_sprints.sql")];

/// Refuses a file that is not a tracker, or a tracker of a newer version, without changing it.
pub(super) async fn check(conn: &mut SqliteConnection) -> Result<usize> {
    // In one transaction, as another process may be making the file.
    let mut look = conn.begin().await.map_err(fault::opening)?;
    let mark = scalar(&mut look, "PRAGMA application_id").await?;
    let version = scalar(&mut look, "PRAGMA user_version").await?;
    let tables = scalar(&mut look, "SELECT count(*) FROM sqlite_schema").await?;
    look.rollback().await.map_err(fault::opening)?;
    if mark != MARK && (mark, version, tables) != (0, 0, 0) {
        return Err(Error::new(ErrorKind::Config, "path: the file belongs to another program"));
    }
    match usize::try_from(version) {
        Ok(version) if version <= STEPS.len() => Ok(version),
        _ => {
            let message = format!(
                "path: the tracker has version {version}, this program knows up to {}: use a newer program",
                STEPS.len()
            );
            Err(Error::new(ErrorKind::Config, message))
        }
    }
}

/// Brings the file to the newest version. Dropping the future leaves it as it was.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<()> {
    if check(conn).await? == STEPS.len() {
        return Ok(());
    }
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(fault::opening)?;
    // Asked again under the lock: another process may have been faster.
    let version = check(&mut tx).await?;
    for step in STEPS.iter().skip(version) {
        sqlx::raw_sql(*step).execute(&mut *tx).await.map_err(fault::opening)?;
    }
    let header = format!("PRAGMA application_id = {MARK}; PRAGMA user_version = {}", STEPS.len());
    sqlx::raw_sql(AssertSqlSafe(header)).execute(&mut *tx).await.map_err(fault::opening)?;
    tx.commit().await.map_err(fault::opening)
}

async fn scalar(conn: &mut SqliteConnection, query: &'static str) -> Result<i64> {
    sqlx::query_scalar(query).fetch_one(conn).await.map_err(fault::opening)
}
