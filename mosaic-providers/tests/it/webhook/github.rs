//! GitHub: small payloads of our own making, one for each event.

use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{PullRequestState, ReviewVerdict, StatusState};
use mosaic_core::types::project::IssueState;
use mosaic_providers::webhook::{
    CommentAction, CommentTarget, Delivery, Event, IssueAction, PullRequestAction, RefAction, RefKind,
    ReleaseAction, RepositoryAction, Vendor, WikiAction,
};
use serde_json::{Value, json};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A body with what is around every event.
fn body(action: &str, more: Value) -> Value {
    let mut body = json!({
        "action": action,
        "repository": {"full_name": "acme/widget", "id": 1, "created_at": 1_700_000_000},
        "sender": {"login": "ada", "id": 2},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn delivery(name: &str, action: &str, more: Value) -> Delivery {
    let delivery = super::delivery(Vendor::GitHub, name, &body(action, more));
    assert_eq!(delivery.repo, Some(RepoRef::new("acme", "widget")));
    assert_eq!((delivery.sender.as_deref(), delivery.id.as_deref()), (Some("ada"), Some("d-1")));
    assert_eq!(delivery.action.as_deref(), Some(action).filter(|action| !action.is_empty()));
    delivery
}

fn event(name: &str, action: &str, more: Value) -> Event {
    delivery(name, action, more).event
}

fn pull(state: &str, merged: Value) -> Value {
    json!({
        "number": 7, "title": "Add a lid", "state": state, "body": null, "user": {"login": "ada"},
        "head": {"ref": "lid", "sha": "aa"}, "base": {"ref": "main", "sha": "bb"},
        "merged": merged, "merge_commit_sha": "cc", "created_at": "2026-01-31T12:00:00Z", "labels": [{"name": "x"}],
    })
}

#[test]
fn a_push_tells_its_commits_oldest_first() {
    let commit = |id: &str| json!({"id": id, "message": "m", "timestamp": "2026-01-31T13:00:00+01:00", "author": {"name": "Ada", "email": "ada@example.org"}});
    let push = event(
        "push",
        "",
        json!({"ref": "refs/heads/feature/lid", "before": "aa", "after": "bb", "forced": true, "deleted": false,
            "head_commit": commit("bb"), "commits": [commit("b1"), commit("bb")]}),
    );
    let [change] = push.ref_changes() else { panic!("{push:?}") };
    assert_eq!(
        (change.reference, change.name.as_str(), change.action),
        (RefKind::Branch, "feature/lid", RefAction::Moved)
    );
    assert_eq!(
        (change.before.as_deref(), change.after.as_deref(), change.forced),
        (Some("aa"), Some("bb"), true)
    );
    assert_eq!(change.commits.iter().map(|commit| commit.id.as_str()).collect::<Vec<_>>(), ["b1", "bb"]);
    assert_eq!(change.commits[0].author.email, "ada@example.org");
    assert_eq!(change.commits[0].author.at.unwrap().to_string(), "2026-01-31T12:00:00Z");
}

#[test]
fn branches_and_tags_come_and_go_by_push() {
    let push = |reference: &str, before: &str, after: &str, head: Value| {
        let event = event(
            "push",
            "",
            json!({"ref": reference, "before": before, "after": after, "head_commit": head, "commits": []}),
        );
        assert!(matches!(event, Event::Push(_)));
        event.ref_changes()[0].clone()
    };
    let made = push("refs/heads/lid", ZERO, "bb", json!({"id": "bb"}));
    assert!(made.is_created() && made.before.is_none() && made.after.as_deref() == Some("bb"));
    let gone = push("refs/heads/lid", "aa", ZERO, Value::Null);
    assert!(gone.is_deleted() && gone.before.as_deref() == Some("aa") && gone.after.is_none());
    let tag = push("refs/tags/v1", ZERO, "the-tag-itself", json!({"id": "its-commit"}));
    assert_eq!(
        (tag.reference, tag.name.as_str(), tag.after.as_deref()),
        (RefKind::Tag, "v1", Some("its-commit"))
    );
    let note = json!({"ref": "refs/notes/commits", "before": ZERO, "after": "bb", "commits": []});
    assert_eq!(event("push", "", note), Event::Other);
}

#[test]
fn branches_and_tags_come_and_go_by_events_of_their_own() {
    let Event::Created(made) = event("create", "", json!({"ref": "feature/lid", "ref_type": "branch"}))
    else {
        panic!()
    };
    assert_eq!((made.reference, made.name.as_str(), made.after), (RefKind::Branch, "feature/lid", None));
    let Event::Deleted(gone) = event("delete", "", json!({"ref": "v1", "ref_type": "tag"})) else { panic!() };
    assert_eq!((gone.reference, gone.action), (RefKind::Tag, RefAction::Deleted));
    assert_eq!(event("create", "", json!({"ref": "", "ref_type": "repository"})), Event::Other);
}

#[test]
fn pull_requests() {
    let happened = |action: &str, state: &str, merged: bool| {
        let Event::PullRequest(event) =
            event("pull_request", action, json!({"pull_request": pull(state, merged.into())}))
        else {
            panic!("{action}")
        };
        (event.action, event.pull_request.state, event.pull_request.merge_commit)
    };
    let (open, closed) = (PullRequestState::Open, PullRequestState::Closed);
    assert_eq!(happened("opened", "open", false), (PullRequestAction::Opened, open, None));
    assert_eq!(happened("synchronize", "open", false), (PullRequestAction::Updated, open, None));
    assert_eq!(happened("ready_for_review", "open", false), (PullRequestAction::Updated, open, None));
    assert_eq!(happened("reopened", "open", false), (PullRequestAction::Reopened, open, None));
    assert_eq!(happened("closed", "closed", false), (PullRequestAction::Closed, closed, None));
    let merged = (PullRequestAction::Merged, PullRequestState::Merged, Some("cc".to_owned()));
    assert_eq!(happened("closed", "closed", true), merged);

    let Event::PullRequest(event) =
        event("pull_request", "opened", json!({"pull_request": pull("open", Value::Null)}))
    else {
        panic!()
    };
    let pull = event.pull_request;
    assert_eq!(
        (pull.number, pull.title.as_str(), pull.source.as_str(), pull.target.as_str()),
        (7, "Add a lid", "lid", "main")
    );
    assert_eq!((pull.author.as_deref(), pull.head.as_deref(), pull.body), (Some("ada"), Some("aa"), None));
    assert_eq!(pull.created_at.unwrap().to_string(), "2026-01-31T12:00:00Z");
}

#[test]
fn reviews() {
    let review = |action: &str, state: &str| {
        let review = json!({"id": 5, "body": "Fine.", "user": {"login": "bob"}, "state": state, "commit_id": "aa",
            "submitted_at": "2026-01-31T12:00:00Z"});
        let mut pull = pull("open", Value::Null);
        pull.as_object_mut().unwrap().remove("merged");
        let Event::PullRequest(event) =
            event("pull_request_review", action, json!({"review": review, "pull_request": pull}))
        else {
            panic!("{action}")
        };
        assert_eq!(
            (event.action, event.pull_request.state),
            (PullRequestAction::Reviewed, PullRequestState::Open)
        );
        event.review
    };
    let given = review("submitted", "approved").unwrap();
    assert_eq!(
        (given.id.as_str(), given.verdict, given.author.as_deref()),
        ("5", ReviewVerdict::Approve, Some("bob"))
    );
    assert_eq!((given.body.as_deref(), given.commit.as_deref()), (Some("Fine."), Some("aa")));
    assert_eq!(review("submitted", "changes_requested").unwrap().verdict, ReviewVerdict::RequestChanges);
    assert_eq!(review("edited", "commented").unwrap().verdict, ReviewVerdict::Comment);
    assert_eq!(review("dismissed", "dismissed"), None);
}

#[test]
fn issues() {
    let issue = json!({"number": 3, "title": "It leaks", "state": "closed", "body": "Much.", "user": {"login": "bob"},
        "assignee": {"login": "ada"}, "labels": [{"name": "wet"}, {"name": "bug"}], "milestone": {"number": 2, "id": 99},
        "updated_at": "2026-01-31T12:00:00Z"});
    let happened = |action: &str| {
        let Event::Issue(event) = event("issues", action, json!({"issue": issue})) else {
            panic!("{action}")
        };
        event
    };
    let closed = happened("closed");
    assert_eq!(closed.action, IssueAction::Closed);
    assert_eq!(
        (closed.issue.issue.to_string().as_str(), closed.issue.state),
        ("acme/widget#3", IssueState::Closed)
    );
    assert_eq!(
        (closed.issue.labels, closed.issue.sprint.as_deref()),
        (vec!["bug".to_owned(), "wet".to_owned()], Some("2"))
    );
    assert_eq!(
        (closed.issue.author.as_deref(), closed.issue.assignee.as_deref()),
        (Some("bob"), Some("ada"))
    );
    for (word, action) in [
        ("opened", IssueAction::Opened),
        ("reopened", IssueAction::Reopened),
        ("labeled", IssueAction::Updated),
        ("deleted", IssueAction::Deleted),
        ("transferred", IssueAction::Deleted),
    ] {
        assert_eq!(happened(word).action, action, "{word}");
    }
}

#[test]
fn comments() {
    let comment = json!({"id": 11, "body": "Seen too.", "user": {"login": "bob"}, "path": "lid.rs", "line": 4, "commit_id": "aa",
        "created_at": "2026-01-31T12:00:00Z"});
    let of = |name: &str, action: &str, mut more: Value| {
        more["comment"] = comment.clone();
        let Event::Comment(event) = event(name, action, more) else { panic!("{name}") };
        event
    };
    let issue = of("issue_comment", "created", json!({"issue": {"number": 3}}));
    assert_eq!((issue.action, issue.target), (CommentAction::Created, CommentTarget::Issue { number: 3 }));
    assert_eq!((issue.comment.id.as_str(), issue.comment.body.as_str()), ("11", "Seen too."));
    assert_eq!((issue.comment.author.as_deref(), issue.comment.line), (Some("bob"), Some(4)));
    let pull = of("issue_comment", "deleted", json!({"issue": {"number": 7, "pull_request": {"url": "u"}}}));
    assert_eq!(
        (pull.action, pull.target),
        (CommentAction::Deleted, CommentTarget::PullRequest { number: 7 })
    );
    let line = of("pull_request_review_comment", "edited", json!({"pull_request": {"number": 7}}));
    assert_eq!((line.action, line.target), (CommentAction::Edited, CommentTarget::PullRequest { number: 7 }));
    assert_eq!(line.comment.path.as_deref(), Some("lid.rs"));
    let commit = of("commit_comment", "created", json!({}));
    assert_eq!(commit.target, CommentTarget::Commit { id: "aa".to_owned() });
}

#[test]
fn a_release_is_published_once() {
    let release = json!({"id": 21, "tag_name": "v1", "name": "One", "body": "", "draft": false, "prerelease": true,
        "author": {"login": "ada"}, "html_url": "https://example.org/r/1"});
    for (word, action) in [
        ("created", ReleaseAction::Updated),
        ("published", ReleaseAction::Published),
        ("released", ReleaseAction::Updated),
        ("edited", ReleaseAction::Updated),
        ("deleted", ReleaseAction::Deleted),
    ] {
        let Event::Release(event) = event("release", word, json!({"release": release})) else {
            panic!("{word}")
        };
        assert_eq!(
            (event.action, event.release.id.as_str(), event.release.tag.as_str()),
            (action, "21", "v1"),
            "{word}"
        );
        assert_eq!((event.release.prerelease, event.release.body), (true, None));
    }
}

#[test]
fn runs_and_jobs() {
    let run = |status: &str, conclusion: Value| {
        let run = json!({"id": 31, "workflow_id": 8, "status": status, "conclusion": conclusion, "head_branch": "main",
            "head_sha": "aa", "run_attempt": 2, "created_at": "2026-01-31T12:00:00Z", "updated_at": "2026-01-31T12:05:00Z"});
        let Event::Run(event) = event("workflow_run", status, json!({"workflow_run": run})) else { panic!() };
        event.run
    };
    let ended = run("completed", "timed_out".into());
    assert_eq!(
        (ended.id.as_str(), ended.state, ended.vendor_state.as_deref()),
        ("31", RunState::Failed, Some("timed_out"))
    );
    assert_eq!(
        (ended.pipeline.as_deref(), ended.commit.as_deref(), ended.attempt),
        (Some("8"), Some("aa"), Some(2))
    );
    assert_eq!((ended.repo.to_string().as_str(), ended.reference.as_deref()), ("acme/widget", Some("main")));
    assert!(ended.ended_at.is_some());
    // It is named as the one that can be triggered.
    for (path, pipeline) in [
        (".github/workflows/build.yml", "build.yml"),
        (".github/workflows/build.yml@refs/heads/main", "build.yml"),
        ("dynamic/pages/pages-build-deployment", "8"),
        ("", "8"),
    ] {
        let run = json!({"id": 31, "workflow_id": 8, "path": path, "status": "queued"});
        let Event::Run(of) = event("workflow_run", "requested", json!({"workflow_run": run})) else {
            panic!()
        };
        assert_eq!(of.run.pipeline.as_deref(), Some(pipeline), "{path}");
    }
    for (status, conclusion, state) in [
        ("requested", Value::Null, RunState::Queued),
        ("queued", Value::Null, RunState::Queued),
        ("in_progress", Value::Null, RunState::Running),
        ("waiting", Value::Null, RunState::Blocked),
        ("completed", "success".into(), RunState::Succeeded),
        ("completed", "neutral".into(), RunState::Succeeded),
        ("completed", "failure".into(), RunState::Failed),
        ("completed", "startup_failure".into(), RunState::Failed),
        ("completed", "cancelled".into(), RunState::Cancelled),
        ("completed", "skipped".into(), RunState::Skipped),
        ("completed", "action_required".into(), RunState::Blocked),
        ("completed", "something new".into(), RunState::Failed),
        ("something new", Value::Null, RunState::Running),
    ] {
        assert_eq!(run(status, conclusion.clone()).state, state, "{status} {conclusion}");
    }
    let job = json!({"id": 41, "run_id": 31, "name": "test", "status": "completed", "conclusion": "failure",
        "started_at": "2026-01-31T12:00:00Z", "completed_at": "2026-01-31T12:01:00Z"});
    let Event::Job(event) = event("workflow_job", "completed", json!({"workflow_job": job})) else {
        panic!()
    };
    assert_eq!((event.run.as_str(), event.job.id.as_str(), event.job.state), ("31", "41", RunState::Failed));
    assert_eq!(event.job.vendor_state.as_deref(), Some("failure"));
}

#[test]
fn statuses_and_checks() {
    let status = json!({"sha": "aa", "context": "build", "state": "failure", "description": "", "target_url": "https://example.org"});
    let Event::Status(of) = event("status", "", status) else { panic!() };
    assert_eq!(
        (of.commit.as_str(), of.status.context.as_str(), of.status.state),
        ("aa", "build", StatusState::Failure)
    );
    assert_eq!((of.status.description, of.status.target_url.as_deref()), (None, Some("https://example.org")));
    for (status, conclusion, state) in [
        ("queued", Value::Null, StatusState::Pending),
        ("completed", "success".into(), StatusState::Success),
        ("completed", "skipped".into(), StatusState::Success),
        ("completed", "timed_out".into(), StatusState::Failure),
        ("completed", "cancelled".into(), StatusState::Error),
    ] {
        let check = json!({"head_sha": "aa", "name": "lint", "status": status, "conclusion": conclusion, "output": {"title": "Two"}});
        let Event::Status(of) = event("check_run", "completed", json!({"check_run": check})) else {
            panic!()
        };
        assert_eq!((of.status.context.as_str(), of.status.state), ("lint", state), "{status} {conclusion}");
        assert_eq!(of.status.description.as_deref(), Some("Two"));
    }
}

#[test]
fn the_wiki() {
    let pages = json!({"pages": [{"title": "Home", "page_name": "Home", "action": "edited", "sha": "aa", "html_url": "https://example.org"},
        {"title": "New page", "page_name": "New-page", "action": "created"}]});
    let Event::Wiki(event) = event("gollum", "", pages) else { panic!() };
    let told: Vec<_> = event.pages.iter().map(|page| (page.title.as_str(), page.action)).collect();
    assert_eq!(told, [("Home", WikiAction::Edited), ("New page", WikiAction::Created)]);
    assert_eq!(event.pages[1].slug.as_deref(), Some("New-page"));
}

#[test]
fn the_repository_itself() {
    let of = |action: &str, more: Value| {
        let Event::Repository(event) = event("repository", action, more) else { panic!("{action}") };
        (event.action, event.previous.map(|repo| repo.to_string()))
    };
    assert_eq!(of("created", json!({})), (RepositoryAction::Created, None));
    assert_eq!(
        of("edited", json!({"changes": {"description": {"from": "x"}}})),
        (RepositoryAction::Updated, None)
    );
    assert_eq!(of("archived", json!({})), (RepositoryAction::Updated, None));
    assert_eq!(of("deleted", json!({})), (RepositoryAction::Deleted, None));
    let renamed = json!({"changes": {"repository": {"name": {"from": "gadget"}}}});
    assert_eq!(of("renamed", renamed), (RepositoryAction::Renamed, Some("acme/gadget".to_owned())));
    let moved = json!({"changes": {"owner": {"from": {"user": null, "organization": {"login": "tools"}}}}});
    assert_eq!(of("transferred", moved), (RepositoryAction::Renamed, Some("tools/widget".to_owned())));
}

#[test]
fn ping_and_the_rest() {
    let ping = super::delivery(
        Vendor::GitHub,
        "ping",
        &json!({"zen": "z", "hook_id": 1, "sender": {"login": "ada"}}),
    );
    assert_eq!((ping.event, ping.repo), (Event::Ping, None));
    assert_eq!(event("star", "created", json!({"starred_at": null})), Event::Other);
    // What is around the event is of another form: it is still an event.
    let odd = super::delivery(Vendor::GitHub, "new", &json!({"action": 7, "repository": "x", "sender": []}));
    assert_eq!((odd.event, odd.repo, odd.action, odd.sender), (Event::Other, None, None, None));
}

#[test]
fn a_known_event_of_another_form_is_an_error_that_says_what_is_missing() {
    let without = |name: &str, body: Value| {
        let error = super::receive(Vendor::GitHub, name, body.to_string()).unwrap_err();
        assert_eq!((error.kind(), error.status_code()), (mosaic_core::ErrorKind::Protocol, Some(422)));
        error.to_string() + &format!("{error:?}")
    };
    assert!(without("pull_request", body("opened", json!({}))).contains("pull_request"));
    assert!(
        without("pull_request_review", body("submitted", json!({"pull_request": pull("open", Value::Null)})))
            .contains("review")
    );
    assert!(
        without("issues", json!({"action": "opened", "issue": {"number": 1, "title": "t", "state": "open"}}))
            .contains("repository")
    );
    assert!(
        without("push", json!({"ref": "refs/heads/main", "before": "aa", "after": "bb"}))
            .contains("repository.full_name")
    );
    assert!(without("repository", body("renamed", json!({}))).contains("changes"));
}
