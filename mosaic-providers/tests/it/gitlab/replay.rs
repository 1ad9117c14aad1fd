//! Traffic that was recorded at gitlab.com: the same requests are made, and what was answered is understood.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::*;
use mosaic_core::op::project::*;
use mosaic_core::types::git::{MergeMethod, PullRequestState, StatusState};
use mosaic_core::types::project::IssueState;
use mosaic_core::types::{IssueRef, RepoRef};
use mosaic_providers::gitlab::{GitLabGit, GitLabIssues};
use serde_json::Value;

use super::config;
use crate::support::replay::{Recording, Replay};

const PATH: &str = "packit-service/ogr-tests";

/// A recording of a client that asks for projects by their numbers, once it knows them.
fn recording(file: &str) -> Option<Recording> {
    let recording = Recording::requre(&format!("gitlab/{file}.yaml"))?.rehost();
    let extra = &["page", "per_page", "sort", "order_by", "recursive", "activity_filter", "state"];
    let more =
        &["include_diverged_commits_count", "include_rebase_in_progress", "should_remove_source_branch"];
    Some(recording.renamed("14233409", PATH).ignoring(extra).ignoring(more).again())
}

/// The answer to the first request with this end.
fn answer(recording: &Recording, end: &str) -> Value {
    let found = recording.exchanges().iter().find(|exchange| exchange.to_string().ends_with(end));
    found.unwrap_or_else(|| panic!("no {end} is recorded")).json()
}

async fn git(recording: Recording) -> (Replay, GitLabGit) {
    let replay = Replay::start(recording).await;
    let git = GitLabGit::new(config(&replay.url())).unwrap();
    (replay, git)
}

async fn issues(recording: Recording) -> (Replay, GitLabIssues) {
    let replay = Replay::start(recording).await;
    let issues = GitLabIssues::new(config(&replay.url())).unwrap();
    (replay, issues)
}

fn cx() -> CallContext {
    CallContext::new()
}

