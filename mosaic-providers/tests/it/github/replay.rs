//! Recorded traffic of github.com: the same requests, and results that agree with what was answered then.

use mosaic_core::context::CallContext;
use mosaic_core::op::VendorRead;
use mosaic_core::op::git::{GetBranch, GetPullRequest, GetRepository, GitService as _, SetCommitStatus};
use mosaic_core::op::project::{GetIssue, ProjectService as _};
use mosaic_core::op::vendor::OfGit;
use mosaic_core::types::git::{PullRequestState, StatusState};
use mosaic_core::types::project::IssueState;
use mosaic_providers::github::{GitHubGit, GitHubIssues};
use mosaic_providers::http::Auth;
use serde_json::Value;

use super::config;
use crate::support::replay::{Recording, Replay};
use crate::support::shared;

fn cx() -> CallContext {
    CallContext::new()
}

fn git(replay: &Replay) -> GitHubGit {
    GitHubGit::new(config(&replay.url(), Auth::token("t0ken")).vendor_calls(true)).unwrap()
}

/// What was recorded, as JSON.
async fn recorded(replay: &Replay, path: &str) -> Value {
    git(replay).vendor_read(&cx(), VendorRead::<OfGit>::new(path.parse().unwrap())).await.unwrap().body
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path)?.as_str()
}

/// Asks for what a path stands for, where an operation asks for exactly that, and compares; says whether it did.
async fn agrees(ours: &Replay, theirs: &Replay, path: &str) -> bool {
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match parts[..] {
        ["repos", owner, name] => {
            let got = git(ours).get_repository(&cx(), GetRepository::new(owner, name)).await;
            let old = git(theirs).vendor_read(&cx(), VendorRead::<OfGit>::new(path.parse().unwrap())).await;
            let (Ok(got), Ok(old)) = (&got, &old) else {
                assert_eq!(
                    got.err().map(|error| error.kind()),
                    old.err().map(|error| error.kind()),
                    "{path}"
                );
                return true;
            };
            let old = &old.body;
            assert_eq!(Some(got.full_name().as_str()), text(old, "/full_name"), "{path}");
            assert_eq!(Some(got.default_branch.as_str()), text(old, "/default_branch"), "{path}");
            assert_eq!(got.description.as_deref(), text(old, "/description"), "{path}");
            let clone = format!("/{}.git", got.full_name());
            assert!(got.clone_url.as_ref().is_some_and(|url| url.ends_with(&clone)), "{path}");
            assert_eq!(Some(got.private), old["private"].as_bool(), "{path}");
        }
        ["repos", owner, name, "pulls", number] => {
            // Numbers that no repository can have were asked for too.
            let Ok(number) = number.parse::<u64>() else { return false };
            let got =
                git(ours).get_pull_request(&cx(), GetPullRequest::new(owner, name, number)).await.unwrap();
            let old = recorded(theirs, path).await;
            assert_eq!(Some(got.title.as_str()), text(&old, "/title"), "{path}");
            assert_eq!(got.head.as_deref(), text(&old, "/head/sha"), "{path}");
            assert_eq!(Some(got.target.as_str()), text(&old, "/base/ref"), "{path}");
            assert!(got.source.ends_with(text(&old, "/head/ref").unwrap()), "{path}");
            let forked = old.pointer("/head/repo/id") != old.pointer("/base/repo/id");
            assert_eq!(got.source.contains(':'), forked, "{path}");
            assert_eq!(got.author.as_deref(), text(&old, "/user/login"), "{path}");
            let merged = old["merged"].as_bool() == Some(true);
            assert_eq!(got.state == PullRequestState::Merged, merged, "{path}");
            assert_eq!(got.state == PullRequestState::Open, text(&old, "/state") == Some("open"), "{path}");
        }
        ["repos", owner, name, "issues", number] => {
            let Ok(number) = number.parse::<u64>() else { return false };
            let issues = GitHubIssues::new(config(&ours.url(), Auth::token("t0ken"))).unwrap();
            let op = GetIssue::new(format!("{owner}/{name}"), number);
            let (got, old) = (issues.get_issue(&cx(), op).await, recorded(theirs, path).await);
            if !old["pull_request"].is_null() {
                assert!(got.is_err(), "{path}");
                return true;
            }
            let got = got.unwrap();
            assert_eq!(Some(got.title.as_str()), text(&old, "/title"), "{path}");
            assert_eq!(got.author.as_deref(), text(&old, "/user/login"), "{path}");
            assert_eq!(got.assignee.as_deref(), text(&old, "/assignee/login"), "{path}");
            assert_eq!(got.state == IssueState::Closed, text(&old, "/state") == Some("closed"), "{path}");
            assert_eq!(Some(got.labels.len()), old["labels"].as_array().map(Vec::len), "{path}");
        }
        ["repos", owner, name, "branches", branch] => {
            let got = git(ours).get_branch(&cx(), GetBranch::new(owner, name, branch)).await;
            let old = git(theirs).vendor_read(&cx(), VendorRead::<OfGit>::new(path.parse().unwrap())).await;
            assert_eq!(got.is_ok(), old.is_ok(), "{path}");
            if let (Ok(got), Ok(old)) = (got, old) {
                assert_eq!(Some(got.commit.as_str()), text(&old.body, "/commit/sha"), "{path}");
            }
        }
        _ => return false,
    }
    true
}

#[tokio::test]
async fn recorded_answers_are_understood() {
    let Some(root) = shared::path("fixtures/ogr/github") else { return };
    let mut asked = 0;
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap();
        if !folder.file_type().unwrap().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let name = format!("github/{}/{name}", folder.file_name().to_str().unwrap());
            let recording = Recording::requre(&name).unwrap().rehost();
            let (ours, theirs) = (Replay::start(recording.clone()).await, Replay::start(recording).await);
            let mut done: Vec<String> = Vec::new();
            for exchange in ours.unused() {
                let Some(path) = exchange.strip_prefix("GET ").filter(|path| !path.contains('?')) else {
                    continue;
                };
                if !done.iter().any(|other| other == path) && agrees(&ours, &theirs, path).await {
                    asked += 1;
                    done.push(path.to_owned());
                }
            }
            if !done.is_empty() {
                ours.assert_matched();
            }
        }
    }
    assert!(asked > 80, "only {asked} answers were recorded");
}

#[tokio::test]
async fn a_recorded_rename_is_followed() {
    let Some(recording) = Recording::octokit("rename-repository") else { return };
    let replay = Replay::start(recording.rehost()).await;
    let op = GetRepository::new("octokit-fixture-org", "rename-repository");
    let found = git(&replay).get_repository(&cx(), op).await.unwrap();
    assert_eq!(found.full_name(), "octokit-fixture-org/rename-repository-newname");
    replay.assert_matched();
    assert_eq!(replay.used().len(), 2, "{:?}", replay.used());
}

#[tokio::test]
async fn recorded_statuses_are_said_as_they_were() {
    let Some(recording) = Recording::octokit("create-status") else { return };
    let replay = Replay::start(recording.rehost()).await;
    let commit = format!("{:040}", 1);
    for (context, state, word) in
        [("example/1", StatusState::Failure, "failure"), ("example/2", StatusState::Success, "success")]
    {
        let op =
            SetCommitStatus::new("octokit-fixture-org", "create-status", commit.as_str(), context, state)
                .description(format!("create-status {word} test"))
                .target_url("https://example.com");
        let said = git(&replay).set_commit_status(&cx(), op.clone()).await.unwrap();
        assert_eq!((said.state, said.description), (state, op.description));
    }
    replay.assert_matched();
    replay.assert_bodies();
}
