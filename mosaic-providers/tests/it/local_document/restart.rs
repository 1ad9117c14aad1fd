//! What was written is there after a restart, whether it was stopped or only went away.

use mosaic_core::context::Sent;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::document::{
    CreateDocument, CreateSpace, DocsService as _, GetDocument, GetSpace, ListDocuments, OrganizeContent,
    Placement, SearchDocuments, UpdateDocument,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::PageRequest;
use mosaic_providers::local::document::LocalDocs;

use super::{create, cx, docs, found, handbook, titles};

async fn everything_is_there_again(stop: bool) {
    let (folder, first) = docs().await;
    let op = CreateSpace::new("handbook", "The handbook").description("How we work.\n");
    let space = first.create_space(&cx(), op).await.unwrap();
    let one = create(&first, "One", "The *first* text").await;
    let op =
        CreateDocument::new("handbook", "Two", "---\n").parent(one.id.as_str()).labels(vec!["l".to_string()]);
    let two = first.create_document(&cx(), op).await.unwrap();
    create(&first, "Three", "").await;
    let op = UpdateDocument::new("handbook", one.id.as_str()).title("Uno");
    let one = first.update_document(&cx(), op).await.unwrap();
    let op = OrganizeContent::new("handbook", vec![Placement::new(two.id.as_str(), 0)]);
    let order = first.organize_content(&cx(), op).await.unwrap();
    let page = ListDocuments::new("handbook").page(PageRequest::first(1));
    let page = first.list_documents(&cx(), page).await.unwrap();
    let hits = first.search_documents(&cx(), SearchDocuments::new("first")).await.unwrap();
    if stop {
        first.stop().await.unwrap();
        let refusal =
            first.get_document(&cx(), GetDocument::new("handbook", two.id.as_str())).await.unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::Lifecycle);
    }
    drop(first);

    let second = LocalDocs::open(folder.path()).await.unwrap();
    assert_eq!(second.get_space(&cx(), GetSpace::new("handbook")).await.unwrap(), space);
    assert_eq!(second.get_document(&cx(), GetDocument::new("handbook", one.id.as_str())).await.unwrap(), one);
    let got = second.get_document(&cx(), GetDocument::new("handbook", two.id.as_str())).await.unwrap();
    assert_eq!((got.body.as_str(), got.labels, got.parent), ("---\n", vec!["l".to_string()], None));
    let next = ListDocuments::new("handbook").page(PageRequest::first(1).at(page.next.unwrap()));
    let next = second.list_documents(&cx(), next).await.unwrap();
    assert_eq!(next.items, order.documents[1..2], "a cursor lives on");
    assert_eq!(titles(&second).await, ["Two", "Uno", "Three"]);
    let again = second.search_documents(&cx(), SearchDocuments::new("first")).await.unwrap();
    assert_eq!(again, hits);
    assert_eq!(hits.items[0].snippet.as_deref(), Some("The **first** text"));
}

#[tokio::test]
async fn everything_is_there_after_a_stop() {
    everything_is_there_again(true).await;
}

#[tokio::test]
async fn everything_is_there_without_a_stop() {
    everything_is_there_again(false).await;
}

#[tokio::test]
async fn what_was_stopped_can_be_started_again() {
    let (_folder, docs, _) = handbook().await;
    docs.stop().await.unwrap();
    docs.stop().await.unwrap();
    docs.start().await.unwrap();
    docs.start().await.unwrap();
    create(&docs, "One", "word").await;
    assert_eq!(found(&docs, "word").await, ["One"]);
    docs.dispose().await;
    let refusal = docs.get_space(&cx(), GetSpace::new("handbook")).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Lifecycle);
}

#[tokio::test]
async fn texts_at_the_bounds_are_kept() {
    let (_folder, docs, _) = handbook().await;
    let (title, body) = ("ä".repeat(512), "b".repeat(1024 * 1024));
    let labels: Vec<String> = (0..100).map(|at| format!("{at:_<255}")).collect();
    let op = CreateDocument::new("handbook", title.as_str(), body.as_str()).labels(labels.clone());
    let made = docs.create_document(&cx(), op).await.unwrap();
    let got = docs.get_document(&cx(), GetDocument::new("handbook", made.id)).await.unwrap();
    assert_eq!((got.title, got.labels.len()), (title, 100));
    assert!(got.body == body);
}

/// The moment of sending is right before the visible step: what is refused or changes nothing is not sent.
#[tokio::test]
async fn only_a_write_that_changes_something_is_sent() {
    let (_folder, docs, _) = handbook().await;
    let sent = Sent::new();
    let cx = cx().for_attempt(Some(sent.clone()));
    let made = docs.create_document(&cx, CreateDocument::new("handbook", "One", "")).await.unwrap();
    assert!(sent.marked());
    sent.clear();
    let of = || UpdateDocument::new("handbook", made.id.as_str());
    docs.update_document(&cx, of().title("One")).await.unwrap();
    docs.get_document(&cx, GetDocument::new("handbook", made.id.as_str())).await.unwrap();
    let refusal = docs.update_document(&cx, of().title("Two").expected("old")).await.unwrap_err();
    assert_eq!((refusal.kind(), sent.marked()), (ErrorKind::Conflict, false));
    let refusal = docs.create_space(&cx, CreateSpace::new("handbook", "Again")).await.unwrap_err();
    assert_eq!((refusal.kind(), sent.marked()), (ErrorKind::Conflict, false));
    docs.update_document(&cx, of().title("Two")).await.unwrap();
    assert!(sent.marked());
}
