//! Idempotency keys: once is once, for a day.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListIssues,
    ListSprints, PlanSprint, ProjectService as _, UnlinkIssues, UpdateIssue, UpdateProject,
};
use mosaic_core::types::{IssueRef, TenantId};
use mosaic_providers::local::project::LocalProject;

use super::{beside, number, tracker};

fn keyed(key: &str) -> CallContext {
    CallContext::new().idempotency_key(key)
}

async fn with_project() -> (tempfile::TempDir, LocalProject) {
    let (folder, tracker) = tracker().await;
    tracker.create_project(&CallContext::new(), CreateProject::new("OPS", "Operations")).await.unwrap();
    (folder, tracker)
}

async fn count(tracker: &LocalProject) -> usize {
    tracker.list_issues(&CallContext::new(), ListIssues::new("OPS")).await.unwrap().items.len()
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    let (folder, tracker) = with_project().await;
    let op = || CreateIssue::new("OPS", "Once").labels(vec!["b".to_string(), "a".to_string()]);
    let first = tracker.create_issue(&keyed("k"), op()).await.unwrap();
    let change = UpdateIssue::of(&first.issue).title("Changed since");
    tracker.update_issue(&CallContext::new(), change).await.unwrap();
    assert_eq!(tracker.create_issue(&keyed("k"), op()).await.unwrap(), first);
    assert_eq!(count(&tracker).await, 1);

    let project = tracker.create_project(&keyed("k"), CreateProject::new("DEV", "Dev")).await.unwrap();
    let again = tracker.create_project(&keyed("k"), CreateProject::new("DEV", "Dev")).await.unwrap();
    assert_eq!(project, again, "a repeat is no conflict with itself");
    let comment = || AddComment::of(&first.issue, "Once");
    let said = tracker.add_comment(&keyed("k"), comment()).await.unwrap();
    assert_eq!(tracker.add_comment(&keyed("k"), comment()).await.unwrap(), said);

    // Also by a process that did not make the first one.
    let other = LocalProject::open(folder.path().join("tracker.db")).await.unwrap();
    assert_eq!(other.create_issue(&keyed("k"), op()).await.unwrap(), first);
}

#[tokio::test]
async fn every_write_honours_its_key() {
    let (_folder, tracker) = with_project().await;
    for title in ["One", "Two"] {
        tracker.create_issue(&CallContext::new(), CreateIssue::new("OPS", title)).await.unwrap();
    }
    let (one, two) = (IssueRef::new("OPS", 1u64), IssueRef::new("OPS", 2u64));
    let cx = keyed("k");
    let sprint = tracker.create_sprint(&cx, CreateSprint::new("OPS", "July")).await.unwrap();
    assert_eq!(tracker.create_sprint(&cx, CreateSprint::new("OPS", "July")).await.unwrap(), sprint);
    let sprints = tracker.list_sprints(&cx, ListSprints::new("OPS")).await.unwrap();
    assert_eq!(sprints.items, std::slice::from_ref(&sprint));

    let plan = || PlanSprint::new("OPS", sprint.id.as_str()).add_issues(vec![1]);
    let planned = tracker.plan_sprint(&cx, plan()).await.unwrap();
    let other = PlanSprint::new("OPS", sprint.id.as_str()).add_issues(vec![2]);
    tracker.plan_sprint(&CallContext::new(), other).await.unwrap();
    assert_eq!(tracker.plan_sprint(&cx, plan()).await.unwrap(), planned, "as it was then");

    let rename = || UpdateProject::new("OPS").name("Works");
    let renamed = tracker.update_project(&cx, rename()).await.unwrap();
    let again = UpdateProject::new("OPS").name("Operations");
    tracker.update_project(&CallContext::new(), again).await.unwrap();
    assert_eq!(tracker.update_project(&cx, rename()).await.unwrap(), renamed);
    let project = tracker.get_project(&cx, GetProject::new("OPS")).await.unwrap();
    assert_eq!(project.name, "Operations", "done once");

    let link = async || tracker.link_issues(&CallContext::new(), LinkIssues::of(&one, &two)).await.unwrap();
    link().await;
    for links in [0, 1] {
        tracker.unlink_issues(&cx, UnlinkIssues::of(&one, &two)).await.unwrap();
        let issue = tracker.get_issue(&cx, GetIssue::of(&one)).await.unwrap();
        assert_eq!(issue.links.len(), links, "taken away once, so that a link made since stays");
        link().await;
    }
}

