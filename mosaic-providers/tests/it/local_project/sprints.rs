//! What sprints of this tracker do beyond the suite: its bounds, and what a closed sprint takes.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::project::{
    CreateIssue, CreateProject, CreateSprint, GetIssue, ListIssues, PlanSprint, ProjectService as _,
};
use mosaic_core::types::Timestamp;
use mosaic_core::types::project::SprintState;
use mosaic_providers::local::project::LocalProject;

use super::tracker;

async fn with_issues(count: u64) -> (tempfile::TempDir, LocalProject) {
    let (folder, tracker) = tracker().await;
    let cx = CallContext::new();
    tracker.create_project(&cx, CreateProject::new("OPS", "Operations")).await.unwrap();
    tracker.create_sprint(&cx, CreateSprint::new("OPS", "July")).await.unwrap();
    for _ in 0..count {
        tracker.create_issue(&cx, CreateIssue::new("OPS", "Planned")).await.unwrap();
    }
    (folder, tracker)
}

fn plan() -> PlanSprint {
    PlanSprint::new("OPS", "1")
}

#[tokio::test]
async fn a_closed_sprint_takes_no_issue_in_and_lets_issues_out() {
    let (_folder, tracker) = with_issues(3).await;
    let cx = CallContext::new();
    tracker.plan_sprint(&cx, plan().add_issues(vec![1, 2]).state(SprintState::Closed)).await.unwrap();
    let full = tracker.plan_sprint(&cx, plan().add_issues(vec![1, 3]).goal("More")).await.unwrap_err();
    assert_eq!((full.kind(), full.outcome()), (ErrorKind::Conflict, Outcome::NotMade));
    let same =
        tracker.plan_sprint(&cx, plan().add_issues(vec![1, 2]).state(SprintState::Closed)).await.unwrap();
    assert_eq!((same.sprint.goal, same.issues), (None, vec![1, 2]));
    let out = tracker.plan_sprint(&cx, plan().remove_issues(vec![2]).goal("Done")).await.unwrap();
    assert_eq!((out.sprint.goal.as_deref(), out.issues), (Some("Done"), vec![1]));
    assert_eq!(out.sprint.state, SprintState::Closed);
}

#[tokio::test]
async fn a_plan_is_bounded() {
    let (_folder, tracker) = with_issues(1).await;
    let cx = CallContext::new();
    assert_eq!(tracker.plan_sprint(&cx, plan().add_issues(vec![1; 1000])).await.unwrap().issues, [1]);
    for op in [plan().add_issues(vec![1; 1001]), plan().remove_issues(vec![1; 1001])] {
        assert_eq!(tracker.plan_sprint(&cx, op).await.unwrap_err().kind(), ErrorKind::Invalid);
    }
}

#[tokio::test]
async fn a_plan_notes_a_change_of_the_issues_that_moved() {
    let (_folder, tracker) = with_issues(2).await;
    let cx = CallContext::new();
    let get = async |number: u64| tracker.get_issue(&cx, GetIssue::new("OPS", number)).await.unwrap();
    let (one, two) = (get(1).await, get(2).await);
    tracker.plan_sprint(&cx, plan().add_issues(vec![1])).await.unwrap();
    let moved = get(1).await;
    assert!(moved.updated_at > one.updated_at);
    assert_eq!(get(2).await, two);
    tracker.plan_sprint(&cx, plan().add_issues(vec![1]).remove_issues(vec![2])).await.unwrap();
    assert_eq!((get(1).await, get(2).await), (moved, two), "nothing moved");
}

#[tokio::test]
async fn times_are_kept_to_the_microsecond_and_an_empty_goal_is_none() {
    let (_folder, tracker) = with_issues(0).await;
    let cx = CallContext::new();
    let fine: Timestamp = "2026-07-01T00:00:00.123456789Z".parse().unwrap();
    let op = CreateSprint::new("OPS", "Fine").goal("").starts_at(fine).ends_at(fine);
    let made = tracker.create_sprint(&cx, op).await.unwrap();
    assert_eq!(made.starts_at.unwrap().to_string(), "2026-07-01T00:00:00.123456Z");
    assert_eq!((made.ends_at, made.goal.as_ref()), (made.starts_at, None));
    let op = PlanSprint::new("OPS", made.id.as_str()).starts_at(fine).goal("New");
    let sprint = tracker.plan_sprint(&cx, op.clone()).await.unwrap().sprint;
    assert_eq!((sprint.starts_at, sprint.goal.as_deref()), (made.starts_at, Some("New")));
    assert_eq!(tracker.plan_sprint(&cx, op.goal("")).await.unwrap().sprint.goal, None);
}

#[tokio::test]
async fn a_filter_by_an_unknown_sprint_finds_nothing() {
    let (_folder, tracker) = with_issues(1).await;
    for sprint in ["", "0", "2", "01", "+1", "July"] {
        let op = ListIssues::new("OPS").sprint(sprint);
        let page = tracker.list_issues(&CallContext::new(), op).await.unwrap();
        assert!(page.items.is_empty(), "{sprint:?}");
        let refusal =
            tracker.plan_sprint(&CallContext::new(), PlanSprint::new("OPS", sprint)).await.unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::NotFound, "{sprint:?}");
    }
}
