//! What was written is there after a restart, whether the tracker was stopped or only went away.

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments,
    ListIssues, PlanSprint, ProjectService as _, SearchIssues, UpdateIssue,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::project::{IssueState, LinkKind, SprintState};
use mosaic_core::types::{IssueRef, PageRequest};
use mosaic_providers::local::project::LocalProject;

use super::{beside, number, tracker};

async fn everything_is_there_again(stop: bool) {
    let (folder, first) = tracker().await;
    let path = folder.path().join("tracker.db");
    let cx = CallContext::new().principal(Principal::user("ann"));
    let project = first.create_project(&cx, CreateProject::new("team/OPS", "Operations")).await.unwrap();
    let labels = vec!["bug".to_string()];
    let op = CreateIssue::new("team/OPS", "One").body("Body").assignee("bob").labels(labels);
    first.create_issue(&cx, op).await.unwrap();
    first.create_issue(&cx, CreateIssue::new("team/OPS", "Two")).await.unwrap();
    let closed = UpdateIssue::new("team/OPS", 2u64).state(IssueState::Closed);
    first.update_issue(&cx, closed).await.unwrap();
    first.add_comment(&cx, AddComment::new("team/OPS", 1u64, "Seen too.")).await.unwrap();
    let link = LinkIssues::new("team/OPS", 1u64, IssueRef::new("team/OPS", 2u64)).kind(LinkKind::Blocks);
    first.link_issues(&cx, link).await.unwrap();
    let sprint = CreateSprint::new("team/OPS", "July").goal("No leaks");
    let sprint = first.create_sprint(&cx, sprint).await.unwrap();
    let plan =
        PlanSprint::new("team/OPS", sprint.id.as_str()).add_issues(vec![1, 2]).state(SprintState::Active);
    let plan = first.plan_sprint(&cx, plan).await.unwrap();
    let one = first.get_issue(&cx, GetIssue::new("team/OPS", 1u64)).await.unwrap();
    assert_eq!(one.author.as_deref(), Some("ann"));
    assert_eq!(one.links.len(), 1);
    let page = ListIssues::new("team/OPS").page(PageRequest::first(1));
    let page = first.list_issues(&cx, page).await.unwrap();
    if stop {
        first.stop().await.unwrap();
        assert!(!folder.path().join("tracker.db-wal").exists(), "the log is folded into the file");
        let refusal = first.get_issue(&cx, GetIssue::new("team/OPS", 1u64)).await.unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::Lifecycle);
    }
    drop(first);

    let second = LocalProject::open(&path).await.unwrap();
    assert_eq!(second.get_project(&cx, GetProject::new("team/OPS")).await.unwrap(), project);
    assert_eq!(second.get_issue(&cx, GetIssue::new("team/OPS", 1u64)).await.unwrap(), one);
    let next = PageRequest::first(1).at(page.next.unwrap());
    let next = second.list_issues(&cx, ListIssues::new("team/OPS").page(next)).await.unwrap();
    assert_eq!(next.items, [one], "a cursor lives on");
    let same = PlanSprint::new("team/OPS", sprint.id.as_str());
    assert_eq!(second.plan_sprint(&cx, same).await.unwrap(), plan);
    let found = second.search_issues(&cx, SearchIssues::new("body one")).await.unwrap();
    assert_eq!(found.items, next.items);
    let comments = second.list_comments(&cx, ListComments::new("team/OPS", 1u64)).await.unwrap();
    assert_eq!(comments.items.len(), 1);
    let three = second.create_issue(&cx, CreateIssue::new("team/OPS", "Three")).await.unwrap();
    assert_eq!(three.issue.number, 3);
    let query = "SELECT count(*) FROM comment WHERE body = 'Seen too.' AND author = 'ann'";
    assert_eq!(number(&mut beside(&path).await, query).await, 1);
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
async fn a_stopped_tracker_can_be_started_again() {
    let (_folder, tracker) = tracker().await;
    let cx = CallContext::new();
    tracker.create_project(&cx, CreateProject::new("OPS", "Operations")).await.unwrap();
    tracker.stop().await.unwrap();
    tracker.stop().await.unwrap();
    tracker.start().await.unwrap();
    tracker.start().await.unwrap();
    tracker.get_project(&cx, GetProject::new("OPS")).await.unwrap();
    tracker.dispose().await;
    let refusal = tracker.get_project(&cx, GetProject::new("OPS")).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Lifecycle);
}

#[tokio::test]
async fn texts_at_the_bounds_are_kept() {
    let (_folder, tracker) = tracker().await;
    let cx = CallContext::new();
    tracker.create_project(&cx, CreateProject::new("K".repeat(32), "Bounds")).await.unwrap();
    let (title, body) = ("ä".repeat(512), "b".repeat(1024 * 1024));
    let op = CreateIssue::new("K".repeat(32), title.as_str()).body(body.as_str());
    let made = tracker.create_issue(&cx, op).await.unwrap();
    assert_eq!((made.title, made.body), (title, Some(body)));
}
