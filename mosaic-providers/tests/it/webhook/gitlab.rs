//! GitLab: small payloads of our own making, one for each event.

use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{PullRequestState, ReviewVerdict};
use mosaic_core::types::project::IssueState;
use mosaic_providers::webhook::{
    CommentAction, CommentTarget, Event, IssueAction, PullRequestAction, RefAction, RefKind, ReleaseAction,
    RepositoryAction, Vendor, WikiAction,
};
use serde_json::{Value, json};

const ZERO: &str = "0000000000000000000000000000000000000000";

fn event(kind: &str, more: Value) -> Event {
    let mut body = json!({
        "object_kind": kind,
        "user": {"username": "ada", "name": "Ada"},
        "project": {"path_with_namespace": "acme/tools/widget", "namespace": "tools"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let delivery = super::delivery(Vendor::GitLab, "Some Hook", &body);
    assert_eq!((delivery.sender.as_deref(), delivery.id.as_deref()), (Some("ada"), Some("d-1")));
    assert_eq!(delivery.repo, Some(RepoRef::new("acme/tools", "widget")), "groups may be in groups");
    delivery.event
}

#[test]
fn pushes() {
    let commit = json!({"id": "bb", "message": "m", "timestamp": "2026-01-31T12:00:00+00:00", "author": {"name": "Ada", "email": "a@example.org"}});
    let push = event(
        "push",
        json!({"ref": "refs/heads/main", "before": "aa", "after": "bb", "checkout_sha": "bb",
        "user_username": "ada", "commits": [commit], "total_commits_count": 30}),
    );
    let change = &push.ref_changes()[0];
    assert_eq!(
        (change.reference, change.name.as_str(), change.action),
        (RefKind::Branch, "main", RefAction::Moved)
    );
    assert_eq!((change.commits[0].author.name.as_str(), change.truncated), ("Ada", true));

    let made = event(
        "push",
        json!({"ref": "refs/heads/lid", "before": ZERO, "after": "bb", "checkout_sha": "bb", "commits": []}),
    );
    assert!(made.ref_changes()[0].is_created());
    let gone = event(
        "push",
        json!({"ref": "refs/heads/lid", "before": "aa", "after": ZERO, "checkout_sha": null, "commits": []}),
    );
    assert!(gone.ref_changes()[0].is_deleted() && gone.ref_changes()[0].after.is_none());
    let tag = event(
        "tag_push",
        json!({"ref": "refs/tags/v1", "before": ZERO, "after": "the-tag-itself", "checkout_sha": "its-commit", "commits": []}),
    );
    let tag = &tag.ref_changes()[0];
    assert_eq!(
        (tag.reference, tag.action, tag.after.as_deref()),
        (RefKind::Tag, RefAction::Created, Some("its-commit"))
    );
}

#[test]
fn merge_requests() {
    let of = |action: Value, state: &str| {
        let attributes = json!({"iid": 7, "id": 99, "title": "Add a lid", "description": "", "state": state, "action": action,
            "source_branch": "lid", "target_branch": "main", "last_commit": {"id": "aa"}, "merge_commit_sha": null,
            "created_at": "2026-01-31 12:00:00 UTC"});
        let Event::PullRequest(event) = event("merge_request", json!({"object_attributes": attributes}))
        else {
            panic!()
        };
        event
    };
    let opened = of("open".into(), "opened");
    let pull = opened.pull_request;
    assert_eq!(
        (opened.action, pull.number, pull.state),
        (PullRequestAction::Opened, 7, PullRequestState::Open)
    );
    assert_eq!(
        (pull.source.as_str(), pull.target.as_str(), pull.author.as_deref()),
        ("lid", "main", Some("ada"))
    );
    assert_eq!(
        (pull.head.as_deref(), pull.created_at.unwrap().to_string().as_str()),
        (Some("aa"), "2026-01-31T12:00:00Z")
    );
    for (word, state, action) in [
        ("update", "opened", PullRequestAction::Updated),
        ("close", "closed", PullRequestAction::Closed),
        ("reopen", "opened", PullRequestAction::Reopened),
        ("merge", "merged", PullRequestAction::Merged),
        ("unapproved", "opened", PullRequestAction::Reviewed),
        ("something new", "opened", PullRequestAction::Updated),
    ] {
        let event = of(word.into(), state);
        assert_eq!((event.action, event.review), (action, None), "{word}");
        assert_eq!(event.pull_request.author, None, "only a number tells who opened it");
    }
    for word in ["approved", "approval"] {
        let review = of(word.into(), "opened").review.unwrap();
        assert_eq!((review.verdict, review.author.as_deref()), (ReviewVerdict::Approve, Some("ada")));
    }
    assert_eq!(
        of(Value::Null, "opened").action,
        PullRequestAction::Updated,
        "as merge requests without one are sent"
    );
}

#[test]
fn issues() {
    let of = |kind: &str, action: &str, state: &str| {
        let attributes = json!({"iid": 3, "title": "It leaks", "description": "Much.", "state": state, "action": action, "milestone_id": 5});
        let more = json!({"object_attributes": attributes, "labels": [{"title": "wet"}, {"title": "bug"}], "assignees": [{"username": "bob"}]});
        let Event::Issue(event) = event(kind, more) else { panic!() };
        event
    };
    let opened = of("issue", "open", "opened");
    assert_eq!(
        (opened.action, opened.issue.issue.to_string().as_str()),
        (IssueAction::Opened, "acme/tools/widget#3")
    );
    assert_eq!(
        (opened.issue.labels, opened.issue.assignee.as_deref()),
        (vec!["bug".to_owned(), "wet".to_owned()], Some("bob"))
    );
    assert_eq!((opened.issue.sprint.as_deref(), opened.issue.author.as_deref()), (Some("5"), Some("ada")));
    let closed = of("work_item", "close", "closed");
    assert_eq!((closed.action, closed.issue.state), (IssueAction::Closed, IssueState::Closed));
    assert_eq!(of("issue", "reopen", "opened").action, IssueAction::Reopened);
    assert_eq!(of("issue", "update", "opened").action, IssueAction::Updated);
}

#[test]
fn notes() {
    let of = |kind: &str, action: &str, more: Value| {
        let attributes = json!({"id": 1, "note": "Seen too.", "noteable_type": kind, "action": action, "commit_id": "aa",
            "position": {"new_path": "lid.rs", "new_line": 4}, "created_at": "2026-01-31 12:00:00 UTC"});
        let mut body = more;
        body["object_attributes"] = attributes;
        event("note", body)
    };
    let Event::Comment(line) = of("MergeRequest", "create", json!({"merge_request": {"iid": 7}})) else {
        panic!()
    };
    assert_eq!(
        (line.action, line.target),
        (CommentAction::Created, CommentTarget::PullRequest { number: 7 })
    );
    assert_eq!(
        (line.comment.path.as_deref(), line.comment.line, line.comment.body.as_str()),
        (Some("lid.rs"), Some(4), "Seen too.")
    );
    let Event::Comment(issue) = of("Issue", "update", json!({"issue": {"iid": 3}})) else { panic!() };
    assert_eq!((issue.action, issue.target), (CommentAction::Edited, CommentTarget::Issue { number: 3 }));
    let Event::Comment(commit) = of("Commit", "create", json!({})) else { panic!() };
    assert_eq!(commit.target, CommentTarget::Commit { id: "aa".to_owned() });
    assert_eq!(of("Snippet", "create", json!({"snippet": {"id": 1}})), Event::Other);
}

#[test]
fn releases_and_the_wiki() {
    for (word, action) in [
        ("create", ReleaseAction::Published),
        ("update", ReleaseAction::Updated),
        ("delete", ReleaseAction::Deleted),
    ] {
        let release = json!({"id": 1, "tag": "v1", "name": "One", "description": "First.", "action": word, "url": "https://example.org"});
        let Event::Release(event) = event("release", release) else { panic!() };
        assert_eq!(
            (event.action, event.release.tag.as_str(), event.release.body.as_deref()),
            (action, "v1", Some("First."))
        );
    }
    for (word, action) in
        [("create", WikiAction::Created), ("update", WikiAction::Edited), ("delete", WikiAction::Deleted)]
    {
        let page = json!({"object_attributes": {"title": "New page", "slug": "new-page", "action": word, "url": "https://example.org"}});
        let Event::Wiki(event) = event("wiki_page", page) else { panic!() };
        assert_eq!((event.pages[0].action, event.pages[0].slug.as_deref()), (action, Some("new-page")));
    }
}

#[test]
fn pipelines_and_jobs() {
    for (word, state) in [
        ("created", RunState::Queued),
        ("waiting_for_resource", RunState::Queued),
        ("running", RunState::Running),
        ("success", RunState::Succeeded),
        ("failed", RunState::Failed),
        ("canceled", RunState::Cancelled),
        ("skipped", RunState::Skipped),
        ("manual", RunState::Blocked),
    ] {
        let pipeline = json!({"id": 31, "ref": "main", "sha": "aa", "status": word, "finished_at": "2026-01-31 12:00:00 UTC"});
        let Event::Run(of) = event("pipeline", json!({"object_attributes": pipeline})) else { panic!() };
        assert_eq!(
            (of.run.id.as_str(), of.run.state, of.run.vendor_state.as_deref()),
            ("31", state, Some(word))
        );
        let job = json!({"build_id": 41, "build_name": "test", "build_status": word, "build_failure_reason": "unknown_failure", "pipeline_id": 31});
        let Event::Job(of) = event("build", job) else { panic!() };
        assert_eq!((of.run.as_str(), of.job.id.as_str(), of.job.state), ("31", "41", state));
        assert_eq!(of.job.reason.is_some(), word == "failed");
    }
}

#[test]
fn older_jobs_name_their_project_by_its_address() {
    let job = json!({"object_kind": "build", "build_id": 41, "build_name": "test", "build_status": "running", "pipeline_id": 31,
        "project_name": "Tools / Widget", "repository": {"name": "Widget", "homepage": "https://gitlab.example.org/acme/tools/widget"}});
    let delivery = super::delivery(Vendor::GitLab, "Job Hook", &job);
    assert_eq!(delivery.repo, Some(RepoRef::new("acme/tools", "widget")));
}

#[test]
fn the_hooks_of_a_server_tell_of_projects() {
    for (kind, action, previous) in [
        ("project_create", RepositoryAction::Created, None),
        ("project_update", RepositoryAction::Updated, None),
        ("project_destroy", RepositoryAction::Deleted, None),
        ("project_rename", RepositoryAction::Renamed, Some("acme/tools/gadget")),
        ("project_transfer", RepositoryAction::Renamed, Some("other/widget")),
    ] {
        let body = json!({"event_name": kind, "path_with_namespace": "acme/tools/widget", "old_path_with_namespace": previous});
        let Event::Repository(event) = super::event(Vendor::GitLab, "System Hook", &body) else {
            panic!("{kind}")
        };
        assert_eq!((event.action, event.repo.to_string().as_str()), (action, "acme/tools/widget"));
        assert_eq!(event.previous.map(|repo| repo.to_string()).as_deref(), previous);
    }
    assert_eq!(
        super::event(Vendor::GitLab, "System Hook", &json!({"event_name": "user_create"})),
        Event::Other
    );
    assert_eq!(event("deployment", json!({"status": "success"})), Event::Other);
}

#[test]
fn what_is_about_a_group_is_about_no_repository() {
    for kind in ["wiki_page", "work_item", "note"] {
        let body = json!({"object_kind": kind, "group": {"full_path": "acme"}, "user": {"username": "ada"}});
        let delivery = super::delivery(Vendor::GitLab, "Some Hook", &body);
        assert_eq!((delivery.event, delivery.repo), (Event::Other, None), "{kind}");
    }
}
