//! A view of the file at one moment: a read transaction on a connection of its own.

use async_trait::async_trait;
use mosaic_core::error::Result;
use sqlx::SqliteConnection;

use super::read::{count, entry, event, number, stored, topic};
use super::{fault, read};
use crate::state::store::{StoreView, Trimmed};
use crate::state::{Entry, Event, Head, Key, Topic};

/// While it is open the write-ahead log grows: it cannot begin anew.
pub(super) struct SqliteView {
    conn: SqliteConnection,
    head: Head,
    trimmed: Trimmed,
}

impl SqliteView {
    pub(super) async fn begin(mut conn: SqliteConnection) -> Result<Self> {
        sqlx::query("BEGIN").execute(&mut conn).await.map_err(fault::before_commit)?;
        // The first read fixes the moment.
        let head = read::head(&mut conn).await?;
        let trimmed = read::trimmed(&mut conn).await?;
        Ok(Self { conn, head, trimmed })
    }
}

#[async_trait]
impl StoreView for SqliteView {
    fn head(&self) -> Head {
        self.head
    }

    fn trimmed(&self) -> &Trimmed {
        &self.trimmed
    }

    async fn entries(&mut self, after: Option<&Key>, limit: usize) -> Result<Vec<Entry>> {
        let query = sqlx::query(
            "SELECT key, value, version, expires, tracked FROM entry
             WHERE key > ?1 AND value IS NOT NULL ORDER BY key LIMIT ?2",
        );
        let query = query.bind(after.map_or("", Key::as_str)).bind(number(limit));
        let rows = query.fetch_all(&mut self.conn).await.map_err(fault::before_commit)?;
        rows.iter().map(entry).collect()
    }

    async fn events(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        let query = sqlx::query(
            r#"SELECT "offset", topic, kind, data, at FROM event
               WHERE "offset" > ?1 ORDER BY "offset" LIMIT ?2"#,
        );
        let query = query.bind(stored(after)).bind(number(limit));
        let rows = query.fetch_all(&mut self.conn).await.map_err(fault::before_commit)?;
        rows.iter().map(event).collect()
    }

    async fn last_offsets(&mut self, after: Option<&Topic>, limit: usize) -> Result<Vec<(Topic, u64)>> {
        let query = sqlx::query(
            "SELECT topic, last_offset FROM topic WHERE topic > ?1 AND last_offset > 0 ORDER BY topic LIMIT ?2",
        );
        let query = query.bind(after.map_or("", Topic::as_str)).bind(number(limit));
        let rows = query.fetch_all(&mut self.conn).await.map_err(fault::before_commit)?;
        rows.iter().map(|row| Ok((topic(row, 0)?, count(row, 1)?))).collect()
    }
}
