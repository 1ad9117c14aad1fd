//! Calls that are given up: each happened as a whole or not at all, and one that is not marked as sent never happens.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use mosaic_core::context::{CallContext, Sent};
use mosaic_core::op::document::{CreateDocument, DocsService as _};
use mosaic_providers::local::document::LocalDocs;

use super::{create, cx, docs, handbook, titles};

/// Polls a create a number of times, giving other threads a turn between, and drops it. Whether it was done by then.
async fn given_up_after(docs: &LocalDocs, polls: usize, cx: &CallContext) -> bool {
    let mut call = pin!(docs.create_document(cx, CreateDocument::new("handbook", "Given up", "Text")));
    for _ in 0..polls {
        if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_given_up_happened_whole_or_not_at_all() {
    let (folder, docs, _) = handbook().await;
    let (mut done, mut may, mut total) = (0, 0, 0);
    for polls in (0..40).chain((40..4000).step_by(397)) {
        let sent = Sent::new();
        let cx = cx().for_attempt(Some(sent.clone()));
        if given_up_after(&docs, polls, &cx).await {
            done += 1;
        } else if sent.marked() {
            may += 1;
        }
        // The next write gets its turn, whatever became of the one before.
        create(&docs, "Made", "").await;
        total += 1;
    }
    let seen = titles(&docs).await;
    let given_up = seen.iter().filter(|title| *title == "Given up").count();
    assert!(
        (done..=done + may).contains(&given_up),
        "{done} were done, {may} may have been, {given_up} are there"
    );
    assert_eq!(seen.len(), given_up + total);
    let left = std::fs::read_dir(folder.path().join(".mosaic/tmp")).unwrap().count();
    assert_eq!(left, 0, "nothing is left behind");
}

#[tokio::test]
async fn what_waits_for_the_lock_of_another_program_is_not_sent() {
    let (folder, docs, _) = handbook().await;
    let lock = std::fs::File::open(folder.path().join(".mosaic/locks/handbook")).unwrap();
    lock.lock().unwrap();
    let sent = Sent::new();
    let cx = cx().for_attempt(Some(sent.clone()));
    {
        let mut call = pin!(docs.create_document(&cx, CreateDocument::new("handbook", "One", "")));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        // A read does not wait for the lock; by the end of it the call is at it.
        assert!(titles(&docs).await.is_empty());
        assert!(!sent.marked());
        lock.unlock().unwrap();
        call.await.unwrap();
        assert!(sent.marked());
    }
    assert_eq!(titles(&docs).await, ["One"]);
}

#[tokio::test]
async fn spaces_do_not_wait_for_each_other() {
    let (folder, docs) = docs().await;
    for space in ["one", "two"] {
        let op = mosaic_core::op::document::CreateSpace::new(space, space);
        docs.create_space(&cx(), op).await.unwrap();
    }
    let lock = std::fs::File::open(folder.path().join(".mosaic/locks/one")).unwrap();
    lock.lock().unwrap();
    docs.create_document(&cx(), CreateDocument::new("two", "Free", "")).await.unwrap();
}
