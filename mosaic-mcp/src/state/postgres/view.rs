//! A view for backups: one snapshot of the server, on a connection of its own.

use async_trait::async_trait;
use mosaic_core::error::Result;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::fault::strange;
use super::node::Node;
use super::rows::{self, Question};
use super::sql;
use crate::state::{Entry, Event, Head, Key, StoreView, Topic, Trimmed};

/// Dropping it closes its connection, and the server forgets the snapshot.
pub(super) struct PostgresView {
    node: std::sync::Arc<Node>,
    connection: PgConnection,
    head: Head,
    trimmed: Trimmed,
}

const WHAT: &str = "the view for a backup was not read";

impl PostgresView {
    pub(super) async fn open(node: std::sync::Arc<Node>) -> Result<Self> {
        let mut connection = node.connection().await.map_err(|fault| fault.error(WHAT))?;
        let begun = node.within(sqlx::raw_sql(sql::VIEW).fetch_all(&mut connection)).await;
        let begun = begun.map_err(|fault| fault.error(WHAT))?;
        let head = rows::head(begun.last().ok_or_else(|| strange("there is no head"))?)?;
        let mut view = Self { node, connection, head, trimmed: Trimmed::default() };
        let marks = view.ask(sqlx::query(sql::TRIMMED)).await?;
        view.trimmed = rows::trimmed(&marks)?;
        Ok(view)
    }

    async fn ask(&mut self, question: Question<'_>) -> Result<Vec<PgRow>> {
        let found = self.node.within(question.fetch_all(&mut self.connection)).await;
        found.map_err(|fault| fault.error(WHAT))
    }
}

#[async_trait]
impl StoreView for PostgresView {
    fn head(&self) -> Head {
        self.head
    }

    fn trimmed(&self) -> &Trimmed {
        &self.trimmed
    }

    async fn entries(&mut self, after: Option<&Key>, limit: usize) -> Result<Vec<Entry>> {
        self.ask(rows::entries_after(after, limit)).await?.iter().map(rows::entry).collect()
    }

    async fn events(&mut self, after: u64, limit: usize) -> Result<Vec<Event>> {
        self.ask(rows::events_after(after, limit)).await?.iter().map(rows::event).collect()
    }

    async fn last_offsets(&mut self, after: Option<&Topic>, limit: usize) -> Result<Vec<(Topic, u64)>> {
        let found = self.ask(rows::places_after(after, limit)).await?;
        found.iter().filter_map(|row| rows::place(row).transpose()).collect()
    }
}
