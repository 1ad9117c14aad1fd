//! The schema of the file, and the mark in its header that tells it from any other SQLite database.

use mosaic_core::error::{Error, ErrorKind, Result};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::fault;
use crate::state::migration::{Applied, Migration, pending};

/// `MoSt` in the header of the file.
const MARK: i64 = 0x4d6f_5374;

const MIGRATIONS: &[Migration] = &[
    Migration { name: "state", sql: include_str!("0001_state.sql") },
    Migration { name: "tracked", sql: include_str!("0002_tracked.sql") },
];

/// Refuses a file that is no state store, or one that this program does not know, without changing it; gives what was made of it.
pub(super) async fn check(conn: &mut SqliteConnection) -> Result<Vec<Applied>> {
    // In one transaction, as another process may be making the file.
    let mut look = conn.begin().await.map_err(fault::opening)?;
    let applied = applied(&mut look).await?;
    look.rollback().await.map_err(fault::opening)?;
    Ok(applied)
}

async fn applied(conn: &mut SqliteConnection) -> Result<Vec<Applied>> {
    let mark = scalar(&mut *conn, "PRAGMA application_id").await?;
    let tables = scalar(&mut *conn, "SELECT count(*) FROM sqlite_schema").await?;
    if (mark, tables) == (0, 0) {
        return Ok(Vec::new());
    }
    if mark != MARK {
        let message = "the file of the state store belongs to another program: choose another path";
        return Err(Error::new(ErrorKind::Config, message));
    }
    let rows: Vec<(u32, String)> = sqlx::query_as("SELECT number, checksum FROM migration ORDER BY number")
        .fetch_all(conn)
        .await
        .map_err(fault::opening)?;
    let applied: Vec<_> = rows.into_iter().map(|(number, checksum)| Applied { number, checksum }).collect();
    pending(MIGRATIONS, &applied).map(drop)?;
    Ok(applied)
}

/// Brings the file to the newest schema, in one transaction. Dropping the future leaves it as it was.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<()> {
    let known = check(conn).await?;
    if pending(MIGRATIONS, &known)?.next().is_none() {
        return Ok(());
    }
    let mut tx = conn.begin_with("BEGIN IMMEDIATE").await.map_err(fault::opening)?;
    // Asked again under the lock: another process may have been faster.
    let known = applied(&mut tx).await?;
    for (number, migration) in pending(MIGRATIONS, &known)? {
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await.map_err(fault::opening)?;
        sqlx::query("INSERT INTO migration (number, name, checksum) VALUES (?1, ?2, ?3)")
            .bind(number)
            .bind(migration.name)
            .bind(migration.checksum())
            .execute(&mut *tx)
            .await
            .map_err(fault::opening)?;
    }
    let mark = format!("PRAGMA application_id = {MARK}");
    sqlx::raw_sql(AssertSqlSafe(mark)).execute(&mut *tx).await.map_err(fault::opening)?;
    tx.commit().await.map_err(fault::opening)
}

async fn scalar(conn: &mut SqliteConnection, query: &'static str) -> Result<i64> {
    sqlx::query_scalar(query).fetch_one(conn).await.map_err(fault::opening)
}
