//! The write transaction: it has the write turn of the schema until it ends.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::error::{Delivery, Result};
use mosaic_core::types::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use super::fault::{Fault, strange};
use super::node::Node;
use super::rows::{self, Question, number};
use super::sql;
use super::tid::Tid;
use crate::state::{Entry, Event, Head, Key, KeyRange, StoreTx, Topic, Writes};

/// Where the connection for writes lies while nobody writes; none where there is none yet, or it was lost.
pub(super) type Turn = OwnedMutexGuard<Option<PgConnection>>;

pub(super) struct PostgresTx {
    node: Arc<Node>,
    head: Head,
    now: Timestamp,
    /// Where what was read lies, and whether it is tracked: nobody else writes meanwhile.
    there: HashMap<Key, (Tid, bool)>,
    /// None once it is used up or lost.
    connection: Option<PgConnection>,
    turn: Option<Turn>,
}

impl PostgresTx {
    /// A transaction that has begun on a connection.
    pub(super) fn new(
        node: Arc<Node>,
        begun: &[PgRow],
        connection: PgConnection,
        turn: Turn,
    ) -> Result<Self> {
        let row = begun.last().ok_or_else(|| strange("there is no head"))?;
        let (head, now) = (rows::head(row)?, rows::time(rows::column(row, "now")?)?);
        node.writes_as(rows::column(row, "process")?);
        Ok(Self { node, head, now, there: HashMap::new(), connection: Some(connection), turn: Some(turn) })
    }

    async fn ask(&mut self, what: &str, question: Question<'_>) -> Result<Vec<PgRow>> {
        let Some(connection) = &mut self.connection else { return Err(lost().error(what)) };
        match self.node.within(question.fetch_all(connection)).await {
            Ok(found) => Ok(found),
            Err(fault) => {
                if fault.is_lost() {
                    self.connection = None;
                }
                Err(fault.error(what))
            }
        }
    }

    /// What was read; where it lies is kept.
    fn note(&mut self, found: &[PgRow]) -> Result<Vec<Entry>> {
        self.there.reserve(found.len());
        let mut entries = Vec::with_capacity(found.len());
        for row in found {
            let entry = rows::entry(row)?;
            self.there.insert(entry.key.clone(), (rows::place_of_entry(row)?, entry.tracked));
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Writes a part.
    async fn put(&mut self, writes: &Writes, tell: bool) -> Result<()> {
        const WHAT: &str = "the transaction was not written";
        let node = self.node.clone();
        let there = std::mem::take(&mut self.there);
        let parts = Parts::of(writes, &there);
        let changed = self.ask(WHAT, write(writes, &parts, tell, node.name())).await?;
        let changed: i64 = match changed.last() {
            Some(row) => rows::column(row, "changed")?,
            None => return Err(strange("there is no head")),
        };
        if usize::try_from(changed).ok() != Some(parts.changes.len() + parts.erases.len()) {
            return Err(strange("a value that was read is there no more").refused());
        }
        if !writes.last_offsets.is_empty() {
            let (topics, offsets): (Vec<_>, Vec<_>) =
                writes.last_offsets.iter().map(|(topic, offset)| (topic.as_str(), number(*offset))).unzip();
            self.ask(WHAT, sqlx::query(sql::PLACE).bind(topics).bind(offsets)).await?;
        }
        for trim in &writes.trims {
            let question = match &trim.topic {
                Some(topic) => sqlx::query(sql::TRIM_TOPIC).bind(topic.as_str()),
                None => sqlx::query(sql::TRIM_ALL),
            };
            self.ask(WHAT, question.bind(number(trim.through))).await?;
        }
        if let Some(forget) = writes.forget {
            self.ask(WHAT, sqlx::query(sql::FORGET).bind(number(forget))).await?;
        }
        Ok(())
    }
}

/// What is written, by how it is found.
#[derive(Default)]
struct Parts<'w> {
    /// Values that may be there or not.
    puts: Vec<&'w Entry>,
    /// Values that were read.
    changes: Vec<&'w Entry>,
    /// Where those lie.
    changed: Vec<Tid>,
    /// Deletions of what may be there or not, or is tracked, and their revisions.
    deletes: Vec<(&'w str, i64)>,
    /// Deletions of what was read and is not tracked.
    erases: Vec<&'w str>,
    /// Where that lies.
    erased: Vec<Tid>,
}

impl<'w> Parts<'w> {
    fn of(writes: &'w Writes, there: &HashMap<Key, (Tid, bool)>) -> Self {
        let mut parts = Self::default();
        for entry in &writes.puts {
            match there.get(&entry.key) {
                Some((place, _)) => {
                    parts.changes.push(entry);
                    parts.changed.push(*place);
                }
                None => parts.puts.push(entry),
            }
        }
        for (key, revision) in &writes.deletes {
            match there.get(key) {
                Some((place, false)) => {
                    parts.erases.push(key.as_str());
                    parts.erased.push(*place);
                }
                _ => parts.deletes.push((key.as_str(), number(*revision))),
            }
        }
        parts
    }
}

/// The statement that writes most of it.
fn write<'q>(writes: &'q Writes, parts: &'q Parts<'_>, tell: bool, node: &'q str) -> Question<'q> {
    let events = &writes.events;
    let (dead, revisions): (Vec<&str>, Vec<i64>) = parts.deletes.iter().copied().unzip();
    values(values(sqlx::query(sql::WRITE), &parts.puts), &parts.changes)
        .bind(&parts.changed)
        .bind(&parts.erases)
        .bind(&parts.erased)
        .bind(dead)
        .bind(revisions)
        .bind(events.iter().map(|event| number(event.offset)).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.topic.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| &*event.kind).collect::<Vec<_>>())
        .bind(events.iter().map(|event: &Event| &*event.data).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.at.as_microsecond()).collect::<Vec<_>>())
        .bind(number(writes.head.revision))
        .bind(number(writes.head.offset))
        .bind(tell)
        .bind(node)
}

