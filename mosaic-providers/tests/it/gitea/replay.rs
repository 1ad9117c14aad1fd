//! Traffic that was recorded at a Forgejo: the same requests are made, and what was answered is understood.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::*;
use mosaic_core::op::project::{GetIssue, ListComments, ListIssues, ProjectService as _};
use mosaic_core::types::git::PullRequestState;
use mosaic_core::types::{IssueRef, PageRequest};
use mosaic_providers::gitea::{GiteaGit, GiteaIssues, Product};
use serde_json::Value;

use super::config;
use crate::support::replay::{Recording, Replay};

const OWNER: &str = "packit-validator";
const NAME: &str = "ogr-tests";

/// A recording with what another client asks for otherwise.
fn recording(file: &str) -> Option<Recording> {
    let extra = &["limit", "sha", "stat", "verification", "files"];
    Some(Recording::requre(&format!("forgejo/{file}"))?.rehost().ignoring(extra))
}

/// The answer to the first request with this path.
fn answer(recording: &Recording, end: &str) -> Value {
    let found = recording.exchanges().iter().find(|exchange| exchange.to_string().ends_with(end));
    found.unwrap_or_else(|| panic!("no {end} is recorded")).json()
}

async fn git(recording: Recording) -> (Replay, GiteaGit) {
    let replay = Replay::start(recording).await;
    let config = config(Product::Forgejo, &format!("{}/api/v1", replay.url()), "token");
    (replay, GiteaGit::new(config).unwrap())
}

async fn issues(recording: Recording) -> (Replay, GiteaIssues) {
    let replay = Replay::start(recording).await;
    let config = config(Product::Forgejo, &format!("{}/api/v1", replay.url()), "token");
    (replay, GiteaIssues::new(config).unwrap())
}

fn texts<'a>(list: &'a Value, pointer: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|item| item.pointer(pointer).unwrap().as_str().unwrap()).collect()
}

#[tokio::test]
async fn recorded_branches_are_understood() {
    let Some(recording) = recording("test_project/test_branches.yaml") else { return };
    let told = answer(&recording, "/branches?page=1");
    let (replay, git) = git(recording).await;
    let page = git.list_branches(&CallContext::new(), ListBranches::new(OWNER, NAME)).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|branch| branch.name.as_str()).collect();
    let commits: Vec<_> = page.items.iter().map(|branch| branch.commit.as_str()).collect();
    assert_eq!((names, commits), (texts(&told, "/name"), texts(&told, "/commit/id")));
    assert!(page.next.is_none() && page.items.len() == 9);
    replay.assert_matched();
}

