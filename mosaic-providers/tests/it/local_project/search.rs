//! What the search of this tracker does beyond the suite: what a word is, and that any query is answered.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::project::{CreateIssue, CreateProject, ProjectService as _, SearchIssues, UpdateIssue};
use mosaic_providers::local::project::LocalProject;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use super::{is_whole, tracker};

/// The numbers of the issues that a search finds.
async fn find(tracker: &LocalProject, query: &str) -> Vec<u64> {
    let page = tracker.search_issues(&CallContext::new(), SearchIssues::new(query)).await.unwrap();
    page.items.iter().map(|issue| issue.issue.number).collect()
}

async fn with_issues(titles: &[&str]) -> (tempfile::TempDir, LocalProject) {
    let (folder, tracker) = tracker().await;
    let cx = CallContext::new();
    tracker.create_project(&cx, CreateProject::new("OPS", "Operations")).await.unwrap();
    for title in titles {
        tracker.create_issue(&cx, CreateIssue::new("OPS", *title)).await.unwrap();
    }
    (folder, tracker)
}

#[tokio::test]
async fn words_are_runs_of_letters_and_digits() {
    let titles =
        ["Café at 7:30", "CAFE; closed", "re-open the file", "open, then re", "漢字 かな", "x=1 AND y=2"];
    let (_folder, tracker) = with_issues(&titles).await;
    for (query, expected) in [
        ("cafe", vec![2, 1]),
        ("CAFÉ", vec![2, 1]),
        ("cafe\u{301} 30", vec![1]),
        ("re-open", vec![3]),
        ("open re", vec![4, 3]),
        ("re OPEN file", vec![3]),
        ("漢字", vec![5]),
        ("漢", vec![]),
        ("x y", vec![6]),
        ("and", vec![6]),
        ("x AND", vec![6]),
        ("x OR cafe", vec![]),
        ("-- x", vec![6]),
    ] {
        assert_eq!(find(&tracker, query).await, expected, "{query}");
    }
    let none = tracker.search_issues(&CallContext::new(), SearchIssues::new("-- *")).await.unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn any_query_is_answered() {
    let (_folder, tracker) = with_issues(&["One"]).await;
    let texts =
        ["\\PC{0,40}", "[a-c \"'*^:(){}+,.\\-\\x00-\\x1f]{0,40}", "(NEAR|AND|OR|NOT|one|\"|\\(| ){0,12}"];
    let mut runner = TestRunner::deterministic();
    for text in texts {
        let strategy = proptest::string::string_regex(text).unwrap();
        for _ in 0..200 {
            let query = strategy.new_tree(&mut runner).unwrap().current();
            let has_word = query.contains(char::is_alphanumeric);
            let got = tracker.search_issues(&CallContext::new(), SearchIssues::new(query.as_str())).await;
            match got {
                Ok(_) => assert!(has_word, "{query:?}"),
                Err(error) => {
                    assert!(!has_word && error.kind() == ErrorKind::Invalid, "{query:?}: {error:?}")
                }
            }
        }
    }
}

/// The index follows every change, and a change of something else does not disturb it.
#[tokio::test]
async fn the_index_is_in_step() {
    let (folder, tracker) = with_issues(&["Red", "Green"]).await;
    let cx = CallContext::new();
    let of = || UpdateIssue::new("OPS", 1u64);
    tracker.update_issue(&cx, of().body("blue sky")).await.unwrap();
    tracker.update_issue(&cx, of().assignee("ann")).await.unwrap();
    tracker.update_issue(&cx, of().body("blue sea").title("Rose")).await.unwrap();
    for (query, expected) in
        [("red", vec![]), ("rose blue", vec![1]), ("sky", vec![]), ("sea", vec![1]), ("green", vec![2])]
    {
        assert_eq!(find(&tracker, query).await, expected, "{query}");
    }
    let refused = tracker.update_issue(&cx, of().title("Violet").labels(vec![String::new()])).await;
    refused.unwrap_err();
    tracker.update_issue(&cx, of().body("")).await.unwrap();
    assert!(find(&tracker, "violet").await.is_empty());
    assert!(find(&tracker, "sea").await.is_empty());
    is_whole(folder.path().join("tracker.db")).await;
}