/// Values as columns.
fn values<'q>(query: Question<'q>, puts: &[&'q Entry]) -> Question<'q> {
    query
        .bind(puts.iter().map(|entry| entry.key.as_str()).collect::<Vec<_>>())
        .bind(puts.iter().map(|entry| &*entry.value).collect::<Vec<_>>())
        .bind(puts.iter().map(|entry| number(entry.version)).collect::<Vec<_>>())
        .bind(puts.iter().map(|entry| entry.expires.map(|end| end.as_microsecond())).collect::<Vec<_>>())
        .bind(puts.iter().map(|entry| entry.tracked.then_some(number(entry.version))).collect::<Vec<_>>())
}

fn lost() -> Fault {
    sqlx::Error::Io(std::io::ErrorKind::NotConnected.into()).into()
}

#[async_trait]
impl StoreTx for PostgresTx {
    fn head(&self) -> Head {
        self.head
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    async fn get_many(&mut self, keys: &[Key]) -> Result<HashMap<Key, Entry>> {
        let found = self.ask("values were not read", rows::get_many(keys)).await?;
        let found = self.note(&found)?;
        Ok(found.into_iter().map(|entry| (entry.key.clone(), entry)).collect())
    }

    async fn range(&mut self, range: &KeyRange, limit: usize) -> Result<Vec<Entry>> {
        let found = self.ask("a range was not read", rows::range(range, limit)).await?;
        self.note(&found)
    }

    async fn last_offsets(&mut self, topics: &[Topic]) -> Result<HashMap<Topic, u64>> {
        let found = self.ask("offsets were not read", rows::last_offsets(topics)).await?;
        found.iter().filter_map(|row| rows::place(row).transpose()).collect()
    }

    async fn write(&mut self, part: Writes) -> Result<()> {
        self.put(&part, false).await
    }

    async fn commit(mut self: Box<Self>, writes: Writes) -> Result<()> {
        const WHAT: &str = "the transaction was not committed";
        self.put(&writes, self.node.tells()).await?;
        let Some(mut connection) = self.connection.take() else { return Err(lost().error(WHAT)) };
        match self.node.within(sqlx::raw_sql("COMMIT").execute(&mut connection)).await {
            Ok(_) => {
                self.give_back(connection);
                Ok(())
            }
            Err(fault) if fault.is_lost() => {
                drop(connection);
                let committed = self.node.committed(writes.head.revision).await;
                let error = |delivery| fault.error(WHAT).delivery(delivery);
                match committed {
                    Some(true) => Ok(()),
                    Some(false) => Err(error(Delivery::NotSent)),
                    None => Err(error(Delivery::Unknown)),
                }
            }
            Err(fault) => {
                // An answer to a commit other than success is that of a transaction that is not there any more.
                self.give_back(connection);
                Err(fault.error(WHAT))
            }
        }
    }
}

impl PostgresTx {
    /// Lays the connection down for the next one.
    fn give_back(&mut self, connection: PgConnection) {
        if let Some(mut turn) = self.turn.take() {
            *turn = Some(connection);
        }
    }
}

impl Drop for PostgresTx {
    /// Gives the transaction up; the next one of this node waits until that is done.
    fn drop(&mut self) {
        let (Some(mut connection), Some(mut turn)) = (self.connection.take(), self.turn.take()) else {
            return;
        };
        let node = self.node.clone();
        // Without a runtime the connection is closed, which ends the transaction as well.
        if Handle::try_current().is_ok() {
            self.node.tasks.spawn(async move {
                if node.within(sqlx::raw_sql("ROLLBACK").execute(&mut connection)).await.is_ok() {
                    *turn = Some(connection);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_whose_connection_is_lost_was_not_sent() {
        let error = lost().error("the transaction was not written");
        assert_eq!(error.delivered(), Delivery::NotSent);
    }
}
