//! Full-text search: brings the index up to date with the files, then asks it.
//!
//! Each space has a fingerprint over its documents. The index keeps the one that it was brought up to; where that is the one
//! of the files, there is nothing to do. The check and the query are one transaction, so a result is never of older files
//! than those that were looked at.
//!
//! A page begins after a number of hits: what is written between two pages moves a hit only where it matches too.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::document::SearchDocuments;
use mosaic_core::types::Page;
use mosaic_core::types::document::SearchHit;
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::index::is_busy;
use super::store::{Root, Store};
use super::view::View;
use super::{fault, query, snippet, words};
use crate::cursor::List;

/// How many documents are brought into the index in one transaction.
const BATCH: usize = 128;
/// How often the index is brought up to date for one search while others write.
const ROUNDS: usize = 8;

type Views = HashMap<String, Arc<View>>;

/// What a round came to.
enum Round {
    Found(Vec<Hit>),
    /// The files are not what was looked at.
    Again,
}

/// A row of the result, with its number in the whole of it.
struct Hit {
    number: u64,
    hit: SearchHit,
}

pub(super) async fn search(store: &Store, op: SearchDocuments) -> Result<Page<SearchHit>> {
    let list = List((SearchDocuments::META.name, &op.query, &op.space));
    let after: Option<u64> = list.after(&op.page)?;
    let query = query::of(&op.query)?;
    let mut views = look(store, op.space.clone()).await?;
    let Some(query) = query else { return Ok(Page::last(Vec::new())) };
    let wanted = Wanted {
        query,
        space: op.space.clone(),
        skip: after.map_or(0, |after| after.saturating_add(1)),
        limit: op.page.limit(),
    };
    let (mut failed, mut round) = (0, 0);
    let hits = loop {
        let pool = store.index.pool().await?;
        match wanted.round(store, &pool, &views, round + 1 >= ROUNDS).await {
            Ok(Round::Found(hits)) => break hits,
            Ok(Round::Again) => {
                round += 1;
                views = look(store, op.space.clone()).await?;
            }
            // What is wrong with the index is mended by opening it again, or by making it anew.
            Err(Failed::Index(error)) if failed < 2 && !is_busy(&error) => {
                tracing::info!(%error, "the search index is opened again");
                store.index.reset(failed > 0).await?;
                failed += 1;
            }
            Err(Failed::Index(error)) => return Err(fault::index(error)),
            Err(Failed::Files(error)) => return Err(error),
        }
    };
    let page = list.page(hits, wanted.limit, |hit: &Hit| hit.number);
    Ok(Page::new(page.items.into_iter().map(|hit| hit.hit).collect(), page.next))
}

/// What is searched for.
struct Wanted {
    query: String,
    space: Option<String>,
    skip: u64,
    limit: usize,
}

enum Failed {
    Index(sqlx::Error),
    Files(mosaic_core::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Index(error)
    }
}

impl Wanted {
    /// Asks the index, and brings it up to date first where it is not; in the last round it is asked as it is.
    async fn round(
        &self,
        store: &Store,
        pool: &SqlitePool,
        views: &Views,
        last: bool,
    ) -> Result<Round, Failed> {
        let mut tx = pool.begin().await?;
        if last || self.stale(&mut tx, views).await?.is_empty() {
            return Ok(Round::Found(self.ask(&mut tx, views).await?));
        }
        tx.rollback().await?;
        let _turn = store.index.turn.lock().await;
        let mut tx = pool.begin().await?;
        let stale = self.stale(&mut tx, views).await?;
        tx.rollback().await?;
        for space in stale {
            let current = match views.get(&space) {
                Some(view) => bring_up(store, pool, view).await?,
                None => forget(pool, &space).await?,
            };
            if !current {
                return Ok(Round::Again);
            }
        }
        let mut tx = pool.begin().await?;
        if self.stale(&mut tx, views).await?.is_empty() {
            return Ok(Round::Found(self.ask(&mut tx, views).await?));
        }
        Ok(Round::Again)
    }

    /// The spaces whose files are others than the index knows.
    async fn stale(&self, tx: &mut Transaction<'_, Sqlite>, views: &Views) -> Result<Vec<String>, Failed> {
        let known: HashMap<String, String> = sqlx::query_as("SELECT key, fingerprint FROM space")
            .fetch_all(&mut **tx)
            .await?
            .into_iter()
            .collect();
        let changed = |(key, view): &(&String, &Arc<View>)| known.get(*key) != Some(&view.fingerprint);
        let mut stale: Vec<String> = views.iter().filter(changed).map(|(key, _)| key.clone()).collect();
        if self.space.is_none() {
            stale.extend(known.into_keys().filter(|key| !views.contains_key(key)));
        }
        Ok(stale)
    }

    async fn ask(&self, tx: &mut Transaction<'_, Sqlite>, views: &Views) -> Result<Vec<Hit>, Failed> {
        let rows: Vec<(i64, String, String, f64)> = sqlx::query_as(
            "SELECT d.number, d.space, d.id, bm25(words, 10.0, 1.0) AS cost
             FROM words JOIN document d ON d.number = words.rowid
             WHERE words MATCH ?1 AND (?2 IS NULL OR d.space = ?2)
             ORDER BY cost, d.space, d.id LIMIT ?3 OFFSET ?4",
        )
        .bind(&self.query)
        .bind(&self.space)
        .bind(self.limit as i64 + 1)
        .bind(i64::try_from(self.skip).unwrap_or(i64::MAX))
        .fetch_all(&mut **tx)
        .await?;
        let mut positions: HashMap<&str, HashMap<usize, usize>> = HashMap::new();
        let mut hits = Vec::with_capacity(rows.len());
        for (number, (row, space, id, cost)) in (self.skip..).zip(rows) {
            // In the last round the index may know what these views do not.
            let Some((key, view)) = views.get_key_value(&space) else { continue };
            let Ok(at) = view.find(&id) else { continue };
            let places = positions.entry(key).or_insert_with(|| view.tree().reading().into_iter().collect());
            let entry = view.entry(at, places.get(&at).copied().unwrap_or_default());
            let mut hit = SearchHit::new(entry).score(-cost);
            if hits.len() < self.limit {
                hit.snippet = Some(self.snippet(tx, row).await?);
            }
            hits.push(Hit { number, hit });
        }
        Ok(hits)
    }

