//! Payloads that nobody documents: whatever comes in, a parser gives an event or an error, and never falls over.

use mosaic_core::ports::Notice;
use mosaic_core::types::Subject;
use mosaic_providers::webhook::{Event, Vendor};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Events of each vendor that reach all of its code.
fn seeds() -> Vec<(Vendor, &'static str, Value)> {
    let around =
        json!({"action": "opened", "repository": {"full_name": "acme/widget"}, "sender": {"login": "ada"}});
    let hub = |more: Value| {
        let mut body = around.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let commit = json!({"id": "aa", "hash": "aa", "message": "m", "timestamp": "2026-01-31T12:00:00Z", "author": {"name": "n", "email": "e", "raw": "n <e>"}});
    let pull = json!({"number": 1, "title": "t", "state": "open", "body": "b", "user": {"login": "l"}, "head": {"ref": "h", "sha": "aa"},
        "base": {"ref": "b"}, "merged": false, "created_at": "2026-01-31T12:00:00Z"});
    let push = hub(
        json!({"ref": "refs/heads/main", "before": "aa", "after": "bb", "commits": [commit], "head_commit": {"id": "bb"}}),
    );
    let issue = json!({"number": 1, "title": "t", "state": "open", "labels": [{"name": "x"}], "milestone": {"number": 1}});
    let comment =
        json!({"id": 1, "body": "b", "user": {"login": "l"}, "path": "p", "line": 1, "commit_id": "aa"});
    let run =
        json!({"id": 1, "workflow_id": 2, "status": "completed", "conclusion": "success", "run_attempt": 1});
    let job = json!({"id": 1, "run_id": 2, "name": "n", "status": "queued", "conclusion": null});
    let gitlab = |kind: &str, more: Value| {
        let mut body = json!({"object_kind": kind, "user": {"username": "u"}, "project": {"path_with_namespace": "a/b/c"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let merge = json!({"iid": 1, "title": "t", "state": "opened", "action": "approved", "source_branch": "s", "target_branch": "t",
        "last_commit": {"id": "aa"}, "created_at": "2026-01-31 12:00:00 UTC"});
    let bitbucket = |more: Value| {
        let mut body = json!({"actor": {"nickname": "n"}, "repository": {"full_name": "a/b"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let side = json!({"type": "branch", "name": "n", "target": {"hash": "aa"}});
    let pullrequest = json!({"id": 1, "title": "t", "state": "OPEN", "author": {"nickname": "n"}, "source": {"branch": {"name": "s"}, "commit": {"hash": "aa"}},
        "destination": {"branch": {"name": "d"}}});
    let circle = json!({"id": "e", "type": "workflow-completed", "project": {"slug": "gh/a/b"},
        "pipeline": {"id": "p", "vcs": {"target_repository_url": "https://example.org/a/b", "revision": "aa"}},
        "workflow": {"name": "w", "status": "success"}, "job": {"id": "j", "number": 1, "name": "n", "status": "failed"}});
    let mut seeds = vec![
        (
            Vendor::GitHub,
            "gollum",
            hub(json!({"pages": [{"title": "t", "page_name": "p", "action": "edited"}]})),
        ),
        (
            Vendor::GitHub,
            "check_run",
            hub(
                json!({"check_run": {"head_sha": "aa", "name": "n", "status": "completed", "conclusion": "success", "output": {"title": "t"}}}),
            ),
        ),
        (
            Vendor::GitHub,
            "repository",
            hub(
                json!({"action": "renamed", "changes": {"repository": {"name": {"from": "x"}}, "owner": {"from": {"user": {"login": "l"}}}}}),
            ),
        ),
        (
            Vendor::GitHub,
            "pull_request_review_comment",
            hub(json!({"pull_request": {"number": 1}, "comment": comment})),
        ),
        (Vendor::GitHub, "commit_comment", hub(json!({"comment": comment}))),
        (
            Vendor::GitHub,
            "pull_request_review",
            hub(json!({"pull_request": pull, "review": {"id": 1, "state": "approved", "body": "b"}})),
        ),
        (
            Vendor::Gitea,
            "pull_request_approved",
            hub(
                json!({"action": "reviewed", "pull_request": pull, "review": {"type": "pull_request_review_approved", "content": "c"}}),
            ),
        ),
        (
            Vendor::Forgejo,
            "action_run_failure",
            json!({"action": "failure", "run": {"id": 1, "repository": {"full_name": "a/b"}, "status": "failure", "trigger_user": {"login": "l"}, "stopped": "2026-01-31T12:00:00Z"}}),
        ),
        (Vendor::Forgejo, "wiki", hub(json!({"page": "p"}))),
        (
            Vendor::GitLab,
            "x",
            gitlab(
                "push",
                json!({"ref": "refs/tags/v1", "before": "00", "after": "bb", "checkout_sha": "aa", "commits": [commit], "total_commits_count": 1}),
            ),
        ),
        (Vendor::GitLab, "x", gitlab("merge_request", json!({"object_attributes": merge}))),
        (
            Vendor::GitLab,
            "x",
            gitlab(
                "issue",
                json!({"object_attributes": {"iid": 1, "title": "t", "state": "opened"}, "labels": [{"title": "l"}], "assignees": [{"username": "u"}]}),
            ),
        ),
        (
            Vendor::GitLab,
            "x",
            gitlab(
                "note",
                json!({"object_attributes": {"id": 1, "note": "n", "noteable_type": "Issue", "position": {"new_line": 1}}, "issue": {"iid": 1}}),
            ),
        ),
        (
            Vendor::GitLab,
            "x",
            gitlab(
                "pipeline",
                json!({"object_attributes": {"id": 1, "ref": "r", "sha": "aa", "status": "running"}}),
            ),
        ),
        (
            Vendor::GitLab,
            "x",
            gitlab(
                "build",
                json!({"build_id": 1, "build_name": "n", "build_status": "failed", "pipeline_id": 2, "repository": {"homepage": "https://h/a/b"}}),
            ),
        ),
        (Vendor::GitLab, "x", gitlab("release", json!({"id": 1, "tag": "v1", "action": "create"}))),
        (
            Vendor::GitLab,
            "x",
            gitlab(
                "wiki_page",
                json!({"object_attributes": {"title": "t", "slug": "s", "action": "create"}}),
            ),
        ),
        (
            Vendor::GitLab,
            "x",
            json!({"event_name": "project_rename", "path_with_namespace": "a/b", "old_path_with_namespace": "a/c"}),
        ),
        (
            Vendor::Bitbucket,
            "repo:push",
            bitbucket(json!({"push": {"changes": [{"old": side, "new": side, "commits": [commit]}]}})),
        ),
        (
            Vendor::Bitbucket,
            "pullrequest:approved",
            bitbucket(
                json!({"pullrequest": pullrequest, "approval": {"user": {"nickname": "n"}, "date": "2026-01-31T12:00:00Z"}}),
            ),
        ),
        (
            Vendor::Bitbucket,
            "pullrequest:comment_created",
            bitbucket(
                json!({"pullrequest": {"id": 1}, "comment": {"id": 1, "content": {"raw": "r"}, "inline": {"path": "p", "to": 1}}}),
            ),
        ),
        (
            Vendor::Bitbucket,
            "issue:updated",
            bitbucket(
                json!({"issue": {"id": 1, "title": "t", "state": "new"}, "changes": {"status": {"old": "new", "new": "closed"}}}),
            ),
        ),
        (
            Vendor::Bitbucket,
            "repo:commit_status_updated",
            bitbucket(
                json!({"commit_status": {"key": "k", "state": "FAILED", "links": {"commit": {"href": "h/aa"}}}}),
            ),
        ),
        (Vendor::Bitbucket, "repo:updated", bitbucket(json!({"changes": {"full_name": {"old": "a/c"}}}))),
        (Vendor::CircleCi, "workflow-completed", circle.clone()),
        (Vendor::CircleCi, "job-completed", {
            let mut job = circle;
            job["type"] = "job-completed".into();
            job
        }),
    ];
    for vendor in [Vendor::GitHub, Vendor::Gitea] {
        seeds.extend([
            (vendor, "push", push.clone()),
            (vendor, "create", hub(json!({"ref": "lid", "ref_type": "branch", "sha": "aa"}))),
            (vendor, "delete", hub(json!({"ref": "v1", "ref_type": "tag"}))),
            (vendor, "pull_request", hub(json!({"pull_request": pull}))),
            (vendor, "issues", hub(json!({"issue": issue}))),
            (vendor, "issue_comment", hub(json!({"issue": {"number": 1}, "comment": comment}))),
            (
                vendor,
                "release",
                hub(json!({"release": {"id": 1, "tag_name": "v1", "author": {"login": "l"}}})),
            ),
            (vendor, "workflow_run", hub(json!({"workflow_run": run}))),
            (vendor, "workflow_job", hub(json!({"workflow_job": job}))),
            (vendor, "status", hub(json!({"sha": "aa", "context": "c", "state": "success"}))),
        ]);
    }
    seeds
}

/// A body goes in; what comes out can be shown, written as JSON and told to a cache, or is an error that says what to answer.
fn survives(vendor: Vendor, name: &str, body: Vec<u8>) {
    match super::receive(vendor, name, body) {
        Ok(delivery) => {
            let _ = format!("{delivery:?}");
            serde_json::to_string(&delivery).unwrap();
            delivery.changes(&mut |meta, subject: Subject<'_>| {
                assert!(!meta.name.is_empty() && subject.org.is_some())
            });
            assert!(delivery.repo.is_some() || matches!(delivery.event, Event::Ping | Event::Other));
        }
        Err(error) => {
            assert!(matches!(error.status_code(), Some(400 | 422)), "{error:?}");
            assert!(!error.to_string().is_empty());
        }
    }
}

/// Every place in a JSON value, as a path of steps.
fn places(value: &Value, at: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(at.clone());
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in inner {
        at.push(step);
        places(value, at, all);
        at.pop();
    }
}

fn odd_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("/"),
        json!("ü\u{0}\u{202e}"),
        json!("0000000000000000000000000000000000000000"),
        json!("9999-99-99 99:99:99 UTC"),
        json!([]),
        json!({}),
        json!([null, {"name": []}]),
    ]
}

#[test]
fn the_seeds_are_events() {
    for (vendor, name, body) in seeds() {
        let event = super::event(vendor, name, &body);
        assert_ne!(event, Event::Other, "{vendor} {name}");
    }
}

#[test]
fn every_field_may_be_missing_or_be_anything() {
    for (vendor, name, body) in seeds() {
        let mut all = Vec::new();
        places(&body, &mut Vec::new(), &mut all);
        for place in all.iter().filter(|place| !place.is_empty()) {
            let pointer = format!("/{}", place.join("/"));
            for odd in odd_values() {
                let mut changed = body.clone();
                *changed.pointer_mut(&pointer).unwrap() = odd;
                survives(vendor, name, changed.to_string().into_bytes());
            }
            let mut without = body.clone();
            let (parent, last) = pointer.rsplit_once('/').unwrap();
            if let Some(fields) = without.pointer_mut(parent).unwrap().as_object_mut() {
                fields.remove(last);
                survives(vendor, name, without.to_string().into_bytes());
            }
        }
    }
}

#[test]
fn a_body_may_end_anywhere() {
    for (vendor, name, body) in seeds() {
        let body = body.to_string().into_bytes();
        for end in 0..body.len() {
            assert!(super::receive(vendor, name, body[..end].to_vec()).is_err(), "{vendor} {name} {end}");
        }
    }
}

proptest! {
    #[test]
    fn bytes_may_be_flipped(seed in any::<prop::sample::Index>(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let seeds = seeds();
        let (vendor, name, body) = seed.get(&seeds);
        let mut body = body.to_string().into_bytes();
        for (at, byte) in flips {
            let at = at.index(body.len());
            body[at] = byte;
        }
        survives(*vendor, name, body);
    }

    #[test]
    fn fields_may_change_places(seed in any::<prop::sample::Index>(), moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5)) {
        let seeds = seeds();
        let (vendor, name, body) = seed.get(&seeds);
        let mut body = body.clone();
        for (from, to) in moves {
            let mut all = Vec::new();
            places(&body, &mut Vec::new(), &mut all);
            let pointer = |place: &Vec<String>| place.iter().map(|step| format!("/{step}")).collect::<String>();
            let taken = body.pointer(&pointer(from.get(&all))).unwrap().clone();
            *body.pointer_mut(&pointer(to.get(&all))).unwrap() = taken;
        }
        survives(*vendor, name, body.to_string().into_bytes());
    }

    #[test]
    fn a_body_may_be_of_another_event(body in any::<prop::sample::Index>(), name in any::<prop::sample::Index>()) {
        let seeds = seeds();
        let (vendor, name, _) = name.get(&seeds);
        survives(*vendor, name, body.get(&seeds).2.to_string().into_bytes());
    }

    #[test]
    fn bytes_may_be_anything(vendor in prop::sample::select(Vendor::ALL.to_vec()), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(vendor, "push", bytes);
    }
}
