//! Row 16: the state in a file.
//!
//! Ours is `State::put` and `State::get` with everything: versions, the order of changes, a head, transactions that are checked one
//! after the other. The keys are new in each round. The peers keep a key and a value, and nothing else: `sqlx` with one writer
//! connection and a row a transaction, as 64 tasks use it; `rusqlite` with 1,000 rows a transaction on the calling thread. All write
//! ahead. The bar is for the store as it is opened by default, `synchronous = FULL` on every side; the lines "not synced" have `NORMAL`
//! on every side.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_mcp::state::{Durability, Key, SqliteOptions, State};
use rusqlite::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::runtime::Runtime;

use crate::Bench;

const WRITERS: usize = 64;
const MANY: usize = 1_024;
const BATCH: usize = 1_000;
const READS: usize = 256;
pub(crate) const VALUE: [u8; 450] = [b'v'; 450];
const TABLE: &str = "CREATE TABLE entry (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL)";
const PUT: &str = "INSERT INTO entry (key, value) VALUES (?1, ?2)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const GET: &str = "SELECT value FROM entry WHERE key = ?1";

/// The row.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    puts(bench, Durability::Full, "", Goal::must(0.2))?;
    puts(bench, Durability::Normal, ", not synced", Goal::NONE)?;
    gets(bench)
}

fn puts(bench: &mut Bench, durability: Durability, synced: &str, goal: Goal) -> Result {
    let Bench { options, report, runtime } = bench;
    let folder = tempfile::tempdir()?;
    let open = |name: &str| open(runtime, &folder.path().join(name), durability);
    let (few, many) = (open("few.db")?, open("many.db")?);
    let pool = runtime.block_on(pool(&folder.path().join("sqlx.db"), durability))?;
    let conn = connection(&folder.path().join("rusqlite.db"), durability)?;
    let [ours, ours_many, single, batch] = measure(
        options,
        [
            put_by(runtime, &few, WRITERS, 16),
            put_by(runtime, &many, MANY, 4),
            sqlx_single(runtime, &pool),
            rusqlite_batch(conn),
        ],
    )?;
    let name = format!("put, 64 writers{synced} / sqlx, a row a transaction");
    report.ratio("16", &name, ours.median, single.median, goal);
    let name = format!("put, 64 writers{synced} / rusqlite, 1,000 rows a transaction");
    let moon = Goal { must: None, moon: Some(2.5) };
    report.ratio("16 batch", &name, ours.median, batch.median, moon);
    let name = format!("put, 1,024 writers{synced} / rusqlite, 1,000 rows a transaction");
    report.ratio("16 many", &name, ours_many.median, batch.median, Goal::NONE);
    runtime.block_on(async {
        few.close().await?;
        many.close().await?;
        pool.close().await;
        Ok(())
    })
}

fn gets(bench: &mut Bench) -> Result {
    let Bench { options, report, runtime } = bench;
    let folder = tempfile::tempdir()?;
    let state = open(runtime, &folder.path().join("state.db"), Durability::Normal)?;
    let pool = runtime.block_on(pool(&folder.path().join("sqlx.db"), Durability::Normal))?;
    let conn = connection(&folder.path().join("rusqlite.db"), Durability::Normal)?;
    let keys: Vec<Key> = (0..READS).map(|at| key(0, at)).collect::<Result<_>>()?;
    runtime.block_on(async {
        for key in &keys {
            state.put(key.clone(), &VALUE[..]).await?;
            sqlx::query(PUT).bind(key.as_str()).bind(&VALUE[..]).execute(&pool).await?;
        }
        Ok::<_, Fault>(())
    })?;
    for key in &keys {
        conn.execute(PUT, (key.as_str(), &VALUE[..]))?;
    }
    let [ours, plain, bare] = measure(
        options,
        [
            Side::prepared(READS, |calls| {
                wall(|| {
                    runtime.block_on(async {
                        for key in keys.iter().cycle().take(calls) {
                            state.get(key).await?.ok_or("the value is gone")?;
                        }
                        Ok(())
                    })
                })
            }),
            Side::prepared(READS, |calls| {
                wall(|| {
                    runtime.block_on(async {
                        for key in keys.iter().cycle().take(calls) {
                            let query = sqlx::query_scalar::<_, Vec<u8>>(GET).bind(key.as_str());
                            query.fetch_one(&pool).await?;
                        }
                        Ok(())
                    })
                })
            }),
            Side::prepared(READS, |calls| {
                wall(|| {
                    let mut get = conn.prepare_cached(GET)?;
                    for key in keys.iter().cycle().take(calls) {
                        get.query_row([key.as_str()], |row| row.get::<_, Vec<u8>>(0))?;
                    }
                    Ok(())
                })
            }),
        ],
    )?;
    report.ratio("16 get", "get / sqlx, one row", ours.median, plain.median, Goal::NONE);
    report.ratio("16 get bare", "get / rusqlite, one row", ours.median, bare.median, Goal::NONE);
    report.moon("16 get moon", "get / 200 ns", ours.median, 200.0);
    runtime.block_on(async {
        state.close().await?;
        pool.close().await;
        Ok(())
    })
}

