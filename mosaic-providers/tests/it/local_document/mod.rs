//! Local documents: the suite, restarts, kills, edits by hand, the index, and folders that must be refused.

mod cancel;
mod config;
mod front;
mod hand;
mod index;
mod kill;
mod lies;
mod restart;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mosaic_core::context::CallContext;
use mosaic_core::op::OpSet;
use mosaic_core::op::document::{
    CreateDocument, CreateSpace, DocsService as _, ListDocuments, SearchDocuments,
};
use mosaic_core::plugin::{HealthStatus, Plugin as _};
use mosaic_core::testkit::honesty::honesty;
use mosaic_core::testkit::suite::document;
use mosaic_core::types::document::Document;
use mosaic_core::types::{PageRequest, ServiceKind};
use mosaic_providers::local::document::LocalDocs;
use tempfile::TempDir;

/// Documents in a folder of their own, which lives as long as its guard.
async fn docs() -> (TempDir, LocalDocs) {
    let folder = tempfile::tempdir().unwrap();
    let docs = LocalDocs::open(folder.path()).await.unwrap();
    (folder, docs)
}

/// The same with the space `handbook`, and its folder.
async fn handbook() -> (TempDir, LocalDocs, PathBuf) {
    let (folder, docs) = docs().await;
    docs.create_space(&cx(), CreateSpace::new("handbook", "The handbook")).await.unwrap();
    let space = folder.path().join("handbook");
    (folder, docs, space)
}

fn cx() -> CallContext {
    CallContext::new()
}

async fn create(docs: &LocalDocs, title: &str, body: &str) -> Document {
    docs.create_document(&cx(), CreateDocument::new("handbook", title, body)).await.unwrap()
}

/// Titles as a reader meets them.
async fn titles(docs: &LocalDocs) -> Vec<String> {
    let op = ListDocuments::new("handbook").page(PageRequest::first(100));
    let page = docs.list_documents(&cx(), op).await.unwrap();
    assert!(page.next.is_none());
    page.items.into_iter().map(|entry| entry.title).collect()
}

/// Titles of what a search finds, in alphabetical order.
async fn found(docs: &LocalDocs, query: &str) -> Vec<String> {
    let page = docs.search_documents(&cx(), SearchDocuments::new(query)).await.unwrap();
    let mut titles: Vec<String> = page.items.into_iter().map(|hit| hit.document.title).collect();
    titles.sort();
    titles
}

/// The file whose name begins so.
fn file(space: &Path, begin: &str) -> PathBuf {
    let names = fs::read_dir(space).unwrap().map(|entry| entry.unwrap().path());
    let mut named: Vec<PathBuf> =
        names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(begin)).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    named.remove(0)
}

#[tokio::test]
async fn it_behaves_like_every_provider_of_documents() {
    let (_folder, docs) = docs().await;
    document::run(&docs, &document::World::new(OpSet::service(ServiceKind::Docs))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_on_one_folder_behave_like_one() {
    let (folder, one) = docs().await;
    let two = LocalDocs::open(folder.path()).await.unwrap();
    let all = document::World::new(OpSet::service(ServiceKind::Docs));
    let (one, two) = tokio::join!(document::run(&one, &all), document::run(&two, &all));
    one.and(two).unwrap();
}

#[tokio::test]
async fn it_does_what_it_declares() {
    let (_folder, docs) = docs().await;
    honesty(Arc::new(docs), || 0).await.unwrap();
}

#[tokio::test]
async fn its_health_is_that_of_its_folder() {
    let (folder, docs) = docs().await;
    assert_eq!(docs.health().await.status, HealthStatus::Healthy);
    assert_eq!(fs::read_dir(folder.path().join(".mosaic/tmp")).unwrap().count(), 0, "a check leaves nothing");
    fs::rename(folder.path().join(".mosaic"), folder.path().join("moved")).unwrap();
    let report = docs.health().await;
    assert_eq!(report.status, HealthStatus::Unhealthy);
    assert!(!report.detail.unwrap().contains(folder.path().to_str().unwrap()), "no path");
    docs.stop().await.unwrap();
    assert_eq!(docs.health().await.status, HealthStatus::Unhealthy);
}
