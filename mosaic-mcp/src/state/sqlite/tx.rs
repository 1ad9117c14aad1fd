//! The write transaction: `BEGIN IMMEDIATE` to take the lock, reads, and one statement that writes everything and commits.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use sqlx::SqliteConnection;
use tokio::sync::OwnedMutexGuard;

use super::pack::{Part, pack};
use super::read::{head_of, stored};
use super::{Writer, fault, read};
use crate::state::store::{StoreTx, Trim, Writes};
use crate::state::{Entry, Head, Key, KeyRange, Topic};

/// One that reads first and asks for the lock later is refused where another was faster: the lock is taken at the beginning.
const BEGIN: &str = r#"BEGIN IMMEDIATE; SELECT revision, "offset" FROM head"#;
const ROLLBACK: &str = "ROLLBACK";

/// Parameters in the order of [`bound`]. They have no numbers: those of several statements would not be told apart.
macro_rules! part {
    () => {
        "INSERT INTO entry (key, value, version, expires, tracked)
         SELECT value ->> 0, substr(?, value ->> 1, value ->> 2), value ->> 3, value ->> 4, value ->> 5
         FROM json_each(?) WHERE true
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version,
             expires = excluded.expires, tracked = excluded.tracked;
         DELETE FROM entry WHERE tracked IS NULL AND key IN (SELECT value ->> 0 FROM json_each(?));
         UPDATE entry SET value = NULL, expires = NULL, version = gone.value ->> 1, tracked = gone.value ->> 1
         FROM json_each(?) AS gone WHERE entry.key = gone.value ->> 0 AND entry.value IS NOT NULL;
         INSERT INTO event (\"offset\", topic, kind, data, at)
         SELECT value ->> 0, value ->> 1, value ->> 2, substr(?, value ->> 3, value ->> 4), value ->> 5
         FROM json_each(?);"
    };
}
const PART: &str = part!();
const LAST: &str = concat!(part!(), r#"UPDATE head SET revision = ?, "offset" = ?; COMMIT"#);

/// Where the last of the events that go is, is kept.
const TRIM_TOPIC: &str = r#"
    INSERT INTO topic (topic, trimmed, last_offset)
    VALUES (?1, ?2, coalesce((SELECT max("offset") FROM event WHERE topic = ?1 AND "offset" <= ?2), 0))
    ON CONFLICT (topic) DO UPDATE SET
        trimmed = max(trimmed, excluded.trimmed), last_offset = max(last_offset, excluded.last_offset);
    DELETE FROM event WHERE topic = ?1 AND "offset" <= ?2"#;
const TRIM_ALL: &str = r#"
    INSERT INTO topic (topic, last_offset)
    SELECT topic, max("offset") FROM event WHERE "offset" <= ?1 AND topic NOT GLOB 'audit.*' GROUP BY topic
    ON CONFLICT (topic) DO UPDATE SET last_offset = max(last_offset, excluded.last_offset);
    DELETE FROM event WHERE "offset" <= ?1 AND topic NOT GLOB 'audit.*';
    UPDATE head SET trimmed = max(trimmed, ?1)"#;
const LAST_OFFSETS: &str = "
    INSERT INTO topic (topic, last_offset) SELECT value ->> 0, value ->> 1 FROM json_each(?1) WHERE true
    ON CONFLICT (topic) DO UPDATE SET last_offset = max(last_offset, excluded.last_offset)";
const FORGET: &str = "
    DELETE FROM entry WHERE value IS NULL AND version <= ?1;
    UPDATE head SET forgotten = max(forgotten, ?1)";

/// A write transaction. Dropped before it is committed, it leaves nothing.
pub(super) struct SqliteTx {
    /// The turn of this process; the file's own lock is what keeps others out.
    turn: OwnedMutexGuard<Writer>,
    open: bool,
    head: Head,
    now: Timestamp,
}

impl SqliteTx {
    pub(super) async fn begin(turn: OwnedMutexGuard<Writer>, now: Timestamp) -> Result<Self> {
        // Open before it is asked for: should this be given up while it waits, it is rolled back.
        let mut tx = Self { turn, open: true, head: Head::default(), now };
        if !tx.turn.clean {
            // Mostly there is nothing left to roll back, which is an error here.
            let _ = sqlx::query(ROLLBACK).execute(tx.conn()?).await;
            tx.turn.clean = true;
        }
        let row = sqlx::query(BEGIN).fetch_one(tx.conn()?).await.map_err(fault::before_commit)?;
        tx.head = head_of(&row)?;
        Ok(tx)
    }

    /// Its time is so much later than it was when the turn was asked for.
    pub(super) fn waited(&mut self, time: Duration) {
        let later = self.now.saturating_add(time).unwrap_or(self.now);
        // Stores keep microseconds.
        self.now = Timestamp::from_microsecond(later.as_microsecond()).unwrap_or(self.now);
    }

    fn conn(&mut self) -> Result<&mut SqliteConnection> {
        self.turn.conn.as_mut().ok_or_else(fault::closed)
    }

    async fn execute(&mut self, query: Query<'_>) -> Result<()> {
        query.execute(self.conn()?).await.map_err(fault::before_commit)?;
        Ok(())
    }

    /// Writes everything but the head and the last part.
    async fn write_most(&mut self, writes: Writes) -> Result<Part> {
        let (parts, last) = pack(&writes)?;
        for part in &parts {
            self.execute(bound(PART, part)).await?;
        }
        if !writes.last_offsets.is_empty() {
            let rows: Vec<_> =
                writes.last_offsets.iter().map(|(topic, offset)| (topic.as_str(), offset)).collect();
            let rows = serde_json::json!(rows).to_string();
            self.execute(sqlx::query(LAST_OFFSETS).bind(rows)).await?;
        }
        if writes.trims.is_empty() && writes.forget.is_none() {
            return Ok(last);
        }
        // Trims follow the events of the same group.
        self.execute(bound(PART, &last)).await?;
        for Trim { topic, through } in &writes.trims {
            let query = match topic {
                Some(topic) => sqlx::query(TRIM_TOPIC).bind(topic.as_str()).bind(stored(*through)),
                None => sqlx::query(TRIM_ALL).bind(stored(*through)),
            };
            self.execute(query).await?;
        }
        if let Some(through) = writes.forget {
            self.execute(sqlx::query(FORGET).bind(stored(through))).await?;
        }
        Ok(pack(&Writes::default())?.1)
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bound<'q>(sql: &'static str, part: &'q Part) -> Query<'q> {
    let Part { values, puts, deletes, data, events } = part;
    sqlx::query(sql).bind(values).bind(puts).bind(deletes).bind(deletes).bind(data).bind(events)
}

#[async_trait]
impl StoreTx for SqliteTx {
    fn head(&self) -> Head {
        self.head
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        read::get_many(self.conn()?, keys).await
    }

    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        read::range(self.conn()?, range, limit).await
    }

    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        read::last_offsets(self.conn()?, topics).await
    }

    async fn write(&mut self, part: Writes) -> Result<()> {
        let last = self.write_most(part).await?;
        self.execute(bound(PART, &last)).await
    }

    async fn commit(mut self: Box<Self>, writes: Writes) -> Result<()> {
        let head = writes.head;
        let last = self.write_most(writes).await?;
        let query = bound(LAST, &last).bind(stored(head.revision)).bind(stored(head.offset));
        query.execute(self.conn()?).await.map_err(fault::committing)?;
        self.open = false;
        Ok(())
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        self.turn.clean = false;
        if let Some(conn) = &mut self.turn.conn {
            // Sends it to the connection's thread, which does it whether somebody waits for it or not. Should it not take it
            // now, the next transaction rolls back before it begins.
            let _ = sqlx::query(ROLLBACK).execute(conn).now_or_never();
        }
    }
}