pub(crate) fn wall(work: impl FnOnce() -> Result) -> Result<Duration> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

pub(crate) fn key(round: usize, at: usize) -> Result<Key> {
    Ok(Key::of(&["bench", &format!("{:08}", at * 7_919 % 100_003), &round.to_string()])?)
}

pub(crate) fn open(runtime: &Runtime, path: &Path, durability: Durability) -> Result<State> {
    runtime.block_on(async {
        let store = SqliteOptions::new().durability(durability).open(path).await?;
        Ok(State::open(store).await?)
    })
}

/// So many tasks, each of which puts one value after the other.
pub(crate) fn put_by<'a>(runtime: &'a Runtime, state: &'a State, writers: usize, each: usize) -> Side<'a> {
    let mut round = 0;
    Side::prepared(writers * each, move |calls| {
        round += 1;
        wall(|| {
            runtime.block_on(try_join_all((0..writers).map(|writer| async move {
                for at in (writer..calls).step_by(writers) {
                    state.put(key(round, at)?, &VALUE[..]).await?;
                }
                Ok::<_, Fault>(())
            })))?;
            Ok(())
        })
    })
}

pub(crate) async fn pool(path: &Path, durability: Durability) -> Result<SqlitePool> {
    let synchronous = match durability {
        Durability::Full => SqliteSynchronous::Full,
        _ => SqliteSynchronous::Normal,
    };
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
        .synchronous(synchronous);
    let pool =
        SqlitePoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(options).await?;
    sqlx::raw_sql(TABLE).execute(&pool).await?;
    Ok(pool)
}

pub(crate) fn sqlx_single<'a>(runtime: &'a Runtime, pool: &'a SqlitePool) -> Side<'a> {
    let mut round = 0;
    Side::prepared(WRITERS * 2, move |calls| {
        round += 1;
        wall(|| {
            runtime.block_on(try_join_all((0..WRITERS).map(|writer| async move {
                for at in (writer..calls).step_by(WRITERS) {
                    let key = key(round, at)?;
                    sqlx::query(PUT).bind(key.as_str()).bind(&VALUE[..]).execute(pool).await?;
                }
                Ok::<_, Fault>(())
            })))?;
            Ok(())
        })
    })
}

pub(crate) fn connection(path: &Path, durability: Durability) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", if durability == Durability::Full { "FULL" } else { "NORMAL" })?;
    conn.execute_batch(TABLE)?;
    Ok(conn)
}

pub(crate) fn rusqlite_batch<'a>(mut conn: Connection) -> Side<'a> {
    let mut round = 0;
    Side::prepared(BATCH, move |calls| {
        round += 1;
        wall(|| {
            let tx = conn.transaction()?;
            {
                let mut put = tx.prepare_cached(PUT)?;
                for at in 0..calls {
                    put.execute((key(round, at)?.as_str(), &VALUE[..]))?;
                }
            }
            tx.commit()?;
            Ok(())
        })
    })
}