#[tokio::test]
async fn a_recorded_branch_that_is_missing_is_not_found() {
    let Some(recording) = recording("test_project/test_get_sha_from_branch_non_existing.yaml") else {
        return;
    };
    let (replay, git) = git(recording).await;
    let got = git.get_branch(&CallContext::new(), GetBranch::new(OWNER, NAME, "non-existing")).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_commits_are_understood() {
    let Some(recording) = recording("test_project/test_commits.yaml") else { return };
    let told = answer(&recording, "/commits?page=1");
    let (replay, git) = git(recording).await;
    let op = ListCommits::new(OWNER, NAME).page(PageRequest::first(50));
    let page = git.list_commits(&CallContext::new(), op).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|commit| commit.id.as_str()).collect();
    assert_eq!(ids, texts(&told, "/sha"));
    for (commit, told) in page.items.iter().zip(told.as_array().unwrap()) {
        assert_eq!(commit.message, told["commit"]["message"].as_str().unwrap().trim_end_matches('\n'));
        assert_eq!(commit.author.email, told["commit"]["author"]["email"].as_str().unwrap());
        assert_eq!(commit.parents, texts(&told["parents"], "/sha"));
        assert!(commit.author.at.is_some());
    }
    assert!(page.next.is_none());
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_pull_requests_are_understood() {
    for (file, number, source) in [
        ("test_pr_info", 119u64, None),
        ("test_merge_commit_sha", 189, None),
        ("test_source_project_fork", 211, Some("lbarcziova")),
    ] {
        let Some(recording) = recording(&format!("test_pull_request/{file}.yaml")) else { return };
        let told = answer(&recording, &format!("/pulls/{number}"));
        let (replay, git) = git(recording).await;
        let pull = git.get_pull_request(&CallContext::new(), GetPullRequest::new(OWNER, NAME, number)).await;
        let pull = pull.unwrap();
        let text = |pointer: &str| told.pointer(pointer).and_then(Value::as_str);
        let branch = text("/head/label").unwrap();
        let expected = source.map_or(branch.to_owned(), |owner| format!("{owner}:{branch}"));
        assert_eq!(
            (pull.source.as_str(), Some(pull.target.as_str())),
            (expected.as_str(), text("/base/label"))
        );
        let state = match (told["merged"].as_bool().unwrap(), text("/state").unwrap()) {
            (true, _) => PullRequestState::Merged,
            (false, "closed") => PullRequestState::Closed,
            (false, _) => PullRequestState::Open,
        };
        assert_eq!((pull.number, pull.state), (number, state), "{file}");
        assert_eq!((Some(pull.title.as_str()), pull.head.as_deref()), (text("/title"), text("/head/sha")));
        assert_eq!(
            (pull.author.as_deref(), pull.merge_commit.as_deref()),
            (text("/user/login"), text("/merge_commit_sha"))
        );
        replay.assert_matched();
    }
    let Some(recording) = recording("test_pull_request/test_pr_not_exists.yaml") else { return };
    let (_replay, git) = git(recording).await;
    let got = git.get_pull_request(&CallContext::new(), GetPullRequest::new(OWNER, NAME, 2000u64)).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn recorded_releases_are_understood() {
    let Some(recording) = recording("test_release/test_get_releases.yaml") else { return };
    let told = answer(&recording, "/releases?page=1");
    let (replay, git) = git(recording).await;
    let page = git.list_releases(&CallContext::new(), ListReleases::new(OWNER, NAME)).await.unwrap();
    let tags: Vec<_> = page.items.iter().map(|release| release.tag.as_str()).collect();
    assert_eq!(tags, texts(&told, "/tag_name"));
    assert!(page.items.iter().all(|release| release.created_at.is_some() && release.author.is_some()));
    replay.assert_matched();
}

#[tokio::test]
async fn a_recorded_link_leads_to_the_next_page() {
    let file = "forgejo/test_release/test_latest_release.yaml";
    let Some(recording) = Recording::requre(file).map(Recording::rehost) else { return };
    let (replay, git) = git(recording).await;
    let op = ListReleases::new(OWNER, NAME).page(PageRequest::first(1));
    let page = git.list_releases(&CallContext::new(), op).await.unwrap();
    assert!(page.items.len() == 1 && page.next.is_some());
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_comments_are_understood() {
    let Some(recording) = recording("test_comments/Comments.test_issue_comments.yaml") else { return };
    let told = answer(&recording, "/issues/244/comments");
    let (replay, issues) = issues(recording).await;
    let op = ListComments::of(IssueRef::new(format!("{OWNER}/{NAME}").as_str(), 244u64));
    let page = issues.list_comments(&CallContext::new(), op).await.unwrap();
    let bodies: Vec<_> = page.items.iter().map(|comment| comment.body.as_str()).collect();
    let authors: Vec<_> = page.items.iter().map(|comment| comment.author.as_deref().unwrap()).collect();
    assert_eq!((bodies, authors), (texts(&told, "/body"), texts(&told, "/user/login")));
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_issues_are_understood() {
    let Some(recording) = recording("test_issues/Issues.test_get_issue_list_assignee.yaml") else { return };
    let told = answer(&recording, "page=1&state=all&type=issues");
    let (replay, issues) = issues(recording).await;
    let op = ListIssues::new(format!("{OWNER}/{NAME}").as_str()).assignee("packit-validator");
    let page = issues.list_issues(&CallContext::new(), op).await.unwrap();
    let titles: Vec<_> = page.items.iter().map(|issue| issue.title.as_str()).collect();
    assert_eq!(titles, texts(&told, "/title"));
    assert!(page.items.iter().all(|issue| issue.assignee.as_deref() == Some("packit-validator")));
    replay.assert_matched();
}

#[tokio::test]
async fn a_recorded_pull_request_is_no_issue() {
    let Some(recording) = recording("test_issues/Issues.test_get_with_id_of_pr.yaml") else { return };
    let (replay, issues) = issues(recording).await;
    let issue = IssueRef::new(format!("{OWNER}/{NAME}").as_str(), 221u64);
    let got = issues.get_issue(&CallContext::new(), GetIssue::of(issue)).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
    replay.assert_matched();
}