    /// The place in the text that was found; in the title where the text has none.
    async fn snippet(&self, tx: &mut Transaction<'_, Sqlite>, row: i64) -> Result<String, Failed> {
        let (body, title): (String, String) = sqlx::query_as(
            "SELECT snippet(words, 1, char(2), char(3), '…', 24), snippet(words, 0, char(2), char(3), '…', 24)
             FROM words WHERE words MATCH ?1 AND rowid = ?2",
        )
        .bind(&self.query)
        .bind(row)
        .fetch_one(&mut **tx)
        .await?;
        let found = [&body, &title].into_iter().find(|text| snippet::is_marked(text));
        Ok(snippet::markdown(found.unwrap_or(&body)))
    }
}

/// The spaces that are searched, as they are now.
async fn look(store: &Store, space: Option<String>) -> Result<Views> {
    let look = move |root: &Root| match space {
        Some(space) => Ok(HashMap::from([(space.clone(), root.space(&space)?)])),
        None => {
            let mut views = HashMap::new();
            for key in root.keys()? {
                views.extend(root.look(&key)?.map(|view| (key, view)));
            }
            Ok(views)
        }
    };
    store.read(look).await
}

/// A document on its way into the index.
struct Words {
    id: String,
    version: String,
    title: String,
    body: String,
}

/// Brings a space of the index up to a view; whether the files are still those of the view.
async fn bring_up(store: &Store, pool: &SqlitePool, view: &Arc<View>) -> Result<bool, Failed> {
    let known = rows(&mut *pool.acquire().await?, &view.space).await?;
    let changed: Vec<usize> = (0..view.numbers().len())
        .filter(|at| known.get(view.id(*at)) != Some(&view.file(*at).version))
        .collect();
    for batch in changed.chunks(BATCH) {
        let (of, batch) = (Arc::clone(view), batch.to_vec());
        let read = move |_: &Root| batch.into_iter().map(|at| document_words(&of, at)).collect();
        let batch: Option<Vec<Words>> = store.read(read).await.map_err(Failed::Files)?;
        let Some(batch) = batch else { return Ok(false) };
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
        for document in batch {
            put(&mut tx, &view.space, &document).await?;
        }
        tx.commit().await?;
    }
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let ids: HashSet<&str> = view.numbers().keys().map(String::as_str).collect();
    let known = rows(&mut tx, &view.space).await?;
    for id in known.keys().filter(|id| !ids.contains(id.as_str())) {
        drop_document(&mut tx, &view.space, id).await?;
    }
    // Another process may have brought it up to something else meanwhile; then it is not what the fingerprint says.
    let matches = |at: usize| known.get(view.id(at)) == Some(&view.file(at).version);
    if (0..view.numbers().len()).all(matches) {
        sqlx::query(
            "INSERT INTO space (key, fingerprint) VALUES (?1, ?2)
             ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint",
        )
        .bind(&view.space)
        .bind(&view.fingerprint)
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Removes a space that is gone.
async fn forget(pool: &SqlitePool, space: &str) -> Result<bool, Failed> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    for id in rows(&mut tx, space).await?.keys() {
        drop_document(&mut tx, space, id).await?;
    }
    sqlx::query("DELETE FROM space WHERE key = ?1").bind(space).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// The words of a document; none where its file changed since the view.
fn document_words(view: &View, at: usize) -> Result<Option<Words>> {
    let Some(content) = view.content(at)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&content);
    let (file, body) = (view.file(at), super::front::Parts::of(&text).body);
    Ok(Some(Words {
        id: view.id(at).into(),
        version: file.version.clone(),
        title: file.title.clone(),
        body: words::plain(body),
    }))
}

/// The version of each document of a space that is in the index.
async fn rows(conn: &mut SqliteConnection, space: &str) -> sqlx::Result<HashMap<String, String>> {
    let rows = sqlx::query_as("SELECT id, version FROM document WHERE space = ?1").bind(space);
    Ok(rows.fetch_all(conn).await?.into_iter().collect())
}

async fn put(conn: &mut SqliteConnection, space: &str, document: &Words) -> sqlx::Result<()> {
    drop_document(conn, space, &document.id).await?;
    let number: i64 =
        sqlx::query_scalar("INSERT INTO document (space, id, version) VALUES (?1, ?2, ?3) RETURNING number")
            .bind(space)
            .bind(&document.id)
            .bind(&document.version)
            .fetch_one(&mut *conn)
            .await?;
    sqlx::query("INSERT INTO words (rowid, title, body) VALUES (?1, ?2, ?3)")
        .bind(number)
        .bind(&document.title)
        .bind(&document.body)
        .execute(conn)
        .await?;
    Ok(())
}

async fn drop_document(conn: &mut SqliteConnection, space: &str, id: &str) -> sqlx::Result<()> {
    let number: Option<i64> =
        sqlx::query_scalar("DELETE FROM document WHERE space = ?1 AND id = ?2 RETURNING number")
            .bind(space)
            .bind(id)
            .fetch_optional(&mut *conn)
            .await?;
    if let Some(number) = number {
        sqlx::query("DELETE FROM words WHERE rowid = ?1").bind(number).execute(conn).await?;
    }
    Ok(())
}