#[tokio::test]
async fn repeats_at_the_same_time_are_one() {
    let (_folder, tracker) = with_project().await;
    let cx = keyed("k");
    let calls = (0..8).map(|_| tracker.create_issue(&cx, CreateIssue::new("OPS", "Once")));
    let made = futures_util::future::try_join_all(calls).await.unwrap();
    assert!(made.iter().all(|issue| issue.issue.number == 1));
    assert_eq!(count(&tracker).await, 1);
}

#[tokio::test]
async fn a_key_is_not_taken_for_something_else() {
    let (_folder, tracker) = with_project().await;
    tracker.create_issue(&keyed("k"), CreateIssue::new("OPS", "One")).await.unwrap();
    let refusal = tracker.create_issue(&keyed("k"), CreateIssue::new("OPS", "Two")).await.unwrap_err();
    assert_eq!((refusal.kind(), refusal.outcome()), (ErrorKind::Conflict, Outcome::NotMade));
    assert_eq!(count(&tracker).await, 1);
    // Another tenant, another key, no key: calls of their own.
    let tenant = keyed("k").tenant(TenantId::new("acme").unwrap());
    for cx in [tenant, keyed("l"), CallContext::new()] {
        tracker.create_issue(&cx, CreateIssue::new("OPS", "One")).await.unwrap();
    }
    assert_eq!(count(&tracker).await, 4);
}

#[tokio::test]
async fn a_failed_write_keeps_no_key() {
    let (_folder, tracker) = with_project().await;
    let op = || CreateIssue::new("DEV", "Early");
    let refusal = tracker.create_issue(&keyed("k"), op()).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::NotFound);
    tracker.create_project(&CallContext::new(), CreateProject::new("DEV", "Dev")).await.unwrap();
    assert_eq!(tracker.create_issue(&keyed("k"), op()).await.unwrap().issue.number, 1);
}

#[tokio::test]
async fn keys_are_kept_for_a_day() {
    let (folder, tracker) = with_project().await;
    let day = 24 * 60 * 60 * 1_000_000i64;
    let mut conn = beside(folder.path().join("tracker.db")).await;
    for (key, age, made) in [("young", day - 60_000_000, 1), ("old", day, 2)] {
        for _ in 0..2 {
            let cx = keyed(key);
            tracker.create_issue(&cx, CreateIssue::new("OPS", key)).await.unwrap();
            sqlx::query("UPDATE keyed SET created_at = created_at - ?1 WHERE key = ?2")
                .bind(age)
                .bind(key)
                .execute(&mut conn)
                .await
                .unwrap();
        }
        let query =
            "SELECT count(*) FROM issue WHERE title = (SELECT key FROM keyed ORDER BY id DESC LIMIT 1)";
        assert_eq!(number(&mut conn, query).await, made, "{key}");
    }
    tracker.create_issue(&keyed("new"), CreateIssue::new("OPS", "New")).await.unwrap();
    assert_eq!(number(&mut conn, "SELECT count(*) FROM keyed WHERE key = 'old'").await, 0, "forgotten");
}

#[tokio::test]
async fn keys_are_bounded_and_reads_have_none() {
    let (_folder, tracker) = with_project().await;
    for bad in [String::new(), "k".repeat(256)] {
        let refusal = tracker.create_issue(&keyed(&bad), CreateIssue::new("OPS", "One")).await.unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::Invalid);
        tracker.get_project(&keyed(&bad), GetProject::new("OPS")).await.unwrap();
    }
    assert_eq!(count(&tracker).await, 0);
}
