//! The state over PostgreSQL: several nodes, and a server that is killed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use mosaic_core::error::{Delivery, ErrorKind};
use mosaic_mcp::state::suite::{self, Stores};
use mosaic_mcp::state::{Key, KeyRange, PostgresOptions, State, StateStore, Topic, TopicFilter};
use sqlx::Connection as _;

use crate::servers::{Line, Postgres};

struct Namespaces(Postgres);

#[async_trait]
impl Stores for Namespaces {
    async fn open(&self, name: &str) -> mosaic_core::Result<Arc<dyn StateStore>> {
        Ok(Arc::new(self.0.options(name).open().await?))
    }
}

#[tokio::test]
async fn it_behaves_as_every_store() {
    let Some(server) = Postgres::start() else { return };
    if let Err(failure) = suite::run(&Namespaces(server)).await {
        panic!("{failure}");
    }
}

fn key(parts: &[&str]) -> Key {
    Key::of(parts).unwrap()
}

async fn count(state: &State) -> mosaic_core::Result<u64> {
    state
        .run(|tx| {
            Box::pin(async move {
                let counter = key(&["counter"]);
                let next = tx.read::<u64>(&counter).await?.unwrap_or(0) + 1;
                tx.write(&counter, &next)?;
                tx.emit(Topic::new("counter.moved")?, "moved", &next)?;
                Ok(next)
            })
        })
        .await
}

#[tokio::test]
async fn transactions_of_all_nodes_are_one_after_the_other() {
    let Some(server) = Postgres::start() else { return };
    // Both make the tables, at once.
    let open = || async { State::open(server.options("nodes").open().await.unwrap()).await.unwrap() };
    let (a, b) = tokio::join!(open(), open());
    let mut heads = [a.heads(), b.heads()];
    let counted = join_all((0..400).map(|n| count(if n % 2 == 0 { &a } else { &b }))).await;
    let mut counted: Vec<u64> = counted.into_iter().map(Result::unwrap).collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=400).collect::<Vec<_>>());
    for head in &mut heads {
        head.wait_for(|head| head.revision == 400 && head.offset == 400).await.unwrap();
    }
    let events = b.events(&TopicFilter::new("counter.*").unwrap(), 0, 1_000).await.unwrap();
    assert_eq!(events.iter().map(|event| event.offset).collect::<Vec<_>>(), counted);
    a.close().await.unwrap();
    b.close().await.unwrap();
}

#[tokio::test]
async fn schemas_of_the_first_version_are_brought_up_to_date() {
    let Some(server) = Postgres::start() else { return };
    let first = include_str!("../../src/state/postgres/migrations/1_tables.sql");
    let mut connection = sqlx::PgConnection::connect(server.url().expose()).await.unwrap();
    let before =
        "CREATE SCHEMA first; SET search_path TO first; CREATE TABLE migration (number int PRIMARY KEY,
        name text NOT NULL, checksum text NOT NULL, applied timestamptz NOT NULL DEFAULT now())";
    sqlx::raw_sql(before).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(first).execute(&mut connection).await.unwrap();
    let data = "INSERT INTO entry (key, value, version) VALUES ('a', '1', 2), ('task-state/default/ready/p/1', '', 2);
        INSERT INTO deleted (key, version) VALUES ('gone', 1);
        UPDATE meta SET revision = 2";
    sqlx::raw_sql(data).execute(&mut connection).await.unwrap();
    sqlx::query("INSERT INTO migration (number, name, checksum) VALUES (1, 'tables', $1)")
        .bind(blake3::hash(first.as_bytes()).to_hex().to_string())
        .execute(&mut connection)
        .await
        .unwrap();
    let state = State::open(server.options("first").open().await.unwrap()).await.unwrap();
    let changes = state.changes(&KeyRange::all(), 0, 10).await.unwrap();
    let told: Vec<_> =
        changes.iter().map(|change| (change.key.as_str(), change.value.as_deref(), change.version)).collect();
    assert_eq!(told, [("gone", None, 1), ("a", Some(&b"1"[..]), 2)]);
    assert_eq!(state.range(&KeyRange::all(), 10).await.unwrap().len(), 1, "nothing is left of old indexes");
    state.close().await.unwrap();
}

/// Marks of nodes that went without a word are removed by the next one that opens. It does not wait for one that is back and writes.
#[tokio::test]
async fn marks_of_nodes_that_went_are_swept_without_waiting() {
    let Some(server) = Postgres::start() else { return };
    let open = || async { State::open(server.options("sweep").open().await.unwrap()).await.unwrap() };
    open().await.close().await.unwrap();
    let mut back = sqlx::PgConnection::connect(server.url().expose()).await.unwrap();
    let marks = "INSERT INTO sweep.writer (node, revision, at) SELECT name, 1, now() - interval '2 days'
        FROM unnest(ARRAY['gone', 'back']) AS name";
    sqlx::raw_sql(marks).execute(&mut back).await.unwrap();
    sqlx::raw_sql("BEGIN; UPDATE sweep.writer SET at = now() WHERE node = 'back'")
        .execute(&mut back)
        .await
        .unwrap();
    let state = tokio::time::timeout(Duration::from_secs(20), open()).await.expect("it waited");
    sqlx::raw_sql("COMMIT").execute(&mut back).await.unwrap();
    let left: Vec<String> =
        sqlx::query_scalar("SELECT node FROM sweep.writer WHERE node IN ('gone', 'back')")
            .fetch_all(&mut back)
            .await
            .unwrap();
    assert_eq!(left, ["back"]);
    state.close().await.unwrap();
}

