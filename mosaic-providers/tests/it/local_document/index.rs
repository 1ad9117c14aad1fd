//! The index follows from the files: it is made anew where it is missing, damaged, old or another program's.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use mosaic_core::error::ErrorKind;
use mosaic_core::op::document::{CreateSpace, DocsService as _, SearchDocuments};
use mosaic_core::plugin::Plugin as _;
use mosaic_providers::local::document::LocalDocs;
use proptest::prelude::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use super::{create, cx, found, handbook};

/// Documents that were searched once.
async fn searched() -> (TempDir, LocalDocs, PathBuf) {
    let (folder, docs, _) = handbook().await;
    create(&docs, "One", "word").await;
    create(&docs, "Two", "word and more").await;
    assert_eq!(found(&docs, "word").await, ["One", "Two"]);
    let index = folder.path().join(".mosaic/index.db");
    assert!(index.is_file());
    (folder, docs, index)
}

#[tokio::test]
async fn a_missing_index_is_made_anew() {
    let (folder, docs, index) = searched().await;
    // While it is open as well as before.
    fs::remove_file(&index).unwrap();
    assert_eq!(found(&docs, "word").await, ["One", "Two"]);
    create(&docs, "Three", "word").await;
    assert_eq!(found(&docs, "word").await, ["One", "Three", "Two"]);
    assert!(index.is_file(), "the write went to a file that others see");
    docs.stop().await.unwrap();
    fs::remove_file(&index).unwrap();
    let docs = LocalDocs::open(folder.path()).await.unwrap();
    assert_eq!(found(&docs, "more").await, ["Two"]);
}

#[tokio::test]
async fn a_damaged_index_is_made_anew() {
    for damage in ["letter", "cut", "middle", "begin", "empty"] {
        let (folder, docs, index) = searched().await;
        docs.stop().await.unwrap();
        let size = fs::metadata(&index).unwrap().len();
        let mut file = OpenOptions::new().write(true).open(&index).unwrap();
        match damage {
            "letter" => fs::write(&index, "Dear index, this is a letter. ".repeat(200)).unwrap(),
            "cut" => file.set_len(size / 2 + 100).unwrap(),
            "empty" => file.set_len(0).unwrap(),
            "begin" => file.write_all(&[0xa5; 4096]).unwrap(),
            _ => {
                file.seek(SeekFrom::Start(4096)).unwrap();
                file.write_all(&vec![0xa5; size as usize - 4096]).unwrap();
            }
        }
        let docs = LocalDocs::open(folder.path()).await.unwrap();
        assert_eq!(found(&docs, "word").await, ["One", "Two"], "{damage}");
        create(&docs, "Three", "word").await;
        assert_eq!(found(&docs, "word").await, ["One", "Three", "Two"], "{damage}");
    }
}

#[tokio::test]
async fn an_index_that_is_damaged_while_it_is_open_is_made_anew() {
    let (_folder, docs, index) = searched().await;
    let size = fs::metadata(&index).unwrap().len() as usize;
    fs::write(&index, vec![0xa5; size]).unwrap();
    create(&docs, "Three", "word").await;
    assert_eq!(found(&docs, "word").await, ["One", "Three", "Two"]);
}

