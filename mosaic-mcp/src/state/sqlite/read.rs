//! Questions to the file: the same for readers, transactions and views.

use std::collections::HashMap;

use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::fault;
use crate::state::store::Trimmed;
use crate::state::{Change, Entry, Event, Head, Key, KeyRange, Topic, TopicFilter};

/// How many events are read at once where a filter may refuse some of them.
const EVENTS_AT_ONCE: usize = 256;

pub(super) async fn head(conn: &mut SqliteConnection) -> Result<Head> {
    let query = sqlx::query(r#"SELECT revision, "offset" FROM head"#);
    head_of(&query.fetch_one(conn).await.map_err(fault::before_commit)?)
}

pub(super) async fn get_many(conn: &mut SqliteConnection, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
    let query = match keys {
        [] => return Ok(HashMap::new()),
        [key] => sqlx::query(
            "SELECT key, value, version, expires, tracked FROM entry WHERE key = ?1 AND value IS NOT NULL",
        )
        .bind(key.as_str()),
        keys => {
            let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
            sqlx::query(
                "SELECT entry.key, entry.value, version, expires, tracked FROM json_each(?1) AS asked
                 CROSS JOIN entry ON entry.key = asked.value WHERE entry.value IS NOT NULL",
            )
            .bind(serde_json::json!(keys).to_string())
        }
    };
    let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
    rows.iter().map(|row| entry(row).map(|entry| (entry.key.clone(), entry))).collect()
}

pub(super) async fn range(conn: &mut SqliteConnection, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
    let query = sqlx::query(
        "SELECT key, value, version, expires, tracked FROM entry
         WHERE key >= ?1 AND key < ?2 AND value IS NOT NULL ORDER BY key LIMIT ?3",
    );
    let query = query.bind(&*range.from).bind(&*range.to).bind(number(limit));
    let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
    rows.iter().map(entry).collect()
}

/// By the order of changes, not by that of keys: who asks is seldom far behind.
pub(super) async fn changes(
    conn: &mut SqliteConnection,
    range: &KeyRange,
    after: u64,
    limit: usize,
) -> Result<Vec<Change>> {
    let Some(before_last) = limit.checked_sub(1) else { return Ok(Vec::new()) };
    let query = sqlx::query(
        "SELECT key, value, tracked FROM entry
         WHERE tracked > ?1 AND +key >= ?2 AND +key < ?3 AND tracked <= coalesce(
             (SELECT tracked FROM entry WHERE tracked > ?1 AND +key >= ?2 AND +key < ?3
              ORDER BY tracked LIMIT 1 OFFSET ?4),
             9223372036854775807)
         ORDER BY tracked, key",
    );
    let query = query.bind(stored(after)).bind(&*range.from).bind(&*range.to).bind(number(before_last));
    let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
    rows.iter()
        .map(|row| {
            let value: Option<Vec<u8>> = row.try_get(1).map_err(fault::before_commit)?;
            Ok(Change::new(key(row, 0)?, value.map(Into::into), count(row, 2)?))
        })
        .collect()
}

pub(super) async fn events(
    conn: &mut SqliteConnection,
    filter: &TopicFilter,
    after: u64,
    limit: usize,
) -> Result<Vec<Event>> {
    if let Some(topic) = filter.exact() {
        let query = sqlx::query(
            r#"SELECT "offset", topic, kind, data, at FROM event
               WHERE topic = ?1 AND "offset" > ?2 ORDER BY "offset" LIMIT ?3"#,
        );
        let query = query.bind(topic).bind(stored(after)).bind(number(limit));
        let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
        return rows.iter().map(event).collect();
    }
    // Chooses a little more than the filter does, as a star of SQLite does not stop at the end of a segment.
    let pattern = filter.as_str().replace('>', "*");
    let (mut found, mut after) = (Vec::new(), after);
    while found.len() < limit {
        let want = (limit - found.len()).max(EVENTS_AT_ONCE);
        let query = sqlx::query(
            r#"SELECT "offset", topic, kind, data, at FROM event
               WHERE "offset" > ?1 AND +topic GLOB ?2 ORDER BY "offset" LIMIT ?3"#,
        );
        let query = query.bind(stored(after)).bind(&pattern).bind(number(want));
        let rows = query.fetch_all(&mut *conn).await.map_err(fault::before_commit)?;
        let page = rows.iter().map(event).collect::<Result<Vec<_>>>()?;
        let ended = page.len() < want;
        after = page.last().map_or(after, |last| last.offset);
        found.extend(page.into_iter().filter(|event| filter.matches(&event.topic)));
        if ended {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

pub(super) async fn last_offsets(
    conn: &mut SqliteConnection,
    topics: &[Topic],
) -> Result<HashMap<Topic, u64>> {
    let asked: Vec<&str> = topics.iter().map(Topic::as_str).collect();
    let query = sqlx::query(
        r#"SELECT asked.value, coalesce(
               (SELECT max("offset") FROM event WHERE event.topic = asked.value),
               (SELECT nullif(last_offset, 0) FROM topic WHERE topic.topic = asked.value)) AS place
           FROM json_each(?1) AS asked WHERE place IS NOT NULL"#,
    );
    let query = query.bind(serde_json::json!(asked).to_string());
    let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
    rows.iter().map(|row| Ok((topic(row, 0)?, count(row, 1)?))).collect()
}

pub(super) async fn trimmed(conn: &mut SqliteConnection) -> Result<Trimmed> {
    let query = sqlx::query(
        "SELECT NULL, trimmed, forgotten FROM head
         UNION ALL SELECT topic, trimmed, 0 FROM topic WHERE trimmed > 0",
    );
    let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
    let mut trimmed = Trimmed::default();
    for row in &rows {
        let of: Option<&str> = row.try_get(0).map_err(fault::before_commit)?;
        match of {
            Some(_) => {
                trimmed.topics.insert(topic(row, 0)?, count(row, 1)?);
            }
            None => (trimmed.all, trimmed.deletions) = (count(row, 1)?, count(row, 2)?),
        }
    }
    Ok(trimmed)
}

pub(super) async fn lost(conn: &mut SqliteConnection, filter: &TopicFilter, after: u64) -> Result<u64> {
    // As for events, a pattern chooses a little more than the filter does.
    let query = sqlx::query(
        "SELECT NULL, trimmed FROM head WHERE trimmed > ?1
         UNION ALL SELECT topic, trimmed FROM topic WHERE trimmed > ?1 AND +topic GLOB ?2",
    );
    let query = query.bind(stored(after)).bind(filter.as_str().replace('>', "*"));
    let rows = query.fetch_all(conn).await.map_err(fault::before_commit)?;
    let mut last = 0;
    for row in &rows {
        let of: Option<&str> = row.try_get(0).map_err(fault::before_commit)?;
        let chosen = match of {
            None => !filter.is_apart(),
            Some(_) => filter.matches(&topic(row, 0)?),
        };
        if chosen {
            last = last.max(count(row, 1)?);
        }
    }
    Ok(last)
}

pub(super) async fn expiring(conn: &mut SqliteConnection, limit: usize) -> Result<Vec<(Key, Timestamp)>> {
    let query = sqlx::query(
        "SELECT key, expires FROM entry WHERE expires IS NOT NULL ORDER BY expires, key LIMIT ?1",
    );
    let rows = query.bind(number(limit)).fetch_all(conn).await.map_err(fault::before_commit)?;
    rows.iter().map(|row| Ok((key(row, 0)?, time(row, 1)?))).collect()
}

pub(super) fn head_of(row: &SqliteRow) -> Result<Head> {
    Ok(Head { revision: count(row, 0)?, offset: count(row, 1)? })
}

pub(super) fn entry(row: &SqliteRow) -> Result<Entry> {
    let value: Vec<u8> = row.try_get(1).map_err(fault::before_commit)?;
    let expires: Option<i64> = row.try_get(3).map_err(fault::before_commit)?;
    let expires = expires.map(timestamp).transpose()?;
    let tracked: Option<i64> = row.try_get(4).map_err(fault::before_commit)?;
    Ok(Entry::new(key(row, 0)?, value.into(), count(row, 2)?, expires).tracked(tracked.is_some()))
}

pub(super) fn event(row: &SqliteRow) -> Result<Event> {
    let kind: &str = row.try_get(2).map_err(fault::before_commit)?;
    let data: Vec<u8> = row.try_get(3).map_err(fault::before_commit)?;
    Ok(Event::new(count(row, 0)?, topic(row, 1)?, kind, data.into(), time(row, 4)?))
}

fn key(row: &SqliteRow, at: usize) -> Result<Key> {
    let text: &str = row.try_get(at).map_err(fault::before_commit)?;
    Key::new(text).map_err(|error| fault::unreadable("a key").source(error))
}

pub(super) fn topic(row: &SqliteRow, at: usize) -> Result<Topic> {
    let text: &str = row.try_get(at).map_err(fault::before_commit)?;
    Topic::new(text).map_err(|error| fault::unreadable("a topic").source(error))
}

pub(super) fn count(row: &SqliteRow, at: usize) -> Result<u64> {
    let number: i64 = row.try_get(at).map_err(fault::before_commit)?;
    u64::try_from(number).map_err(|_| fault::unreadable("a number"))
}

fn time(row: &SqliteRow, at: usize) -> Result<Timestamp> {
    timestamp(row.try_get(at).map_err(fault::before_commit)?)
}

fn timestamp(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds).map_err(|_| fault::unreadable("a time"))
}

/// A number that was counted from 1: SQLite's are signed.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