/// Somebody changes the tables by hand, between what a transaction reads and what it writes: nothing of it is written, and nothing else.
#[tokio::test]
async fn what_was_moved_by_hand_is_not_written_over() {
    let Some(server) = Postgres::start() else { return };
    let state = State::open(server.options("hand").open().await.unwrap()).await.unwrap();
    for how in
        ["UPDATE hand.entry SET version = version WHERE key = 'a'", "DELETE FROM hand.entry WHERE key = 'a'"]
    {
        for deletes in [false, true] {
            let put = state.run(|tx| Box::pin(async move { tx.put_untracked(key(&["a"]), "1", None) }));
            put.await.unwrap();
            let url = server.url();
            let written = state.run(move |tx| {
                Box::pin(async move {
                    assert!(tx.get(&key(&["a"])).await?.is_some());
                    let mut by_hand = sqlx::PgConnection::connect(url.expose()).await.unwrap();
                    sqlx::raw_sql(how).execute(&mut by_hand).await.unwrap();
                    tx.put(key(&["b"]), "2")?;
                    if deletes { tx.delete(key(&["a"])) } else { tx.put_untracked(key(&["a"]), "2", None) }
                })
            });
            let error = written.await.unwrap_err();
            assert!(error.delivered() == Delivery::NotSent && error.message().contains("no more"), "{error}");
            assert_eq!(state.get(&key(&["b"])).await.unwrap(), None, "{how}");
        }
    }
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_loses_nothing_that_was_acknowledged() {
    let Some(mut server) = Postgres::start() else { return };
    let node = || async { State::open(server.options("crash").open().await.unwrap()).await.unwrap() };
    let (a, b) = tokio::join!(node(), node());
    let mut acknowledged = Vec::new();
    for round in 0..5_u64 {
        // Some are under way when it goes. How each of them ended is asked for when it is back.
        let work = join_all((0..40).map(|n| count(if n % 2 == 0 { &a } else { &b })));
        let kill = tokio::task::spawn_blocking(move || {
            server.crash();
            server.restart();
            server
        });
        let (ended, back) = tokio::join!(work, kill);
        server = back.unwrap();
        for end in ended {
            match end {
                Ok(count) => acknowledged.push(count),
                Err(error) => {
                    let about = (error.kind(), error.delivered());
                    assert_eq!(about, (ErrorKind::Network, Delivery::NotSent), "{error}");
                }
            }
        }
        // It goes on by itself.
        acknowledged.push(count(&a).await.unwrap());
        let head = b.events(&TopicFilter::all(), 0, 10_000).await.unwrap().len() as u64;
        assert!(head > round, "{head}");
    }
    let counted = a.read::<u64>(&key(&["counter"])).await.unwrap().unwrap();
    let events = b.events(&TopicFilter::all(), 0, 10_000).await.unwrap();
    assert_eq!(
        events.iter().map(|event| event.offset).collect::<Vec<_>>(),
        (1..=counted).collect::<Vec<_>>()
    );
    acknowledged.sort_unstable();
    assert_eq!(acknowledged, (1..=counted).collect::<Vec<_>>(), "what was acknowledged is what was written");
    // What another node writes is heard again.
    let mut heads = b.heads();
    let last = count(&a).await.unwrap();
    heads.wait_for(|head| head.offset >= last).await.unwrap();
    a.close().await.unwrap();
    b.close().await.unwrap();
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_looked_up() {
    let Some(server) = Postgres::start() else { return };
    let line = Line::to(server.port()).await;
    let options =
        PostgresOptions::new(server.url_at(line.port())).namespace("lost").patience(Duration::from_secs(5));
    let state = State::open(options.notify(false).open().await.unwrap()).await.unwrap();
    assert_eq!(count(&state).await.unwrap(), 1);
    // The commit reaches the server, and its answer nobody.
    line.cut_after("COMMIT");
    assert_eq!(count(&state).await.unwrap(), 2);
    assert!(line.was_cut());
    // The commit reaches nobody.
    line.cut_before("COMMIT");
    let error = count(&state).await.unwrap_err();
    assert_eq!((error.kind(), error.delivered()), (ErrorKind::Network, Delivery::NotSent), "{error}");
    assert_eq!(count(&state).await.unwrap(), 3);
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_schema_of_a_newer_or_another_program_is_refused() {
    let Some(server) = Postgres::start() else { return };
    let open = || server.options("schema").open();
    open().await.unwrap().close().await.unwrap();
    open().await.unwrap().close().await.unwrap();
    for (by_hand, why) in [
        ("UPDATE schema.migration SET checksum = 'x'", "by a different program"),
        ("INSERT INTO schema.migration VALUES (99, 'later', 'x')", "use a newer program"),
    ] {
        server.by_hand(by_hand).await;
        let error = open().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains(why), "{error}");
    }
}
