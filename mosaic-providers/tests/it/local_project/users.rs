//! The people and labels of this tracker: exactly those of the project, as it is now.

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, ListLabels, ListUsers, ProjectService as _, UpdateIssue,
};
use mosaic_core::types::PageRequest;
use mosaic_providers::local::project::LocalProject;

use super::tracker;

async fn users(tracker: &LocalProject, key: &str) -> Vec<String> {
    let page = tracker.list_users(&CallContext::new(), ListUsers::new(key)).await.unwrap();
    assert!(page.next.is_none());
    page.items.into_iter().map(|user| user.login).collect()
}

async fn labels(tracker: &LocalProject) -> Vec<String> {
    let page = tracker.list_labels(&CallContext::new(), ListLabels::new("OPS")).await.unwrap();
    page.items.into_iter().map(|label| label.name).collect()
}

#[tokio::test]
async fn people_are_those_of_the_project() {
    let (_folder, tracker) = tracker().await;
    let by = |name: &str| CallContext::new().principal(Principal::user(name));
    for key in ["OPS", "DEV"] {
        tracker.create_project(&by("zoe"), CreateProject::new(key, "Project")).await.unwrap();
    }
    assert!(users(&tracker, "OPS").await.is_empty(), "who made a project does not take part in it");
    tracker.create_issue(&by("ann"), CreateIssue::new("OPS", "One").assignee("bob")).await.unwrap();
    tracker.create_issue(&by("ann"), CreateIssue::new("OPS", "Two").assignee("ann")).await.unwrap();
    tracker.create_issue(&by(""), CreateIssue::new("OPS", "Three")).await.unwrap();
    tracker.create_issue(&by("dan"), CreateIssue::new("DEV", "One")).await.unwrap();
    tracker.add_comment(&by("Çelik"), AddComment::new("OPS", 1u64, "Seen.")).await.unwrap();
    assert_eq!(users(&tracker, "OPS").await, ["ann", "bob", "Çelik"]);
    assert_eq!(users(&tracker, "DEV").await, ["dan"]);
    let change = UpdateIssue::new("OPS", 1u64).assignee("eve");
    tracker.update_issue(&by("zoe"), change).await.unwrap();
    assert_eq!(users(&tracker, "OPS").await, ["ann", "eve", "Çelik"], "bob is assigned to nothing");

    let first = ListUsers::new("OPS").page(PageRequest::first(2));
    let first = tracker.list_users(&by("ann"), first).await.unwrap();
    let change = UpdateIssue::new("OPS", 1u64).assignee("");
    tracker.update_issue(&by("zoe"), change).await.unwrap();
    let next = ListUsers::new("OPS").page(PageRequest::first(2).at(first.next.unwrap()));
    let next = tracker.list_users(&by("ann"), next).await.unwrap();
    assert_eq!(next.items.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["Çelik"]);
}

#[tokio::test]
async fn labels_are_those_in_use() {
    let (_folder, tracker) = tracker().await;
    let cx = CallContext::new();
    tracker.create_project(&cx, CreateProject::new("OPS", "Operations")).await.unwrap();
    assert!(labels(&tracker).await.is_empty());
    for names in [vec!["b", "a"], vec!["b", "ä"], vec![]] {
        let names: Vec<_> = names.into_iter().map(String::from).collect();
        tracker.create_issue(&cx, CreateIssue::new("OPS", "One").labels(names)).await.unwrap();
    }
    assert_eq!(labels(&tracker).await, ["a", "b", "ä"]);
    let change = UpdateIssue::new("OPS", 1u64).labels(vec!["c".to_string()]);
    tracker.update_issue(&cx, change).await.unwrap();
    assert_eq!(labels(&tracker).await, ["b", "c", "ä"]);
}
