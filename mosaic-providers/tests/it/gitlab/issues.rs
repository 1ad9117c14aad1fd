//! Issues: the behaviour suite, and what is GitLab's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::project::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::project::{self, Trait, World};
use mosaic_core::types::project::{Link, LinkKind};
use mosaic_core::types::{IssueRef, PageRequest, ProjectKey};
use mosaic_providers::gitlab::GitLabIssues;

use super::{Bench, assert_faithful, document};
use crate::fake::forge::NewRepo;

const KEY: &str = "acme/widget";

fn issues(bench: &Bench) -> GitLabIssues {
    GitLabIssues::new(bench.config()).unwrap()
}

/// A tracker in which every project is a new one of this owner.
fn world(bench: &Bench, owner: &'static str) -> World {
    let (forge, count) = (Arc::clone(bench.lab.forge()), Arc::new(AtomicU64::new(0)));
    let prepare = move || {
        let (forge, count) = (Arc::clone(&forge), Arc::clone(&count));
        async move {
            let name = format!("widget-{}", count.fetch_add(1, Ordering::Relaxed));
            let repo = forge.create_repo(NewRepo::new(owner, &name)).await.unwrap();
            Ok(ProjectKey::new(repo.full_name()))
        }
    };
    World::prepared_by(issues(bench).info().operations, prepare)
        .nowhere("acme/none-such")
        .people("ada", "bob")
        .without(Trait::InProgress, "an issue is open or closed")
        .without(Trait::UsersByLogin, "members are listed newest first")
        .without(Trait::LinksByEveryKind, "issues relate to each other, or one blocks the other")
        .without(Trait::SprintsOldestFirst, "milestones come in the order in which they are due")
        .without(Trait::ActiveSprints, "a milestone is open or closed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_project_service_behaves() {
    let watch = document();
    let bench = Bench::watched(watch.as_ref()).await;
    project::run(&issues(&bench), &world(&bench, "acme")).await.unwrap();
    if let Some(watch) = watch {
        assert_faithful(&watch, 5);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let bench = Bench::new().await;
    project::lacks_are_needed(&issues(&bench), &world(&bench, "acme")).await.unwrap();
}

async fn ground(private: bool) -> (Bench, GitLabIssues) {
    let bench = Bench::new().await;
    let mut new = NewRepo::new("acme", "widget");
    new.private = private;
    bench.lab.forge().create_repo(new).await.unwrap();
    let issues = issues(&bench);
    (bench, issues)
}

#[tokio::test]
async fn projects_of_groups_within_groups_are_trackers_too() {
    let (bench, issues) = ground(false).await;
    bench.lab.forge().create_repo(NewRepo::new("acme/tools", "saw")).await.unwrap();
    let made =
        issues.create_issue(&bench.cx, CreateIssue::new("acme/tools/saw", "It is blunt")).await.unwrap();
    assert_eq!(made.issue, IssueRef::new("acme/tools/saw", 1u64));
    let found = issues.search_issues(&bench.cx, SearchIssues::new("blunt")).await.unwrap().items;
    assert_eq!(found, vec![made]);
}

#[tokio::test]
async fn who_cannot_be_given_an_issue_is_said_after_it_was_made() {
    let (bench, issues) = ground(true).await;
    let refused =
        issues.create_issue(&bench.cx, CreateIssue::new(KEY, "Lid").assignee("eve")).await.unwrap_err();
    assert_eq!((refused.kind(), refused.outcome()), (ErrorKind::Invalid, Outcome::Unknown));
    assert!(refused.message().contains("acme/widget#1"), "{refused}");
    let unknown =
        issues.create_issue(&bench.cx, CreateIssue::new(KEY, "Lid").assignee("nobody")).await.unwrap_err();
    assert_eq!((unknown.kind(), unknown.outcome()), (ErrorKind::Invalid, Outcome::NotMade));
}

#[tokio::test]
async fn a_server_without_a_licence_relates_issues_and_blocks_none() {
    let (bench, issues) = ground(false).await;
    bench.lab.set_free();
    for title in ["One", "Two"] {
        issues.create_issue(&bench.cx, CreateIssue::new(KEY, title)).await.unwrap();
    }
    let (one, two) = (IssueRef::new(KEY, 1u64), IssueRef::new(KEY, 2u64));
    let link = |kind| LinkIssues::of(&one, &two).kind(kind);
    let blocked = issues.link_issues(&bench.cx, link(LinkKind::Blocks)).await.unwrap_err();
    assert_eq!(blocked.kind(), ErrorKind::Unsupported);
    let made = issues.link_issues(&bench.cx, link(LinkKind::RelatesTo)).await.unwrap();
    assert_eq!(made, Link::new(&one, LinkKind::RelatesTo, &two));
    // Two issues have one link.
    let other = issues.link_issues(&bench.cx, LinkIssues::of(&two, &one).kind(LinkKind::RelatesTo)).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn pages_go_on_where_they_were_while_many_issues_come() {
    let (bench, issues) = ground(false).await;
    let create = async |count: usize| {
        for _ in 0..count {
            issues.create_issue(&bench.cx, CreateIssue::new(KEY, "Lid")).await.unwrap();
        }
    };
    create(5).await;
    let first = ListIssues::new(KEY).page(PageRequest::first(2));
    let page = issues.list_issues(&bench.cx, first).await.unwrap();
    create(1).await;
    let next = ListIssues::new(KEY).page(PageRequest::first(2).at(page.next.unwrap()));
    let page = issues.list_issues(&bench.cx, next).await.unwrap();
    assert_eq!(page.items.iter().map(|issue| issue.issue.number).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn words_with_a_meaning_of_their_own_are_not_asked_for() {
    let (bench, issues) = ground(false).await;
    let list = async |label: &str| issues.list_issues(&bench.cx, ListIssues::new(KEY).label(label)).await;
    let plain = CreateIssue::new(KEY, "Plain");
    issues.create_issue(&bench.cx, plain.labels(vec!["Any".to_owned()])).await.unwrap();
    assert_eq!(list("None").await.unwrap().items, vec![]);
    assert_eq!(list("Any").await.unwrap_err().kind(), ErrorKind::Unsupported);
    let assigned = issues.list_issues(&bench.cx, ListIssues::new(KEY).assignee("any")).await;
    assert_eq!(assigned.unwrap_err().kind(), ErrorKind::Unsupported);
    let both = issues.list_issues(&bench.cx, ListIssues::new(KEY).label("a,b")).await.unwrap();
    assert_eq!(both.items, vec![]);
}
