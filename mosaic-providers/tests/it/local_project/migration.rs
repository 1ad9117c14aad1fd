//! Files of older versions: they are brought up with everything in them, or left as they were.

use std::path::Path;

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::project::{
    CreateIssue, CreateSprint, GetIssue, GetProject, ListComments, ListIssues, ListLabels, ListUsers,
    PlanSprint, ProjectService as _, SearchIssues, UpdateIssue,
};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::types::IssueRef;
use mosaic_core::types::project::{IssueState, Link, LinkKind};
use mosaic_providers::local::project::LocalProject;
use sqlx::Connection as _;

use super::{beside, is_whole, number};

/// Makes the file that version 1 of the tracker wrote; the answer that it keeps under a key is of this moment.
async fn version_1(path: &Path) {
    let mut conn = beside(path).await;
    sqlx::raw_sql(include_str!("version_1.sql")).execute(&mut conn).await.unwrap();
    let now = "UPDATE keyed SET created_at = unixepoch('subsec') * 1000000";
    sqlx::raw_sql(now).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn everything_of_version_1_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker.db");
    version_1(&path).await;
    let tracker = LocalProject::open(&path).await.unwrap();
    let cx = CallContext::new();
    let project = tracker.get_project(&cx, GetProject::new("OPS")).await.unwrap();
    assert_eq!(project.description.as_deref(), Some("Keeps the lights on."));
    let one = tracker.get_issue(&cx, GetIssue::new("OPS", 1u64)).await.unwrap();
    assert_eq!(
        (one.title.as_str(), one.assignee.as_deref(), one.sprint),
        ("The lid leaks", Some("bob"), None)
    );
    assert_eq!((one.labels, one.state), (vec!["bug".to_string(), "ux".to_string()], IssueState::Open));
    let (one, two, other) = (one.issue, IssueRef::new("OPS", 2u64), IssueRef::new("DEV", 1u64));
    let links = [Link::new(&two, LinkKind::Blocks, &one), Link::new(&one, LinkKind::RelatesTo, &other)];
    assert_eq!(one_links(&tracker).await, links);
    let closed = ListIssues::new("OPS").state(IssueState::Closed);
    assert_eq!(tracker.list_issues(&cx, closed).await.unwrap().items[0].issue, two);

    // What version 1 did not have was made from what it had.
    let comments = tracker.list_comments(&cx, ListComments::of(&one)).await.unwrap().items;
    let said: Vec<_> = comments.iter().map(|c| (c.author.as_deref().unwrap(), c.body.as_str())).collect();
    assert_eq!(said, [("dora", "Seen too."), ("carl", "It's mended.")]);
    let found = tracker.search_issues(&cx, SearchIssues::new("LID grosse")).await.unwrap().items;
    assert!(found.is_empty(), "ß is a letter of its own");
    let found = tracker.search_issues(&cx, SearchIssues::new("LID größe")).await.unwrap().items;
    assert_eq!(found.iter().map(|issue| &issue.issue).collect::<Vec<_>>(), [&one]);
    let users = tracker.list_users(&cx, ListUsers::new("OPS")).await.unwrap().items;
    assert_eq!(
        users.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(),
        ["ann", "bob", "carl", "dora"]
    );
    let users = tracker.list_users(&cx, ListUsers::new("DEV")).await.unwrap().items;
    assert_eq!(users.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["carl"]);
    let labels = tracker.list_labels(&cx, ListLabels::new("OPS")).await.unwrap().items;
    assert_eq!(labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["bug", "ux"]);

    // An answer that version 1 kept is given again, and everything goes on.
    let keyed = cx.clone().idempotency_key("first");
    let again = tracker.create_issue(&keyed, CreateIssue::new("OPS", "A new cap")).await.unwrap();
    assert_eq!((again.issue, again.state), (two.clone(), IssueState::Open));
    let next = tracker.create_issue(&cx, CreateIssue::new("OPS", "Next")).await.unwrap();
    assert_eq!(next.issue.number, 3);
    let sprint = tracker.create_sprint(&cx, CreateSprint::new("OPS", "July")).await.unwrap();
    let plan = PlanSprint::new("OPS", sprint.id).add_issues(vec![1, 3]);
    assert_eq!(tracker.plan_sprint(&cx, plan).await.unwrap().issues, [1, 3]);
    tracker.update_issue(&cx, UpdateIssue::of(&one).title("The cover leaks")).await.unwrap();
    let found = tracker.search_issues(&cx, SearchIssues::new("lid").project("OPS")).await.unwrap().items;
    assert!(found.is_empty(), "the words of the old title are gone");
    is_whole(&path).await;
    tracker.stop().await.unwrap();
    assert_eq!(number(&mut beside(&path).await, "PRAGMA user_version").await, 2);
}

async fn one_links(tracker: &LocalProject) -> Vec<Link> {
    tracker.get_issue(&CallContext::new(), GetIssue::new("OPS", 1u64)).await.unwrap().links
}

/// A brought-up file has the same tables as one that is new.
#[tokio::test]
async fn the_way_makes_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    version_1(&old).await;
    let mut schemas = Vec::new();
    for path in [&old, &new] {
        LocalProject::open(path).await.unwrap().stop().await.unwrap();
        let query = "SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name";
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut beside(path).await).await.unwrap();
        // The dump has no comments; words apart, the statements must be the same.
        schemas.push(rows.iter().map(|row| bare(row)).collect::<Vec<_>>());
    }
    assert_eq!(schemas[0], schemas[1]);
    assert!(schemas[0].len() > 10);
}

/// A statement without comments and with one space between words.
fn bare(statement: &str) -> String {
    let lines = statement.lines().map(|line| line.split("--").next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_file_can_be_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let path = folder.path().join(format!("{round}.db"));
        version_1(&path).await;
        let opening = (0..4).map(|_| {
            let path = path.clone();
            tokio::spawn(async move { LocalProject::open(path).await })
        });
        for opened in futures_util::future::join_all(opening).await {
            let tracker = opened.unwrap().unwrap();
            let issue = CreateIssue::new("DEV", "At once");
            tracker.create_issue(&CallContext::new(), issue).await.unwrap();
        }
        let mut conn = beside(&path).await;
        assert_eq!(number(&mut conn, "PRAGMA user_version").await, 2);
        assert_eq!(number(&mut conn, "SELECT last_issue FROM project WHERE key = 'DEV'").await, 5);
        is_whole(&path).await;
    }
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_old_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tracker.db");
    version_1(&path).await;
    let mut conn = beside(&path).await;
    // The last table of the step is in the way: what came before it must go again.
    sqlx::raw_sql("CREATE TABLE author (name TEXT)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let error = LocalProject::open(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal, "{error:?}");
    let mut conn = beside(&path).await;
    assert_eq!(number(&mut conn, "PRAGMA user_version").await, 1);
    let made = "SELECT count(*) FROM sqlite_schema WHERE name IN ('sprint', 'issue_text', 'issue_by_sprint')";
    assert_eq!(number(&mut conn, made).await, 0);
    sqlx::raw_sql("DROP TABLE author").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    LocalProject::open(&path).await.unwrap();
}
