//! The local tracker: the suite, restarts, kills, keys, files of older versions, and files that it must refuse.

mod broken;
mod cancel;
mod config;
mod files;
mod keys;
mod kill;
mod migration;
mod model;
mod restart;
mod search;
mod sprints;
mod users;

use std::path::Path;
use std::sync::Arc;

use mosaic_core::op::OpSet;
use mosaic_core::plugin::{HealthStatus, Plugin as _};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::testkit::suite::project;
use mosaic_core::types::ServiceKind;
use mosaic_providers::local::project::LocalProject;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

/// A tracker in a folder of its own, which lives as long as the folder's guard.
async fn tracker() -> (TempDir, LocalProject) {
    let folder = tempfile::tempdir().unwrap();
    let tracker = LocalProject::open(folder.path().join("tracker.db")).await.unwrap();
    (folder, tracker)
}

/// A connection beside the tracker, for a look at what it stored.
async fn beside(path: impl AsRef<Path>) -> SqliteConnection {
    use sqlx::ConnectOptions as _;
    SqliteConnectOptions::new().filename(path).create_if_missing(true).connect().await.unwrap()
}

async fn number(conn: &mut SqliteConnection, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(conn).await.unwrap()
}

/// Whether the file, its references and its full-text index agree.
async fn is_whole(path: impl AsRef<Path>) {
    let mut conn = beside(path).await;
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut conn).await.unwrap();
    assert_eq!(sound, "ok");
    assert!(sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut conn).await.unwrap().is_empty());
    // Compares every word of the index with the issues.
    let words = "INSERT INTO issue_text (issue_text, rank) VALUES ('integrity-check', 1)";
    sqlx::query(words).execute(&mut conn).await.unwrap();
}

#[tokio::test]
async fn it_behaves_like_every_tracker() {
    let (_folder, tracker) = tracker().await;
    project::run(&tracker, &project::World::new(OpSet::service(ServiceKind::Project))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_trackers_on_one_file_behave_like_one() {
    let (folder, one) = tracker().await;
    let two = LocalProject::open(folder.path().join("tracker.db")).await.unwrap();
    let all = project::World::new(OpSet::service(ServiceKind::Project));
    let (one, two) = tokio::join!(project::run(&one, &all), project::run(&two, &all));
    one.and(two).unwrap();
}

#[tokio::test]
async fn it_does_what_it_declares() {
    let (_folder, tracker) = tracker().await;
    honesty(Arc::new(tracker), || 0).await.unwrap();
}

#[tokio::test]
async fn its_health_is_that_of_its_file() {
    let (folder, tracker) = tracker().await;
    assert_eq!(tracker.health().await.status, HealthStatus::Healthy);
    std::fs::remove_file(folder.path().join("tracker.db")).unwrap();
    let report = tracker.health().await;
    assert_eq!(report.status, HealthStatus::Unhealthy);
    assert!(!report.detail.unwrap().contains("tracker.db"), "no path");
    tracker.stop().await.unwrap();
    assert_eq!(tracker.health().await.status, HealthStatus::Unhealthy);
}
