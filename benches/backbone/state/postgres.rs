//! Row 17: the state in PostgreSQL.
//!
//! Ours is `State::put` with everything, on the one connection that writes: by 256 tasks, and by 16. The peers put a row with a key and a
//! value of the same sizes: 16 connections, each a row a transaction; and one connection, 1,000 rows a statement by `UNNEST`. All on one
//! server as it comes, which syncs every commit. With 16 values under way at a time both sides sync as many with each commit, and what
//! is left to compare is the disk; so the bar is for a load that the 16 connections of the peer cannot take at once.

use futures_util::future::try_join_all;
use mosaic_benches::{Fault, Goal, Result, Side, measure};
use mosaic_mcp::state::{PostgresOptions, State};
use sqlx::postgres::PgPool;
use tokio::runtime::Runtime;

use crate::Bench;
use crate::server::Postgres;
use crate::sqlite::{VALUE, key, put_by, wall};

const WRITERS: usize = 16;
const MANY: usize = 256;
const BATCH: usize = 1_000;

/// The row; nothing where there is no PostgreSQL.
pub(crate) fn rows(bench: &mut Bench) -> Result {
    let Some(server) = Postgres::start()? else {
        println!("17           skipped: MOSAIC_POSTGRES names no folder of the programs of PostgreSQL");
        return Ok(());
    };
    let Bench { options, report, runtime } = bench;
    let (few, many, pool) = runtime.block_on(async {
        let mut connection = server.ready().await?;
        let table = "CREATE TABLE entry (key TEXT PRIMARY KEY, value BYTEA NOT NULL)";
        sqlx::raw_sql(table).execute(&mut connection).await?;
        let open = async |namespace: &str| {
            let store = PostgresOptions::new(server.url()).namespace(namespace).open().await?;
            State::open(store).await
        };
        Ok::<_, Fault>((open("few").await?, open("many").await?, server.pool(16).await?))
    })?;
    let [ours, ours_many, single, batch] = measure(
        options,
        [
            put_by(runtime, &few, WRITERS, 16),
            put_by(runtime, &many, MANY, 4),
            single(runtime, &pool),
            unnest(runtime, &pool),
        ],
    )?;
    let name = "put, 256 tasks / a row a transaction, 16 connections";
    report.ratio("17", name, ours_many.median, single.median, Goal::must(0.2));
    let moon = Goal { must: None, moon: Some(2.0) };
    report.ratio("17 batch", "put, 256 tasks / UNNEST of 1,000 rows", ours_many.median, batch.median, moon);
    let name = "put, 16 tasks / a row a transaction, 16 connections";
    report.ratio("17 few", name, ours.median, single.median, Goal::NONE);
    runtime.block_on(async {
        few.close().await?;
        many.close().await?;
        pool.close().await;
        Ok(())
    })
}

fn single<'a>(runtime: &'a Runtime, pool: &'a PgPool) -> Side<'a> {
    let mut round = 0;
    Side::prepared(WRITERS * 8, move |calls| {
        round += 1;
        wall(|| {
            runtime.block_on(try_join_all((0..WRITERS).map(|writer| async move {
                let mut connection = pool.acquire().await?;
                for at in (writer..calls).step_by(WRITERS) {
                    let key = key(round, at)?;
                    let put = sqlx::query("INSERT INTO entry (key, value) VALUES ($1, $2)");
                    put.bind(key.as_str()).bind(&VALUE[..]).execute(&mut *connection).await?;
                }
                Ok::<_, Fault>(())
            })))?;
            Ok(())
        })
    })
}

fn unnest<'a>(runtime: &'a Runtime, pool: &'a PgPool) -> Side<'a> {
    let mut round = 0;
    Side::prepared(BATCH, move |calls| {
        round += 1;
        let keys = (0..calls).map(|at| Ok(format!("u{}", key(round, at)?))).collect::<Result<Vec<_>>>()?;
        let values = vec![&VALUE[..]; calls];
        wall(|| {
            let put = "INSERT INTO entry (key, value) SELECT * FROM unnest($1::text[], $2::bytea[])";
            runtime.block_on(sqlx::query(put).bind(&keys).bind(&values).execute(pool))?;
            Ok(())
        })
    })
}
