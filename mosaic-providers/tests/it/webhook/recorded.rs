//! What vendors really sent: every published payload in the shared fixtures becomes the event that it is, field by field.
//!
//! Without `MOSAIC_SHARED` these tests have nothing to look at and pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mosaic_core::types::cicd::RunState;
use mosaic_core::types::git::{PullRequestState, ReviewVerdict};
use mosaic_providers::webhook::{CommentTarget, Delivery, Event, PullRequestAction, RefAction, Vendor};
use serde_json::Value;

fn fixtures(of: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("MOSAIC_SHARED").filter(|shared| !shared.is_empty())?;
    let folder = Path::new(&shared).join("fixtures").join(of);
    assert!(folder.is_dir(), "MOSAIC_SHARED is set, but there is no {}", folder.display());
    Some(folder)
}

fn files(folder: &Path) -> Vec<(String, Value)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap())
        })
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

/// How many deliveries became which event.
fn count(kinds: &[&'static str]) -> BTreeMap<&'static str, usize> {
    kinds.iter().fold(BTreeMap::new(), |mut counts, kind| {
        *counts.entry(*kind).or_default() += 1;
        counts
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Compares an event with the payload that GitHub, Gitea or Forgejo sent.
fn check_hub(delivery: &Delivery, body: &Value, file: &str) {
    let full_name = body["repository"]["full_name"].as_str();
    assert_eq!(delivery.repo.as_ref().map(ToString::to_string).as_deref(), full_name, "{file}");
    assert_eq!(delivery.sender.as_deref(), body["sender"]["login"].as_str(), "{file}");
    assert_eq!(delivery.action.as_deref(), body["action"].as_str(), "{file}");
    match &delivery.event {
        Event::Push(push) => {
            let change = &push.changes[0];
            assert!(text(&body["ref"]).ends_with(&format!("/{}", change.name)), "{file}");
            let zeros = |field: &str| text(&body[field]).bytes().all(|digit| digit == b'0');
            let action = match (zeros("before"), zeros("after")) {
                (_, true) => RefAction::Deleted,
                (true, _) => RefAction::Created,
                _ => RefAction::Moved,
            };
            assert_eq!(change.action, action, "{file}");
            if let Some(created) = body["created"].as_bool() {
                assert_eq!(
                    (change.is_created(), Some(change.is_deleted())),
                    (created, body["deleted"].as_bool()),
                    "{file}"
                );
            }
            assert_eq!(change.commits.len(), body["commits"].as_array().unwrap().len(), "{file}");
            if let (Some(last), RefAction::Moved) = (change.commits.last(), action) {
                assert_eq!(Some(&last.id), change.after.as_ref(), "{file}: the newest is last");
                assert!(!last.author.email.is_empty() && !last.message.is_empty(), "{file}");
            }
        }
        Event::Created(change) | Event::Deleted(change) => {
            assert_eq!(change.name, text(&body["ref"]), "{file}");
        }
        Event::PullRequest(event) => {
            let (pull, wire) = (&event.pull_request, &body["pull_request"]);
            let number = wire["number"].as_u64().or(body["number"].as_u64());
            assert_eq!((Some(pull.number), pull.title.as_str()), (number, text(&wire["title"])), "{file}");
            assert_eq!(
                (pull.source.as_str(), pull.target.as_str()),
                (text(&wire["head"]["ref"]), text(&wire["base"]["ref"]))
            );
            assert_eq!(pull.head.as_deref(), wire["head"]["sha"].as_str(), "{file}");
            assert_eq!(pull.author.as_deref(), wire["user"]["login"].as_str(), "{file}");
            assert_eq!(
                pull.state == PullRequestState::Open,
                matches!(wire["state"].as_str(), None | Some("open")),
                "{file}"
            );
            assert_eq!(pull.merge_commit.is_some(), wire["merged"] == true, "{file}");
            let action = match (text(&body["action"]), wire["merged"] == true) {
                ("opened", _) => PullRequestAction::Opened,
                ("reopened", _) => PullRequestAction::Reopened,
                ("closed", true) => PullRequestAction::Merged,
                ("closed", false) => PullRequestAction::Closed,
                ("reviewed" | "submitted" | "dismissed", _) => PullRequestAction::Reviewed,
                _ => PullRequestAction::Updated,
            };
            assert_eq!(event.action, action, "{file}");
            let given = action == PullRequestAction::Reviewed && body["action"] != "dismissed";
            assert_eq!(event.review.is_some(), given, "{file}");
        }
        Event::Issue(event) => {
            let (issue, wire) = (&event.issue, &body["issue"]);
            assert_eq!(
                (Some(issue.issue.number), issue.title.as_str()),
                (wire["number"].as_u64(), text(&wire["title"]))
            );
            assert_eq!(issue.labels.len(), wire["labels"].as_array().unwrap().len(), "{file}");
        }
        Event::Comment(event) => {
            assert_eq!(
                (Some(&*event.comment.id), &*event.comment.body),
                (
                    body["comment"]["id"].as_u64().map(|id| id.to_string()).as_deref(),
                    text(&body["comment"]["body"])
                )
            );
            let pull =
                body["pull_request"]["number"].as_u64().map(|number| CommentTarget::PullRequest { number });
            let issue = body["issue"]["number"].as_u64().map(|number| CommentTarget::Issue { number });
            assert_eq!(Some(&event.target), pull.or(issue).as_ref(), "{file}");
        }
        Event::Release(event) => {
            assert_eq!(event.release.tag, text(&body["release"]["tag_name"]), "{file}");
            assert_eq!(
                Some(event.release.id.as_str()),
                body["release"]["id"].as_u64().map(|id| id.to_string()).as_deref()
            );
        }
        Event::Run(event) => {
            let wire = &body["workflow_run"];
            assert_eq!(
                Some(event.run.id.as_str()),
                wire["id"].as_u64().map(|id| id.to_string()).as_deref(),
                "{file}"
            );
            assert_eq!(event.run.commit.as_deref(), wire["head_sha"].as_str(), "{file}");
            // One that is completed because somebody has to act waits all the same.
            let ended = wire["status"] == "completed" && wire["conclusion"] != "action_required";
            assert_eq!(event.run.state.is_final(), ended, "{file}");
        }
        Event::Job(event) => {
            let wire = &body["workflow_job"];
            assert_eq!(
                Some(event.run.as_str()),
                wire["run_id"].as_u64().map(|id| id.to_string()).as_deref(),
                "{file}"
            );
            let state = match (text(&wire["status"]), text(&wire["conclusion"])) {
                ("completed", "success") => RunState::Succeeded,
                ("completed", _) => RunState::Failed,
                ("in_progress", _) => RunState::Running,
                ("waiting", _) => RunState::Blocked,
                _ => RunState::Queued,
            };
            assert_eq!(event.job.state, state, "{file}");
        }
        Event::Status(event) => {
            let commit = body["sha"].as_str().or(body["check_run"]["head_sha"].as_str());
            assert_eq!(Some(event.commit.as_str()), commit, "{file}");
        }
        Event::Wiki(event) => {
            assert_eq!(event.pages.len(), body["pages"].as_array().unwrap().len(), "{file}")
        }
        Event::Repository(event) => assert_eq!(Some(event.repo.to_string().as_str()), full_name, "{file}"),
        Event::Ping | Event::Other => {}
        other => panic!("{file}: {other:?}"),
    }
}

#[test]
fn every_published_payload_of_github_becomes_its_event() {
    let Some(folder) = fixtures("octokit-webhooks/github/payload-examples") else { return };
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        for (file, body) in files(&folder) {
            let delivery = super::delivery(Vendor::GitHub, &name, &body);
            check_hub(&delivery, &body, &format!("{name}/{file}"));
            let expected = match name.as_str() {
                "create" => "created",
                "delete" => "deleted",
                "pull_request_review" => "pull_request",
                "pull_request_review_comment" | "issue_comment" => "comment",
                "issues" => "issue",
                "gollum" => "wiki",
                "workflow_run" => "run",
                "workflow_job" => "job",
                "check_run" => "status",
                "check_suite" | "deployment_status" => "other",
                same => same,
            };
            assert_eq!(delivery.event.kind(), expected, "{name}/{file}");
            kinds.push(delivery.event.kind());
        }
    }
    let expected = BTreeMap::from([
        ("comment", 4),
        ("created", 3),
        ("deleted", 2),
        ("issue", 4),
        ("job", 7),
        ("other", 5),
        ("ping", 2),
        ("pull_request", 12),
        ("push", 5),
        ("release", 4),
        ("repository", 4),
        ("run", 4),
        ("status", 6),
        ("wiki", 1),
    ]);
    assert_eq!(count(&kinds), expected);
}

#[test]
fn every_payload_that_woodpecker_kept_of_the_github_family_becomes_its_event() {
    for vendor in [Vendor::GitHub, Vendor::Gitea, Vendor::Forgejo] {
        let Some(folder) = fixtures("woodpecker-forge") else { return };
        let mut kinds = Vec::new();
        for (file, body) in files(&folder.join(vendor.name().to_lowercase())) {
            let name = match file.as_str() {
                "HookTag" if vendor != Vendor::GitHub => "create",
                "HookPullRequestReviewAck" => "pull_request_approved",
                "HookPullRequestReviewDeny" => "pull_request_rejected",
                "HookPullRequestReviewComment" => "pull_request_comment",
                "HookRelease" => "release",
                "HookDeploy" => "deployment",
                file if file.starts_with("HookPullRequest") => "pull_request",
                _ => "push",
            };
            let delivery = super::delivery(vendor, name, &body);
            check_hub(&delivery, &body, &format!("{vendor}/{file}"));
            kinds.push(delivery.event.kind());
            let expected = match (file.as_str(), &delivery.event) {
                ("HookPullRequestMerged", Event::PullRequest(event)) => {
                    event.action == PullRequestAction::Merged
                }
                ("HookPullRequestClosed", Event::PullRequest(event)) => {
                    event.action == PullRequestAction::Closed
                }
                ("HookPullRequestReviewAck", Event::PullRequest(event)) => {
                    event.review.as_ref().is_some_and(|review| review.verdict == ReviewVerdict::Approve)
                }
                ("HookPullRequestReviewDeny", Event::PullRequest(event)) => event
                    .review
                    .as_ref()
                    .is_some_and(|review| review.verdict == ReviewVerdict::RequestChanges),
                ("HookPushForced", event) => event.ref_changes()[0].forced,
                ("HookPushBranch", event) => event.ref_changes()[0].is_created(),
                ("HookPushMulti", event) => event.ref_changes()[0].commits.len() == 3,
                ("HookTag", event) => event.ref_changes()[0].after.is_some(),
                _ => true,
            };
            assert!(expected, "{vendor}/{file}: {:?}", delivery.event);
        }
        let expected = match vendor {
            Vendor::GitHub => {
                BTreeMap::from([("other", 1), ("pull_request", 13), ("push", 3), ("release", 1)])
            }
            Vendor::Gitea => {
                BTreeMap::from([("created", 1), ("pull_request", 19), ("push", 3), ("release", 1)])
            }
            _ => BTreeMap::from([("created", 1), ("pull_request", 14), ("push", 3), ("release", 1)]),
        };
        assert_eq!(count(&kinds), expected, "{vendor}");
    }
}

#[test]
fn every_payload_that_woodpecker_kept_of_gitlab_becomes_its_event() {
    let Some(folder) = fixtures("woodpecker-forge/gitlab") else { return };
    let mut kinds = Vec::new();
    for (file, body) in files(&folder) {
        let delivery = super::delivery(Vendor::GitLab, "Some Hook", &body);
        assert_eq!(
            delivery.repo.unwrap().to_string(),
            text(&body["project"]["path_with_namespace"]),
            "{file}"
        );
        kinds.push(delivery.event.kind());
        match delivery.event {
            Event::Push(push) => {
                assert!(text(&body["ref"]).ends_with(&push.changes[0].name), "{file}");
                assert_eq!(push.changes[0].after.as_deref(), body["checkout_sha"].as_str(), "{file}");
                assert_eq!(push.changes[0].is_created(), file == "HookTag");
                assert_eq!(delivery.sender.as_deref(), Some("test"));
            }
            Event::PullRequest(event) => {
                let (pull, wire) = (event.pull_request, &body["object_attributes"]);
                assert_eq!(
                    (Some(pull.number), pull.title.as_str()),
                    (wire["iid"].as_u64(), text(&wire["title"])),
                    "{file}"
                );
                assert_eq!(
                    (pull.source.as_str(), pull.target.as_str()),
                    (text(&wire["source_branch"]), text(&wire["target_branch"]))
                );
                assert_eq!(pull.head.as_deref(), wire["last_commit"]["id"].as_str(), "{file}");
                assert!(pull.created_at.is_some() && pull.updated_at.is_some(), "{file}");
                let action = match file.trim_start_matches("HookPullRequest") {
                    "Opened" => PullRequestAction::Opened,
                    "Reopened" => PullRequestAction::Reopened,
                    "Closed" => PullRequestAction::Closed,
                    "Merged" => PullRequestAction::Merged,
                    "Approved" | "Unapproved" => PullRequestAction::Reviewed,
                    _ => PullRequestAction::Updated,
                };
                assert_eq!(
                    (event.action, event.review.is_some()),
                    (action, file.ends_with("Approved")),
                    "{file}"
                );
            }
            Event::Release(event) => assert_eq!(event.release.tag, text(&body["tag"]), "{file}"),
            other => panic!("{file}: {other:?}"),
        }
    }
    assert_eq!(count(&kinds), BTreeMap::from([("pull_request", 19), ("push", 2), ("release", 1)]));
}

#[test]
fn every_payload_that_woodpecker_kept_of_bitbucket_becomes_its_event() {
    let Some(folder) = fixtures("woodpecker-forge/bitbucket") else { return };
    for (file, body) in files(&folder) {
        let (name, action) = match file.as_str() {
            "HookPush" => ("repo:push", None),
            "HookPull" => ("pullrequest:created", Some(PullRequestAction::Opened)),
            "HookPullRequestMerged" => ("pullrequest:fulfilled", Some(PullRequestAction::Merged)),
            "HookPullRequestDeclined" => ("pullrequest:rejected", Some(PullRequestAction::Closed)),
            other => panic!("{other}"),
        };
        let delivery = super::delivery(Vendor::Bitbucket, name, &body);
        assert_eq!(delivery.repo.unwrap().to_string(), text(&body["repository"]["full_name"]), "{file}");
        let sender = body["actor"]["nickname"].as_str().or(body["actor"]["username"].as_str());
        assert_eq!(delivery.sender.as_deref(), sender, "{file}");
        match delivery.event {
            Event::Push(push) => {
                let (change, wire) = (&push.changes[0], &body["push"]["changes"][0]);
                assert_eq!((push.changes.len(), change.name.as_str()), (1, text(&wire["new"]["name"])));
                assert_eq!(change.before.as_deref(), wire["old"]["target"]["hash"].as_str());
                assert_eq!(change.after.as_deref(), wire["new"]["target"]["hash"].as_str());
                assert_eq!(change.commits[0].author.name, "Martin Herren");
            }
            Event::PullRequest(event) => {
                let (pull, wire) = (event.pull_request, &body["pullrequest"]);
                assert_eq!((Some(event.action), Some(pull.number)), (action, wire["id"].as_u64()), "{file}");
                assert_eq!(pull.source, text(&wire["source"]["branch"]["name"]), "{file}");
                assert_eq!(pull.merge_commit.as_deref(), wire["merge_commit"]["hash"].as_str(), "{file}");
                assert_eq!(pull.state == PullRequestState::Open, file == "HookPull", "{file}");
            }
            other => panic!("{file}: {other:?}"),
        }
    }
}
