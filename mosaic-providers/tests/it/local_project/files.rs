//! Files that a tracker must refuse, or shares with another.

use std::pin::pin;

use futures_util::future::{Either, select};
use mosaic_core::context::{CallContext, Sent};
use mosaic_core::error::{Error, ErrorKind};
use mosaic_core::op::project::{CreateProject, GetProject, ProjectService as _};
use mosaic_core::plugin::Plugin as _;
use mosaic_providers::local::project::LocalProject;
use sqlx::Connection as _;

use super::{beside, number, tracker};

async fn refusal(path: &std::path::Path) -> Error {
    let error = LocalProject::open(path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    let shown = error.to_string();
    assert!(shown.contains("path"), "{shown}");
    let folder = path.parent().unwrap().to_str().unwrap();
    assert!(!shown.contains(folder) && !shown.contains("SELECT"), "{shown}");
    error
}

#[tokio::test]
async fn a_newer_tracker_is_refused_and_left_alone() {
    let (folder, first) = tracker().await;
    let path = folder.path().join("tracker.db");
    first.create_project(&CallContext::new(), CreateProject::new("OPS", "Operations")).await.unwrap();
    first.stop().await.unwrap();
    let mut conn = beside(&path).await;
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = refusal(&path).await;
    assert!(error.message().contains("version 99"), "{error}");
    assert!(error.message().contains("newer program"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut conn = beside(&path).await;
    sqlx::raw_sql("CREATE TABLE project (id INTEGER)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(refusal(&path).await.message().contains("another program"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let text = "Dear tracker, this is a letter and no database. ".repeat(40);
    std::fs::write(&path, &text).unwrap();
    refusal(&path).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    assert!(refusal(&path.join("tracker.db")).await.message().contains("folder"), "a file is no folder");
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    assert!(refusal(&folder.path().join("sub")).await.message().contains("folder"));
    assert!(LocalProject::open("").await.unwrap_err().message().contains("path"));
}

#[tokio::test]
async fn folders_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/file:tracker?mode=memory");
    LocalProject::open(&path).await.unwrap().stop().await.unwrap();
    assert!(path.is_file(), "a path is a path");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_can_be_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..8 {
        let path = folder.path().join(format!("{round}.db"));
        let opening = (0..4).map(|_| {
            let path = path.clone();
            tokio::spawn(async move { LocalProject::open(path).await })
        });
        for opened in futures_util::future::join_all(opening).await {
            opened.unwrap().unwrap();
        }
        let mut conn = beside(&path).await;
        assert_eq!(number(&mut conn, "PRAGMA user_version").await, 2);
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut conn).await.unwrap();
        assert_eq!(mode, "wal");
    }
}

/// The moment of sending is the commit: a call that waits for the lock of another program has done nothing yet.
#[tokio::test]
async fn a_write_that_waits_for_the_lock_is_not_sent() {
    let (folder, tracker) = tracker().await;
    let mut other = beside(folder.path().join("tracker.db")).await;
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let sent = Sent::new();
    let cx = CallContext::new().for_attempt(Some(sent.clone()));
    let op = || CreateProject::new("OPS", "Operations");
    {
        let mut call = pin!(tracker.create_project(&cx, op()));
        // Reads do not wait for the lock; by the end of this one the call is at it.
        let read = tracker.get_project(&cx, GetProject::new("OPS"));
        let Either::Right((read, _)) = select(call.as_mut(), pin!(read)).await else {
            panic!("the write did not wait")
        };
        assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!sent.marked());
        lock.rollback().await.unwrap();
        call.await.unwrap();
        assert!(sent.marked());
    }
    sent.clear();
    tracker.get_project(&cx, GetProject::new("OPS")).await.unwrap();
    assert!(!sent.marked(), "a read sends nothing that could be done twice");
    let conflict = tracker.create_project(&cx, op()).await.unwrap_err();
    assert_eq!((conflict.kind(), sent.marked()), (ErrorKind::Conflict, false));
}
