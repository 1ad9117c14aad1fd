//! What is asked and answered: questions with their parameters, and rows as what they mean.

use bytes::Bytes;
use mosaic_core::error::Result;
use mosaic_core::types::Timestamp;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{ColumnIndex, Decode, Postgres, Row as _, Type};

use super::fault::strange;
use super::sql;
use super::tid::Tid;
use crate::state::{Change, Entry, Event, Head, Key, KeyRange, Topic, TopicFilter, Trimmed};

pub(super) type Question<'q> = Query<'q, Postgres, PgArguments>;

/// A number as the server has it.
pub(super) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The end of a range as the server takes it: it has no NUL in texts. No key has control characters, so that the least of them
/// stands at the same place.
fn bound(text: &str) -> String {
    text.replace('\0', "\u{1}")
}

pub(super) fn get_many(keys: &[Key]) -> Question<'_> {
    sqlx::query(sql::GET_MANY).bind(texts(keys))
}

pub(super) fn range<'q>(range: &KeyRange, most: usize) -> Question<'q> {
    sqlx::query(sql::RANGE).bind(bound(&range.from)).bind(bound(&range.to)).bind(limit(most))
}

pub(super) fn changes<'q>(range: &KeyRange, after: u64, most: usize) -> Question<'q> {
    let question = sqlx::query(sql::CHANGES).bind(bound(&range.from)).bind(bound(&range.to));
    question.bind(number(after)).bind(limit(most))
}

pub(super) fn events<'q>(filter: &TopicFilter, after: u64, most: usize) -> Question<'q> {
    let ask = |sql| sqlx::query(sql).bind(number(after)).bind(limit(most));
    if filter.as_str() == ">" {
        return ask(sql::EVENTS);
    }
    match filter.exact() {
        Some(topic) => ask(sql::EVENTS_OF_TOPIC).bind(topic.to_owned()),
        None => ask(sql::EVENTS_LIKE).bind(pattern(filter)),
    }
}

/// A filter as a regular expression.
fn pattern(filter: &TopicFilter) -> String {
    let segments = filter.as_str().split('.').map(|segment| match segment {
        "*" => "[^.]+".to_owned(),
        ">" => ".+".to_owned(),
        // The one character of segments that means something else there.
        plain => plain.replace('+', "\\+"),
    });
    format!("^{}$", segments.collect::<Vec<_>>().join("\\."))
}

pub(super) fn lost<'q>(filter: &TopicFilter, after: u64) -> Question<'q> {
    sqlx::query(sql::LOST).bind(number(after)).bind(pattern(filter)).bind(filter.is_apart())
}

pub(super) fn last_offsets(topics: &[Topic]) -> Question<'_> {
    sqlx::query(sql::LAST_OFFSETS).bind(topics.iter().map(Topic::as_str).collect::<Vec<_>>())
}

pub(super) fn entries_after<'q>(key: Option<&Key>, most: usize) -> Question<'q> {
    sqlx::query(sql::ENTRIES).bind(key.map(Key::as_str).unwrap_or_default().to_owned()).bind(limit(most))
}

pub(super) fn events_after<'q>(offset: u64, most: usize) -> Question<'q> {
    sqlx::query(sql::EVENTS).bind(number(offset)).bind(limit(most))
}

pub(super) fn places_after<'q>(topic: Option<&Topic>, most: usize) -> Question<'q> {
    sqlx::query(sql::PLACES).bind(topic.map(Topic::as_str).unwrap_or_default().to_owned()).bind(limit(most))
}

pub(super) fn expiring<'q>(most: usize) -> Question<'q> {
    sqlx::query(sql::EXPIRING).bind(limit(most))
}

pub(super) fn texts(keys: &[Key]) -> Vec<&str> {
    keys.iter().map(Key::as_str).collect()
}

pub(super) fn head(row: &PgRow) -> Result<Head> {
    Ok(Head { revision: count(row, "revision")?, offset: count(row, "log_offset")? })
}

