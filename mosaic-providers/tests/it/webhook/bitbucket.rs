//! Bitbucket Cloud: small payloads of our own making, one for each event.

use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{PullRequestState, ReviewVerdict, StatusState};
use mosaic_core::types::project::IssueState;
use mosaic_providers::webhook::{
    CommentAction, CommentTarget, Event, IssueAction, PullRequestAction, RefAction, RefKind,
    RepositoryAction, Vendor,
};
use serde_json::{Value, json};

fn event(name: &str, more: Value) -> Event {
    let mut body = json!({
        "actor": {"nickname": "ada", "display_name": "Ada", "uuid": "{1}"},
        "repository": {"full_name": "acme/widget", "name": "Widget", "uuid": "{2}"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let delivery = super::delivery(Vendor::Bitbucket, name, &body);
    assert_eq!(
        (delivery.repo, delivery.sender.as_deref()),
        (Some(RepoRef::new("acme", "widget")), Some("ada"))
    );
    assert_eq!(
        (delivery.id.as_deref(), delivery.action.as_deref()),
        (Some("d-1"), name.split_once(':').map(|it| it.1))
    );
    delivery.event
}

fn side(kind: &str, name: &str, hash: &str) -> Value {
    json!({"type": kind, "name": name, "target": {"hash": hash}})
}

#[test]
fn a_push_may_tell_of_many() {
    let commit = |hash: &str| json!({"hash": hash, "message": "m", "date": "2026-01-31T12:00:00+00:00", "author": {"raw": "Ada <ada@example.org>"}, "parents": [{"hash": "aa"}]});
    let push = event(
        "repo:push",
        json!({"push": {"changes": [
            {"old": side("branch", "main", "aa"), "new": side("branch", "main", "bb"), "forced": true, "truncated": true, "commits": [commit("bb"), commit("b1")]},
            {"old": null, "new": side("tag", "v1", "bb"), "created": true},
            {"old": side("branch", "lid", "aa"), "new": null, "closed": true, "commits": null},
            {"old": null, "new": side("bookmark", "x", "aa")},
        ]}}),
    );
    let told: Vec<_> =
        push.ref_changes().iter().map(|of| (of.reference, of.name.as_str(), of.action)).collect();
    let expected = [
        (RefKind::Branch, "main", RefAction::Moved),
        (RefKind::Tag, "v1", RefAction::Created),
        (RefKind::Branch, "lid", RefAction::Deleted),
    ];
    assert_eq!(told, expected);
    let main = &push.ref_changes()[0];
    assert!(main.forced && main.truncated);
    assert_eq!(
        main.commits.iter().map(|commit| commit.id.as_str()).collect::<Vec<_>>(),
        ["b1", "bb"],
        "oldest first"
    );
    let author = &main.commits[0].author;
    assert_eq!((author.name.as_str(), author.email.as_str()), ("Ada", "ada@example.org"));
    assert_eq!(event("repo:push", json!({"push": {"changes": []}})), Event::Other);
}

fn pull(state: &str) -> Value {
    json!({"id": 7, "title": "Add a lid", "description": "", "state": state, "author": {"display_name": "Ada"},
        "source": {"branch": {"name": "lid"}, "commit": {"hash": "aa"}}, "destination": {"branch": {"name": "main"}},
        "merge_commit": if state == "MERGED" { json!({"hash": "cc"}) } else { Value::Null }, "created_on": "2026-01-31T12:00:00.5+00:00"})
}

#[test]
fn pull_requests() {
    for (name, state, action, noun) in [
        ("pullrequest:created", "OPEN", PullRequestAction::Opened, PullRequestState::Open),
        ("pullrequest:updated", "OPEN", PullRequestAction::Updated, PullRequestState::Open),
        ("pullrequest:push", "OPEN", PullRequestAction::Updated, PullRequestState::Open),
        ("pullrequest:fulfilled", "MERGED", PullRequestAction::Merged, PullRequestState::Merged),
        ("pullrequest:rejected", "DECLINED", PullRequestAction::Closed, PullRequestState::Closed),
        ("pullrequest:unapproved", "OPEN", PullRequestAction::Reviewed, PullRequestState::Open),
        ("pullrequest:changes_request_removed", "OPEN", PullRequestAction::Reviewed, PullRequestState::Open),
    ] {
        let Event::PullRequest(of) = event(name, json!({"pullrequest": pull(state)})) else {
            panic!("{name}")
        };
        assert_eq!((of.action, of.pull_request.state, of.review), (action, noun, None), "{name}");
        assert_eq!(of.pull_request.merge_commit.is_some(), state == "MERGED");
        assert_eq!(
            (of.pull_request.source.as_str(), of.pull_request.author.as_deref()),
            ("lid", Some("Ada"))
        );
    }
    for (name, field, verdict) in [
        ("pullrequest:approved", "approval", ReviewVerdict::Approve),
        ("pullrequest:changes_request_created", "changes_request", ReviewVerdict::RequestChanges),
    ] {
        let said = json!({"user": {"nickname": "bob"}, "date": "2026-01-31T12:00:00+00:00"});
        let Event::PullRequest(of) = event(name, json!({"pullrequest": pull("OPEN"), field: said})) else {
            panic!("{name}")
        };
        let review = of.review.unwrap();
        assert_eq!(
            (review.verdict, review.author.as_deref(), review.commit.as_deref()),
            (verdict, Some("bob"), Some("aa"))
        );
    }
}

#[test]
fn comments() {
    let comment = json!({"id": 1, "content": {"raw": "Seen too."}, "user": {"nickname": "bob"}, "inline": {"path": "lid.rs", "to": 4}});
    for (name, more, action, target) in [
        (
            "pullrequest:comment_created",
            json!({"pullrequest": {"id": 7}}),
            CommentAction::Created,
            CommentTarget::PullRequest { number: 7 },
        ),
        (
            "pullrequest:comment_updated",
            json!({"pullrequest": {"id": 7}}),
            CommentAction::Edited,
            CommentTarget::PullRequest { number: 7 },
        ),
        (
            "pullrequest:comment_deleted",
            json!({"pullrequest": {"id": 7}}),
            CommentAction::Deleted,
            CommentTarget::PullRequest { number: 7 },
        ),
        (
            "issue:comment_created",
            json!({"issue": {"id": 3}}),
            CommentAction::Created,
            CommentTarget::Issue { number: 3 },
        ),
        (
            "repo:commit_comment_created",
            json!({"commit": {"hash": "aa"}}),
            CommentAction::Created,
            CommentTarget::Commit { id: "aa".into() },
        ),
    ] {
        let mut more = more;
        more["comment"] = comment.clone();
        let Event::Comment(of) = event(name, more) else { panic!("{name}") };
        assert_eq!((of.action, of.target), (action, target), "{name}");
        assert_eq!(
            (of.comment.body.as_str(), of.comment.path.as_deref(), of.comment.line),
            ("Seen too.", Some("lid.rs"), Some(4))
        );
    }
}

#[test]
fn issues() {
    let of = |name: &str, state: &str, changes: Value| {
        let issue = json!({"id": 3, "title": "It leaks", "content": {"raw": "Much."}, "state": state, "reporter": {"nickname": "bob"}});
        let Event::Issue(of) = event(name, json!({"issue": issue, "changes": changes})) else {
            panic!("{name}")
        };
        (of.action, of.issue.state, of.issue.issue.to_string())
    };
    let of = |name: &str, state: &str, old: &str, new: &str| {
        of(name, state, json!({"status": {"old": old, "new": new}}))
    };
    let widget = "acme/widget#3".to_owned();
    assert_eq!(
        of("issue:created", "new", "", "new"),
        (IssueAction::Opened, IssueState::Open, widget.clone())
    );
    assert_eq!(
        of("issue:updated", "resolved", "new", "resolved"),
        (IssueAction::Closed, IssueState::Closed, widget.clone())
    );
    assert_eq!(
        of("issue:updated", "open", "resolved", "open"),
        (IssueAction::Reopened, IssueState::Open, widget.clone())
    );
    assert_eq!(
        of("issue:updated", "on hold", "open", "on hold"),
        (IssueAction::Updated, IssueState::Open, widget)
    );
}

#[test]
fn statuses() {
    let links =
        json!({"commit": {"href": "https://api.bitbucket.org/2.0/repositories/acme/widget/commit/aa"}});
    for (word, state) in [
        ("SUCCESSFUL", StatusState::Success),
        ("INPROGRESS", StatusState::Pending),
        ("FAILED", StatusState::Failure),
        ("STOPPED", StatusState::Error),
    ] {
        let status = json!({"key": "build", "name": "Build 7", "state": word, "url": "https://example.org", "links": links});
        let Event::Status(of) = event("repo:commit_status_updated", json!({"commit_status": status})) else {
            panic!("{word}")
        };
        assert_eq!((of.commit.as_str(), of.status.context.as_str(), of.status.state), ("aa", "build", state));
        assert_eq!(of.vendor_state.as_deref(), Some(word));
    }
    let direct = json!({"commit_status": {"key": "build", "state": "FAILED", "commit": {"hash": "bb"}, "links": links}});
    let Event::Status(of) = event("repo:commit_status_created", direct) else { panic!() };
    assert_eq!(of.commit, "bb");
}

#[test]
fn the_repository_itself() {
    let of = |name: &str, more: Value| {
        let Event::Repository(of) = event(name, more) else { panic!("{name}") };
        (of.action, of.previous.map(|repo| repo.to_string()))
    };
    assert_eq!(
        of("repo:updated", json!({"changes": {"description": {"old": "", "new": "x"}}})),
        (RepositoryAction::Updated, None)
    );
    let renamed = json!({"changes": {"full_name": {"old": "acme/gadget", "new": "acme/widget"}}});
    assert_eq!(of("repo:updated", renamed), (RepositoryAction::Renamed, Some("acme/gadget".to_owned())));
    assert_eq!(of("repo:deleted", json!({})), (RepositoryAction::Deleted, None));
    assert_eq!(event("repo:fork", json!({"fork": {}})), Event::Other);
}
