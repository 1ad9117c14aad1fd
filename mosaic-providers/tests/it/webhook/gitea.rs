//! Gitea and Forgejo: small payloads of our own making, where they differ from GitHub.

use mosaic_core::types::RepoRef;
use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{PullRequestState, ReviewVerdict, StatusState};
use mosaic_providers::webhook::{
    CommentTarget, Event, IssueAction, PullRequestAction, RefAction, RefKind, ReleaseAction,
    RepositoryAction, Vendor, WikiAction,
};
use serde_json::{Value, json};

fn event(name: &str, action: &str, more: Value) -> Event {
    let mut body = json!({
        "action": action,
        "repository": {"full_name": "acme/widget", "owner": {"login": "acme"}},
        "sender": {"login": "", "username": "ada"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let [gitea, forgejo] = [Vendor::Gitea, Vendor::Forgejo].map(|vendor| {
        let delivery = super::delivery(vendor, name, &body);
        assert_eq!(
            (delivery.repo, delivery.sender.as_deref()),
            (Some(RepoRef::new("acme", "widget")), Some("ada"))
        );
        delivery.event
    });
    assert_eq!(gitea, forgejo);
    gitea
}

fn pull(state: &str, merged: bool) -> Value {
    json!({"number": 7, "title": "Add a lid", "state": state, "body": "", "user": {"login": "ada"}, "merged": merged,
        "head": {"ref": "lid", "sha": "aa"}, "base": {"ref": "main", "sha": "bb"}, "merge_commit_sha": "cc"})
}

#[test]
fn a_push_is_turned_round() {
    let commit = |id: &str| json!({"id": id, "message": "m", "timestamp": "2026-01-31T12:00:00Z", "author": {"name": "Ada"}});
    let push = event(
        "push",
        "",
        json!({"ref": "refs/heads/main", "before": "aa", "after": "bb", "total_commits": 3,
        "commits": [commit("bb"), commit("b1")]}),
    );
    let change = &push.ref_changes()[0];
    assert_eq!(
        change.commits.iter().map(|commit| commit.id.as_str()).collect::<Vec<_>>(),
        ["b1", "bb"],
        "oldest first"
    );
    assert!(change.truncated && change.action == RefAction::Moved);
    assert_eq!(change.commits[0].author.email, "");
}

#[test]
fn branches_and_tags_come_and_go() {
    let made = event("create", "", json!({"ref": "v1", "ref_type": "tag", "sha": "aa"}));
    assert!(matches!(&made, Event::Created(_)));
    assert_eq!(made.ref_changes()[0].after.as_deref(), Some("aa"));
    let gone = event(
        "delete",
        "",
        json!({"ref": "refs/heads/lid", "ref_type": "branch", "sha": "aa", "pusher_type": "user"}),
    );
    let Event::Deleted(gone) = gone else { panic!() };
    assert_eq!((gone.reference, gone.name.as_str(), gone.after), (RefKind::Branch, "lid", None));
}

#[test]
fn pull_requests_and_their_reviews() {
    for (name, word, state, merged, action) in [
        ("pull_request", "opened", "open", false, PullRequestAction::Opened),
        ("pull_request", "synchronized", "open", false, PullRequestAction::Updated),
        ("pull_request", "label_updated", "open", false, PullRequestAction::Updated),
        ("pull_request_label", "label_cleared", "open", false, PullRequestAction::Updated),
        ("pull_request", "review_requested", "open", false, PullRequestAction::Updated),
        ("pull_request", "reopened", "open", false, PullRequestAction::Reopened),
        ("pull_request", "closed", "closed", false, PullRequestAction::Closed),
        ("pull_request", "closed", "closed", true, PullRequestAction::Merged),
    ] {
        let Event::PullRequest(of) = event(name, word, json!({"pull_request": pull(state, merged)})) else {
            panic!("{word}")
        };
        assert_eq!(of.action, action, "{word}");
        assert_eq!(of.pull_request.state == PullRequestState::Merged, merged);
    }
    for (name, kind, verdict) in [
        ("pull_request_approved", "pull_request_review_approved", ReviewVerdict::Approve),
        ("pull_request_rejected", "pull_request_review_rejected", ReviewVerdict::RequestChanges),
        ("pull_request_comment", "pull_request_review_comment", ReviewVerdict::Comment),
        ("pull_request", "pull_request_approved", ReviewVerdict::Approve),
    ] {
        let more = json!({"pull_request": pull("open", false), "review": {"type": kind, "content": "Fine."}});
        let Event::PullRequest(of) = event(name, "reviewed", more) else { panic!("{name}") };
        let review = of.review.unwrap();
        assert_eq!((of.action, review.verdict), (PullRequestAction::Reviewed, verdict), "{name}");
        assert_eq!((review.body.as_deref(), review.author.as_deref()), (Some("Fine."), Some("ada")));
    }
}

#[test]
fn a_number_may_stand_beside_the_pull_request() {
    let mut pull = pull("open", false);
    pull.as_object_mut().unwrap().remove("number");
    let Event::PullRequest(of) = event("pull_request", "opened", json!({"number": 9, "pull_request": pull}))
    else {
        panic!()
    };
    assert_eq!(of.pull_request.number, 9);
}

#[test]
fn comments_say_what_they_are_on() {
    let comment = json!({"id": 1, "body": "Seen too.", "user": {"login": "bob"}});
    let on = |name: &str, more: Value| {
        let mut more = more;
        more["comment"] = comment.clone();
        let Event::Comment(of) = event(name, "created", more) else { panic!("{name}") };
        of.target
    };
    assert_eq!(
        on("issue_comment", json!({"issue": {"number": 3, "pull_request": null}})),
        CommentTarget::Issue { number: 3 }
    );
    let pull = CommentTarget::PullRequest { number: 7 };
    assert_eq!(on("issue_comment", json!({"is_pull": true, "issue": {"number": 7}})), pull);
    assert_eq!(on("issue_comment", json!({"issue": {"number": 7, "pull_request": {"merged": false}}})), pull);
    assert_eq!(on("pull_request_comment", json!({"is_pull": true, "issue": {"number": 7}})), pull);
}

#[test]
fn the_rest() {
    let issue = json!({"issue": {"number": 3, "title": "t", "state": "open", "labels": null, "milestone": {"id": 5}}});
    let Event::Issue(of) = event("issues", "label_updated", issue) else { panic!() };
    assert_eq!((of.action, of.issue.sprint.as_deref()), (IssueAction::Updated, Some("5")));
    for (word, action) in [
        ("published", ReleaseAction::Published),
        ("updated", ReleaseAction::Updated),
        ("deleted", ReleaseAction::Deleted),
    ] {
        let Event::Release(of) = event("release", word, json!({"release": {"id": 2, "tag_name": "v1"}}))
        else {
            panic!()
        };
        assert_eq!(of.action, action);
    }
    let Event::Wiki(of) = event("wiki", "deleted", json!({"page": "Home", "comment": ""})) else { panic!() };
    assert_eq!((of.pages[0].title.as_str(), of.pages[0].action), ("Home", WikiAction::Deleted));
    let status =
        json!({"sha": "aa", "context": "ci/build", "state": "warning", "description": "d", "target_url": ""});
    let Event::Status(of) = event("status", "", status) else { panic!() };
    assert_eq!(
        (of.status.state, of.vendor_state.as_deref(), of.status.target_url),
        (StatusState::Failure, Some("warning"), None)
    );
    let run = json!({"id": 1, "status": "completed", "conclusion": "success", "head_sha": "aa", "head_branch": "main",
        "path": "test.yml@refs/heads/main", "run_attempt": 0, "started_at": "2026-01-31T12:00:00Z", "completed_at": "2026-01-31T12:01:00Z"});
    let Event::Run(of) = event("workflow_run", "completed", json!({"workflow_run": run})) else { panic!() };
    assert_eq!((of.run.state, of.run.attempt), (RunState::Succeeded, None));
    assert_eq!(of.run.pipeline.as_deref(), Some("test.yml"));
    assert_eq!(of.run.ended_at.unwrap().to_string(), "2026-01-31T12:01:00Z");
    let queued =
        json!({"workflow_job": {"id": 1, "run_id": 2, "name": "t", "status": "queued", "conclusion": ""}});
    let Event::Job(of) = event("workflow_job", "queued", queued) else { panic!() };
    assert_eq!((of.job.state, of.job.vendor_state.as_deref()), (RunState::Queued, Some("queued")));
    let Event::Repository(of) = event("repository", "deleted", json!({})) else { panic!() };
    assert_eq!(of.action, RepositoryAction::Deleted);
    assert_eq!(event("package", "created", json!({"package": {}})), Event::Other);
    assert_eq!(event("fork", "", json!({"forkee": {}})), Event::Other);
}

#[test]
fn runs_of_forgejo_have_their_repository_inside() {
    for (name, word, state) in [
        ("action_run_success", "success", RunState::Succeeded),
        ("action_run_recover", "success", RunState::Succeeded),
        ("action_run_failure", "failure", RunState::Failed),
        ("action_run_failure", "cancelled", RunState::Cancelled),
        ("action_run_failure", "something new", RunState::Failed),
    ] {
        let run = json!({"id": 31, "title": "t", "workflow_id": "test.yml", "index_in_repo": 12, "prettyref": "main", "commit_sha": "aa",
            "status": word, "repository": {"full_name": "acme/widget"}, "trigger_user": {"login": "ada"},
            "started": "2026-01-31T12:00:00Z", "stopped": "2026-01-31T12:01:00Z"});
        let body = json!({"action": "failure", "run": run, "prior_status": "success"});
        let delivery = super::delivery(Vendor::Forgejo, name, &body);
        assert_eq!(
            (delivery.repo, delivery.sender.as_deref()),
            (Some(RepoRef::new("acme", "widget")), Some("ada"))
        );
        let Event::Run(of) = delivery.event else { panic!("{name}") };
        assert_eq!(
            (of.run.id.as_str(), of.run.state, of.run.vendor_state.as_deref()),
            ("31", state, Some(word))
        );
        assert_eq!((of.run.pipeline.as_deref(), of.run.commit.as_deref()), (Some("test.yml"), Some("aa")));
    }
    let error = super::receive(Vendor::Forgejo, "action_run_success", r#"{"action":"success"}"#).unwrap_err();
    assert_eq!(error.status_code(), Some(422));
}