fn repo() -> RepoRef {
    RepoRef::new("packit-service", "ogr-tests")
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[tokio::test]
async fn recorded_projects_are_understood() {
    for (file, private) in [("test_is_private", true), ("test_is_not_private", false)] {
        let Some(recording) = recording(&format!("test_generic_commands/GenericCommands.{file}")) else {
            return;
        };
        let told = recording.exchanges().iter().find(|one| one.to_string().contains("%2F")).unwrap().json();
        let path = text(&told, "/path_with_namespace").to_owned();
        let (owner, name) = path.rsplit_once('/').unwrap();
        let (replay, git) = git(recording).await;
        let found = git.get_repository(&cx(), GetRepository::new(owner, name)).await.unwrap();
        // One has no commit yet.
        let branch = Some(text(&told, "/default_branch")).filter(|name| !name.is_empty()).unwrap_or("main");
        assert_eq!((found.private, found.default_branch.as_str()), (private, branch));
        assert_eq!(found.repo, RepoRef::new(owner, name));
        assert!(found.created_at.is_some());
        replay.assert_matched();
    }
    let Some(recording) = recording("test_generic_commands/GenericCommands.test_project_not_exists") else {
        return;
    };
    let (_replay, git) = git(recording).await;
    let op = GetRepository::new("some-none-existing-namespace", "some-non-existing-repo");
    let missing = git.get_repository(&cx(), op).await.unwrap_err();
    assert_eq!(
        (missing.kind(), missing.message().contains("404 Project Not Found")),
        (ErrorKind::NotFound, true)
    );
}

#[tokio::test]
async fn recorded_changes_of_projects_are_understood() {
    let Some(recording) = recording("test_generic_commands/GenericCommands.test_description_setter") else {
        return;
    };
    let told = answer(&recording, "PUT /api/v4/projects/packit-service%2Fogr-tests");
    let (replay, git) = git(recording).await;
    let op = UpdateRepository::of(repo()).description("Testing repository");
    let changed = git.update_repository(&cx(), op).await.unwrap();
    assert_eq!(changed.description.as_deref(), told["description"].as_str());
    replay.assert_matched();

    let Some(recording) = self::recording("test_generic_commands/GenericCommands.test_delete") else {
        return;
    };
    let (replay, git) = self::git(recording.renamed("21916047", "shreyaspapi/delete-project")).await;
    git.delete_repository(&cx(), DeleteRepository::new("shreyaspapi", "delete-project")).await.unwrap();
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_branches_are_understood() {
    let Some(recording) = recording("test_generic_commands/GenericCommands.test_get_sha_from_branch") else {
        return;
    };
    let told = answer(&recording, "/branches/change");
    let (replay, git) = git(recording).await;
    let branch = git.get_branch(&cx(), GetBranch::of(repo(), "change")).await.unwrap();
    assert_eq!(branch.commit, text(&told, "/commit/id"));
    replay.assert_matched();
    let file = "test_generic_commands/GenericCommands.test_get_sha_from_branch_non_existing";
    let Some(recording) = self::recording(file) else { return };
    let (replay, git) = self::git(recording).await;
    let missing = git.get_branch(&cx(), GetBranch::of(repo(), "non-existing")).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_files_are_understood() {
    const AT: &str = "b8e18207cfdad954f1b3a96db34d0706b272e6cf";
    let Some(recording) = recording("test_generic_commands/GenericCommands.test_get_file_content") else {
        return;
    };
    let told = answer(&recording, &format!("/files/README.md?ref={AT}"));
    let (replay, git) = git(recording).await;
    let file = git.get_file(&cx(), GetFile::of(repo(), "README.md").at(AT)).await.unwrap();
    assert_eq!((file.blob.as_str(), file.path.as_str()), (text(&told, "/blob_id"), "README.md"));
    assert!(file.content.as_text().is_some_and(|text| text.starts_with("# ogr-tests")));
    replay.assert_matched();

    let Some(recording) = self::recording("test_generic_commands/GenericCommands.test_nonexisting_file")
    else {
        return;
    };
    let (replay, git) = self::git(recording).await;
    let missing = git.get_file(&cx(), GetFile::of(repo(), ".blablabla_nonexisting_file").at("master")).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    replay.assert_matched();

    let Some(recording) = self::recording("test_generic_commands/GenericCommands.test_get_files") else {
        return;
    };
    let (replay, git) = self::git(recording).await;
    let tree = git.list_tree(&cx(), ListTree::of(repo()).at("master")).await.unwrap().items;
    assert_eq!(tree.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["README.md"]);
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_commits_and_their_checks_are_understood() {
    const AT: &str = "11b37d913374b14f8519d16c2a2cca3ebc14ac64";
    let Some(recording) = recording("test_generic_commands/GenericCommands.test_commits") else { return };
    let told = answer(&recording, "/commits?ref_name=master");
    let (replay, git) = git(recording).await;
    let found = git.list_commits(&cx(), ListCommits::of(repo()).at("master")).await.unwrap().items;
    let expected: Vec<_> = told.as_array().unwrap().iter().map(|commit| text(commit, "/id")).collect();
    assert_eq!(found.iter().map(|commit| commit.id.as_str()).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|commit| commit.author.at.is_some()));
    replay.assert_matched();

    let Some(recording) = self::recording("test_generic_commands/GenericCommands.test_get_commit_statuses")
    else {
        return;
    };
    let told = answer(&recording, "/statuses");
    let (replay, git) = self::git(recording).await;
    let status = git.get_commit_status(&cx(), GetCommitStatus::of(repo(), AT)).await.unwrap();
    assert_eq!(status.commit, AT);
    for one in told.as_array().unwrap() {
        assert!(status.statuses.iter().any(|status| status.context == text(one, "/name")), "{one}");
    }
    let all_good = told.as_array().unwrap().iter().all(|one| text(one, "/status") == "success");
    assert_eq!(status.state == Some(StatusState::Success), all_good);
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_merge_requests_are_understood() {
    let Some(recording) = recording("test_pull_requests/PullRequests.test_pr_info") else { return };
    let told = answer(&recording, "/merge_requests/1");
    let (replay, git) = git(recording).await;
    let pull = git.get_pull_request(&cx(), GetPullRequest::of(repo(), 1u64)).await.unwrap();
    assert_eq!(
        (pull.title.as_str(), pull.source.as_str()),
        (text(&told, "/title"), text(&told, "/source_branch"))
    );
    assert_eq!(
        (pull.target.as_str(), pull.head.as_deref()),
        (text(&told, "/target_branch"), told["sha"].as_str())
    );
    let state = match text(&told, "/state") {
        "opened" => PullRequestState::Open,
        "merged" => PullRequestState::Merged,
        _ => PullRequestState::Closed,
    };
    assert_eq!(
        (pull.state, pull.author.as_deref()),
        (state, told.pointer("/author/username").and_then(Value::as_str))
    );
    replay.assert_matched();

    let Some(recording) = self::recording("test_pull_requests/PullRequests.test_pr_not_exists") else {
        return;
    };
    let (replay, git) = self::git(recording.renamed("100000000000000000000", "100000")).await;
    let missing = git.get_pull_request(&cx(), GetPullRequest::of(repo(), 100_000u64)).await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    replay.assert_matched();
}

#[tokio::test]
async fn a_recorded_merge_is_understood() {
    let Some(recording) = recording("test_pull_requests/PullRequests.test_pr_merge") else { return };
    let told = answer(&recording, "PUT /api/v4/projects/packit-service%2Fogr-tests/merge_requests/71/merge");
    let (replay, git) = git(recording).await;
    let op = MergePullRequest::of(repo(), 71u64).method(MergeMethod::Merge);
    let merged = git.merge_pull_request(&cx(), op).await.unwrap();
    assert_eq!(merged.commit, text(&told, "/merge_commit_sha"));
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_issues_are_understood() {
    let Some(recording) = recording("test_issues/Issues.test_get_issue_list_assignee") else { return };
    let told = answer(&recording, "&sort=desc&state=all");
    let (replay, tracker) = issues(recording).await;
    let found = tracker.list_issues(&cx(), ListIssues::new(PATH).assignee("mfocko")).await.unwrap();
    let expected: Vec<_> =
        told.as_array().unwrap().iter().map(|issue| issue["iid"].as_u64().unwrap()).collect();
    assert_eq!(found.items.iter().map(|issue| issue.issue.number).collect::<Vec<_>>(), expected);
    assert!(found.next.is_none() && expected.len() == 3);
    for (issue, told) in found.items.iter().zip(told.as_array().unwrap()) {
        assert_eq!((issue.title.as_str(), issue.assignee.as_deref()), (text(told, "/title"), Some("mfocko")));
        assert_eq!(issue.state == IssueState::Closed, text(told, "/state") == "closed");
        assert_eq!(issue.author.as_deref(), told.pointer("/author/username").and_then(Value::as_str));
    }
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_comments_are_understood() {
    let Some(recording) = recording("test_issues/Issues.test_get_issue_comments") else { return };
    let told = answer(&recording, "/issues/2/notes?sort=asc");
    let (replay, tracker) = issues(recording).await;
    let found =
        tracker.list_comments(&cx(), ListComments::of(IssueRef::new(PATH, 2u64))).await.unwrap().items;
    let said = told.as_array().unwrap().iter().filter(|note| note["system"] == false);
    let expected: Vec<_> =
        said.map(|note| (text(note, "/body"), Some(text(note, "/author/username")))).collect();
    let got: Vec<_> =
        found.iter().map(|comment| (comment.body.as_str(), comment.author.as_deref())).collect();
    assert_eq!(got, expected);
    assert!(!got.is_empty());
    replay.assert_matched();
}

#[tokio::test]
async fn a_recorded_issue_is_made_for_somebody() {
    let Some(recording) = recording("test_issues/Issues.test_create_issue_with_assignee") else { return };
    let told = answer(&recording, "POST /api/v4/projects/packit-service%2Fogr-tests/issues");
    let (replay, tracker) = issues(recording).await;
    let op =
        CreateIssue::new(PATH, text(&told, "/title")).body(text(&told, "/description")).assignee("mfocko");
    let made = tracker.create_issue(&cx(), op).await.unwrap();
    assert_eq!(
        (made.issue.number, made.assignee.as_deref()),
        (told["iid"].as_u64().unwrap(), Some("mfocko"))
    );
    replay.assert_matched();
}

#[tokio::test]
async fn a_recorded_project_without_issues_refuses_them() {
    let Some(recording) = recording("test_issues/Issues.test_create_with_disabled_issues") else { return };
    let recording = recording.renamed("21772848", "packit-service/private-testing-repo");
    let (replay, tracker) = issues(recording).await;
    let op = CreateIssue::new("packit-service/private-testing-repo", "Lid");
    let refused = tracker.create_issue(&cx(), op).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    replay.assert_matched();
}

#[tokio::test]
async fn recorded_members_are_understood() {
    let Some(recording) = recording("test_generic_commands/GenericCommands.test_get_owners") else { return };
    let told = answer(&recording, "/members/all");
    let (replay, tracker) = issues(recording).await;
    let found = tracker.list_users(&cx(), ListUsers::new(PATH)).await.unwrap().items;
    let expected: Vec<_> = told.as_array().unwrap().iter().map(|user| text(user, "/username")).collect();
    assert_eq!(found.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), expected);
    replay.assert_matched();
}
