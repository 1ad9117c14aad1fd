//! Calls that are given up: wherever they were, the tracker stays whole and goes on.

use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Waker};

use mosaic_core::context::{CallContext, Sent};
use mosaic_core::op::project::{CreateIssue, CreateProject, ListIssues, ProjectService as _};
use mosaic_providers::local::project::LocalProject;

use super::{beside, number, tracker};

/// Polls a create a number of times, giving other threads a turn between, and drops it. Whether it was done by then.
async fn given_up_after(tracker: &LocalProject, polls: usize, cx: &CallContext) -> bool {
    let op = CreateIssue::new("OPS", "Given up").body("Text").labels(vec!["a".to_string()]);
    let mut call = pin!(tracker.create_issue(cx, op));
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
    let (folder, tracker) = tracker().await;
    let cx = CallContext::new();
    tracker.create_project(&cx, CreateProject::new("OPS", "Operations")).await.unwrap();
    let (mut done, mut may, mut total) = (0, 0, 0);
    for polls in (0..60).chain((60..4000).step_by(197)) {
        let sent = Sent::new();
        let cx = cx.clone().for_attempt(Some(sent.clone()));
        if given_up_after(&tracker, polls, &cx).await {
            done += 1;
        } else if sent.marked() {
            may += 1;
        }
        // The next write gets its turn, whatever became of the one before.
        tracker.create_issue(&CallContext::new(), CreateIssue::new("OPS", "Made")).await.unwrap();
        total += 1;
    }
    let mut conn = beside(folder.path().join("tracker.db")).await;
    let given_up = number(&mut conn, "SELECT count(*) FROM issue WHERE title = 'Given up'").await;
    assert!(
        (done..=done + may).contains(&given_up),
        "{done} were done, {may} may have been, {given_up} are there"
    );
    assert_eq!(number(&mut conn, "SELECT max(number) FROM issue").await, given_up + total, "no gaps");
    assert_eq!(number(&mut conn, "SELECT count(*) FROM label").await, given_up, "each with its label");
    assert!(!tracker.list_issues(&cx, ListIssues::new("OPS")).await.unwrap().items.is_empty());
}