// Columns of what is read in numbers are found by their places: looking for names costs as much as all the rest.

/// Key, value, version, expires, tracked.
pub(super) fn entry(row: &PgRow) -> Result<Entry> {
    let expires = column::<Option<i64>>(row, 3)?.map(time).transpose()?;
    let entry = Entry::new(key(row, 0)?, bytes(row, 1)?, count(row, 2)?, expires);
    Ok(entry.tracked(column(row, 4)?))
}

/// Where the row of an entry lies: behind the rest.
pub(super) fn place_of_entry(row: &PgRow) -> Result<Tid> {
    column(row, 5)
}

/// Key, value, version.
pub(super) fn change(row: &PgRow) -> Result<Change> {
    let value = column::<Option<&[u8]>>(row, 1)?.map(Bytes::copy_from_slice);
    Ok(Change::new(key(row, 0)?, value, count(row, 2)?))
}

/// Offset, topic, kind, data, at.
pub(super) fn event(row: &PgRow) -> Result<Event> {
    let at = time(column(row, 4)?)?;
    let kind: &str = column(row, 2)?;
    Ok(Event::new(count(row, 0)?, topic(row, 1)?, kind, bytes(row, 3)?, at))
}

/// A topic and where it ended; none where it never had an event.
pub(super) fn place(row: &PgRow) -> Result<Option<(Topic, u64)>> {
    match column::<Option<i64>>(row, "log_offset")? {
        Some(offset) => Ok(Some((topic(row, "topic")?, unsigned(offset)?))),
        None => Ok(None),
    }
}

pub(super) fn expiry(row: &PgRow) -> Result<(Key, Timestamp)> {
    Ok((key(row, "key")?, time(column(row, "expires")?)?))
}

pub(super) fn trimmed(rows: &[PgRow]) -> Result<Trimmed> {
    let mut trimmed = Trimmed::default();
    for row in rows {
        trimmed.all = count(row, "trimmed")?;
        trimmed.deletions = count(row, "deletions")?;
        if column::<Option<&str>>(row, "topic")?.is_some() {
            trimmed.topics.insert(topic(row, "topic")?, count(row, "through")?);
        }
    }
    Ok(trimmed)
}

pub(super) fn through(row: &PgRow) -> Result<u64> {
    count(row, "through")
}

pub(super) fn time(microseconds: i64) -> Result<Timestamp> {
    Timestamp::from_microsecond(microseconds).map_err(strange)
}

fn key(row: &PgRow, at: impl ColumnIndex<PgRow>) -> Result<Key> {
    Key::new(column::<&str>(row, at)?)
}

fn topic(row: &PgRow, at: impl ColumnIndex<PgRow>) -> Result<Topic> {
    Topic::new(column::<&str>(row, at)?)
}

fn bytes(row: &PgRow, at: impl ColumnIndex<PgRow>) -> Result<Bytes> {
    column::<&[u8]>(row, at).map(Bytes::copy_from_slice)
}

fn count(row: &PgRow, at: impl ColumnIndex<PgRow>) -> Result<u64> {
    unsigned(column(row, at)?)
}

fn unsigned(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(strange)
}

pub(super) fn column<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    at: impl ColumnIndex<PgRow>,
) -> Result<T> {
    row.try_get(at).map_err(strange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_patterns() {
        let pattern = |filter| pattern(&TopicFilter::new(filter).unwrap());
        assert_eq!(pattern("task.*.a+b"), r"^task\.[^.]+\.a\+b$");
        assert_eq!(pattern("@acme.>"), r"^@acme\..+$");
    }

    #[test]
    fn bounds_have_no_nul_and_keep_their_places() {
        let after = KeyRange::all().after(&Key::new("a").unwrap());
        assert_eq!(bound(&after.from), "a\u{1}");
        assert!(bound(&after.from).as_str() < "a " && bound(&after.from).as_str() > "a");
    }
}
