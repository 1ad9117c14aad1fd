use std::sync::Arc;
use std::time::Duration;

use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::types::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::*;
use crate::state::{KeyRange, SqliteStore, State, StateStore as _};

async fn by_hand(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn: SqliteConnection = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

async fn refusal(path: &Path) -> String {
    let before = std::fs::read(path).unwrap();
    let error = SqliteStore::open(path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    assert_eq!(std::fs::read(path).unwrap(), before, "the file was changed");
    error.message().to_owned()
}

#[tokio::test]
async fn files_of_others_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.db");
    by_hand(&path, "CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)").await;
    assert!(refusal(&path).await.contains("belongs to another program"));
    by_hand(&path, "PRAGMA application_id = 77").await;
    assert!(refusal(&path).await.contains("belongs to another program"));
    std::fs::write(
        &path,
        "no database at all, but a text that is longer than a header of a hundred bytes would be",
    )
    .unwrap();
    assert!(refusal(&path).await.contains("not an SQLite database"));
    assert!(SqliteStore::open(folder.path()).await.is_err());
}

#[tokio::test]
async fn newer_and_altered_schemas_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    SqliteStore::open(&path).await.unwrap().close().await.unwrap();
    by_hand(&path, "INSERT INTO migration VALUES (99, 'later', 'x')").await;
    assert!(refusal(&path).await.contains("use a newer program"));
    by_hand(&path, "DELETE FROM migration WHERE number = 99; UPDATE migration SET checksum = 'x'").await;
    assert!(refusal(&path).await.contains("different program"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_this_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below").join("state.db");
    let state = State::open(SqliteStore::open(&path).await.unwrap()).await.unwrap();
    state.put(crate::state::Key::new("a").unwrap(), "secret").await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut files = 0;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = entry.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        files += 1;
    }
    assert!(files >= 2, "the write-ahead log is beside the file");
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    state.close().await.unwrap();
}

#[tokio::test]
async fn a_lock_that_does_not_come_refuses_the_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let other = SqliteStore::open(&path).await.unwrap();
    let store = SqliteOptions::new().busy_timeout(Duration::from_millis(1)).open(&path).await.unwrap();
    let held = other.begin(Timestamp::now()).await.unwrap();
    let Err(error) = store.begin(Timestamp::now()).await else { panic!("two hold the lock") };
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Provider, Outcome::NotMade), "{error:?}");
    drop(held);
    other.close().await.unwrap();
    store.begin(Timestamp::now()).await.unwrap();
    store.close().await.unwrap();
    assert_eq!(store.head().await.unwrap_err().kind(), ErrorKind::Lifecycle);
}

#[tokio::test]
async fn the_time_of_a_transaction_is_when_its_turn_came() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let other = SqliteStore::open(&path).await.unwrap();
    let store = Arc::new(SqliteStore::open(&path).await.unwrap());
    let held = other.begin(Timestamp::now()).await.unwrap();
    let asked = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap();
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.begin(asked).await.map(|tx| tx.now()) }
    });
    tokio::task::yield_now().await;
    let (since, long) = (std::time::Instant::now(), Duration::from_millis(5));
    while since.elapsed() < long {
        other.head().await.unwrap();
    }
    drop(held);
    // What is dropped is rolled back before the next.
    drop(other.begin(asked).await.unwrap());
    other.close().await.unwrap();
    let now = waiting.await.unwrap().unwrap();
    assert!(now.duration_since(asked) >= jiff::SignedDuration::try_from(long).unwrap(), "{now} {asked}");
    store.close().await.unwrap();
}

#[tokio::test]
async fn several_may_make_one_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let opened = futures_util::future::join_all((0..6).map(|_| SqliteStore::open(&path))).await;
    for store in opened {
        let store = store.unwrap();
        assert_eq!(store.head().await.unwrap().revision, 0);
        store.close().await.unwrap();
    }
}

#[tokio::test]
async fn files_of_the_first_schema_are_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let first = include_str!("0001_state.sql");
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut conn: SqliteConnection = options.connect().await.unwrap();
    sqlx::raw_sql(first).execute(&mut conn).await.unwrap();
    let data = "INSERT INTO entry (key, version, value) VALUES ('a', 2, x'31'), ('task-state/default/ready/p/1', 2, x'');
        INSERT INTO entry (key, version) VALUES ('gone', 1);
        UPDATE head SET revision = 2;
        PRAGMA application_id = 0x4d6f5374";
    sqlx::raw_sql(data).execute(&mut conn).await.unwrap();
    sqlx::query("INSERT INTO migration VALUES (1, 'state', ?1)")
        .bind(blake3::hash(first.as_bytes()).to_hex().to_string())
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    let state = State::open(SqliteStore::open(&path).await.unwrap()).await.unwrap();
    let changes = state.changes(&KeyRange::all(), 0, 10).await.unwrap();
    let told: Vec<_> =
        changes.iter().map(|change| (change.key.as_str(), change.value.as_deref(), change.version)).collect();
    assert_eq!(told, [("gone", None, 1), ("a", Some(&b"1"[..]), 2)]);
    assert_eq!(state.range(&KeyRange::all(), 10).await.unwrap().len(), 1, "nothing is left of old indexes");
    state.close().await.unwrap();
}