#[tokio::test]
async fn an_index_of_another_version_or_program_is_made_anew() {
    for statement in
        ["PRAGMA user_version = 99", "PRAGMA application_id = 7", "DROP TABLE words; DROP TABLE space"]
    {
        let (folder, docs, index) = searched().await;
        docs.stop().await.unwrap();
        let mut conn = SqliteConnectOptions::new().filename(&index).connect().await.unwrap();
        sqlx::raw_sql(statement).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let docs = LocalDocs::open(folder.path()).await.unwrap();
        assert_eq!(found(&docs, "word").await, ["One", "Two"], "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_and_make_it_at_once() {
    let (folder, docs, _) = handbook().await;
    for at in 0..40 {
        create(&docs, &format!("Document {at}"), "word").await;
    }
    let searches = (0..6).map(|_| {
        let path = folder.path().to_path_buf();
        tokio::spawn(async move { found(&LocalDocs::open(path).await.unwrap(), "word").await.len() })
    });
    for search in futures_util::future::join_all(searches).await {
        assert_eq!(search.unwrap(), 30, "a page");
    }
}

#[tokio::test]
async fn a_space_that_is_gone_is_not_searched() {
    let (folder, docs, _) = searched().await;
    docs.create_space(&cx(), CreateSpace::new("other", "Other")).await.unwrap();
    fs::rename(folder.path().join("handbook"), folder.path().join("renamed")).unwrap();
    let page = docs.search_documents(&cx(), SearchDocuments::new("word")).await.unwrap();
    assert!(
        page.items.iter().all(|hit| hit.document.space == "renamed") && page.items.len() == 2,
        "{page:?}"
    );
    fs::remove_dir_all(folder.path().join("renamed")).unwrap();
    assert!(found(&docs, "word").await.is_empty());
}

#[tokio::test]
async fn words_have_forms_and_accents() {
    let (_folder, docs, _) = handbook().await;
    create(&docs, "Café Zürich", "Releasing checks and naïve [links](https://secret.invalid/hidden)").await;
    for query in ["cafe", "ZÜRICH", "zurich", "release", "checked", "naive", "link"] {
        assert_eq!(found(&docs, query).await, ["Café Zürich"], "{query}");
    }
    for query in ["hidden", "https", "caf"] {
        assert!(found(&docs, query).await.is_empty(), "{query}");
    }
    let long = SearchDocuments::new("x".repeat(1_001));
    assert_eq!(docs.search_documents(&cx(), long).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn any_text_can_be_searched_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_folder, docs, _) = runtime.block_on(handbook());
    runtime.block_on(create(&docs, "One", "a b c word \"quoted\" title NEAR"));
    let piece = prop_oneof![
        Just("\"".to_string()),
        Just("*".to_string()),
        Just("title:".to_string()),
        Just("NEAR(".to_string()),
        Just(" OR ".to_string()),
        Just("ⓐ".to_string()),
        Just("\u{0}".to_string()),
        Just("a ".repeat(200)),
        "[a-z\"(){}^+*:-]{1,6}",
        any::<String>(),
    ];
    let query = proptest::collection::vec(piece, 0..6)
        .prop_map(|pieces| pieces.concat().chars().take(1_000).collect::<String>());
    proptest!(|(query in query)| {
        let page = runtime.block_on(docs.search_documents(&cx(), SearchDocuments::new(query)));
        prop_assert!(page.unwrap().items.len() <= 1);
    });
}

/// An index that another program holds is waited for, not thrown away, and a search that is under way when the documents are
/// stopped does not open it again.
#[tokio::test]
async fn a_stop_closes_it() {
    let (folder, docs, index) = searched().await;
    let cx = cx();
    let search = docs.search_documents(&cx, SearchDocuments::new("word"));
    let ((), search) = tokio::join!(async { docs.stop().await.unwrap() }, search);
    assert!(search.is_ok() || search.unwrap_err().kind() == ErrorKind::Lifecycle);
    let mut conn = SqliteConnectOptions::new().filename(&index).connect().await.unwrap();
    let held = conn.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let docs = LocalDocs::open(folder.path()).await.unwrap();
    let search = docs.search_documents(&cx, SearchDocuments::new("word"));
    let free = async {
        // A read of the files is answered meanwhile.
        assert_eq!(super::titles(&docs).await.len(), 2);
        held.rollback().await.unwrap();
    };
    let (search, ()) = tokio::join!(search, free);
    assert_eq!(search.unwrap().items.len(), 2);
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM document").fetch_one(&mut conn).await.unwrap();
    assert_eq!(tables, 2, "the same file");
}
