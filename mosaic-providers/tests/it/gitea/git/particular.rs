//! What is particular to these products: what a call becomes, and what surprises.

use axum::http::Method;
use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Outcome};
use mosaic_core::op::git::*;
use mosaic_core::types::git::{HookEvent, PullRequestState};
use mosaic_providers::gitea::Product;

use super::Tea;
use crate::fake::forge::{NewRepo, Put};
use crate::support::faults::Fault;

/// A repository with a branch `lid` that has a commit more than `main`.
async fn parted(product: Product) -> Tea {
    let tea = Tea::pour(product).await;
    let forge = tea.tea.forge();
    let repo = forge.create_repo(NewRepo::new("acme", "widget")).await.unwrap().id;
    let git = forge.git(repo);
    git.put_file(&Put::new("main", "README.md", "one\n"), |_| Ok(())).await.unwrap();
    git.create_ref("refs/heads/lid", &git.tip("main").await.unwrap()).await.unwrap();
    git.put_file(&Put::new("lid", "lid.txt", "lid\n"), |_| Ok(())).await.unwrap();
    tea
}

async fn pulls(tea: &Tea) -> Vec<(u64, PullRequestState)> {
    let page =
        tea.git().list_pull_requests(&CallContext::new(), ListPullRequests::new("acme", "widget")).await;
    page.unwrap().items.iter().map(|pull| (pull.number, pull.state)).collect()
}

fn merge() -> MergeBranch {
    MergeBranch::new("acme", "widget", "lid", "main")
}

#[tokio::test]
async fn a_branch_is_merged_by_the_pull_request_that_is_open() {
    let tea = parted(Product::Gitea).await;
    let (git, cx) = (tea.git(), CallContext::new());
    let op = CreatePullRequest::new("acme", "widget", "Mine", "lid", "main");
    let number = git.create_pull_request(&cx, op).await.unwrap().number;
    git.merge_branch(&cx, merge()).await.unwrap();
    assert_eq!(pulls(&tea).await, [(number, PullRequestState::Merged)]);
}

#[tokio::test]
async fn a_pull_request_that_was_opened_for_a_merge_is_closed_where_that_is_refused() {
    let tea = parted(Product::Forgejo).await;
    let path = "/api/v1/repos/acme/widget/pulls/1/merge";
    tea.faults.next_on(Method::POST, path, Fault::json(405, r#"{"message":"not ready to be merged"}"#));
    let error = tea.git().merge_branch(&CallContext::new(), merge()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::NotMade));
    assert_eq!(pulls(&tea).await, [(1, PullRequestState::Closed)]);
}

#[tokio::test]
async fn a_merge_that_stopped_in_the_middle_is_not_said_to_be_not_made() {
    let tea = parted(Product::Gitea).await;
    let path = "/api/v1/repos/acme/widget/pulls/1/merge";
    // The merge was made, and the answer was lost.
    tea.faults.next_on(Method::POST, path, Fault::ClosedAfter);
    let error = tea.git().merge_branch(&CallContext::new(), merge()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Network, Outcome::Unknown));
    // Closing what was opened fails, so something is left.
    let tea = parted(Product::Gitea).await;
    tea.faults.next_on(Method::POST, path, Fault::json(405, r#"{"message":"not ready"}"#));
    tea.faults.next_on(Method::PATCH, "/api/v1/repos/acme/widget/pulls/1", Fault::status(500));
    let error = tea.git().merge_branch(&CallContext::new(), merge()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Conflict, Outcome::Unknown));
    assert!(error.message().contains("pull request 1 stays open"), "{error}");
    // The merge was made, and reading what came of it fails.
    let tea = parted(Product::Gitea).await;
    tea.faults.next_on(Method::GET, "/api/v1/repos/acme/widget/pulls/1", Fault::Closed);
    let error = tea.git().merge_branch(&CallContext::new(), merge()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    assert_eq!(pulls(&tea).await, [(1, PullRequestState::Merged)]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_yet_is_asked_again() {
    let tea = parted(Product::Gitea).await;
    let path = "/api/v1/repos/acme/widget/pulls/1/merge";
    for _ in 0..2 {
        let later = Fault::json(405, r#"{"message":"Please try again later"}"#);
        tea.faults.next_on(Method::POST, path, later);
    }
    let config = tea.config("token-of-ada").merge_wait_ms(5_000);
    let git = mosaic_providers::gitea::GiteaGit::new(config).unwrap();
    git.merge_branch(&CallContext::new(), merge()).await.unwrap();
    assert_eq!(tea.server.count_of(Method::POST, path), 3);
}

#[tokio::test]
async fn a_merge_is_asked_for_in_both_spellings() {
    let tea = parted(Product::Gitea).await;
    let op = merge().message("Bring it\n\nIt fits.");
    tea.git().merge_branch(&CallContext::new(), op).await.unwrap();
    let sent = tea.server.seen();
    let sent = sent.iter().find(|seen| seen.path().ends_with("/merge")).unwrap().json();
    assert_eq!((&sent["do"], &sent["Do"]), (&"merge".into(), &"merge".into()));
    assert_eq!(
        (&sent["MergeTitleField"], &sent["merge_message_field"]),
        (&"Bring it".into(), &"It fits.".into())
    );
}

#[tokio::test]
async fn a_large_file_is_read_whole() {
    let tea = parted(Product::Gitea).await;
    let (git, cx) = (tea.git(), CallContext::new());
    let content: String = (0..60_000).map(|at| format!("line {at}\n")).collect();
    git.write_file(&cx, WriteFile::new("acme", "widget", "large.txt", content.as_str())).await.unwrap();
    let file = git.get_file(&cx, GetFile::new("acme", "widget", "large.txt")).await.unwrap();
    assert_eq!(file.content.as_text(), Some(content.as_str()));
    assert!(tea.server.last().path().ends_with("/raw/large.txt"), "{}", tea.server.last());
}

#[tokio::test]
async fn a_file_that_somebody_else_writes_at_the_same_time_is_looked_at_again() {
    let tea = parted(Product::Gitea).await;
    let (git, cx) = (tea.git(), CallContext::new());
    let path = "/api/v1/repos/acme/widget/contents/README.md";
    let other = r#"{"message":"sha does not match [given: 1, expected: 2]"}"#;
    tea.faults.next_on(Method::PUT, path, Fault::json(422, other));
    git.write_file(&cx, WriteFile::new("acme", "widget", "README.md", "two\n")).await.unwrap();
    assert_eq!(tea.server.count_of(Method::PUT, path), 2);
    let now = git.get_file(&cx, GetFile::new("acme", "widget", "README.md")).await.unwrap();
    tea.faults.next_on(Method::PUT, path, Fault::json(422, other));
    let op = WriteFile::new("acme", "widget", "README.md", "three\n").expected(now.blob);
    assert_eq!(git.write_file(&cx, op).await.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn every_event_of_a_webhook_is_asked_for_and_understood() {
    use HookEvent::*;
    let all = [Push, Create, Delete, PullRequest, Review, Issue, Comment, Release, Run, Wiki];
    for product in [Product::Gitea, Product::Forgejo] {
        let tea = parted(product).await;
        let (git, cx) = (tea.git(), CallContext::new());
        for event in all {
            let op = CreateWebhook::new("acme", "widget", "https://ci.example.org/hook", vec![event]);
            assert_eq!(git.create_webhook(&cx, op).await.unwrap().events, [event]);
        }
        let op = CreateWebhook::new("acme", "widget", "https://ci.example.org/hook", all.to_vec());
        assert_eq!(git.create_webhook(&cx, op).await.unwrap().events, all);
        let sent = tea.server.last().json();
        assert_eq!(sent["type"], if product == Product::Gitea { "gitea" } else { "forgejo" });
    }
}

#[tokio::test]
async fn pages_are_followed_over_the_most_that_a_server_gives() {
    let tea = parted(Product::Gitea).await;
    let (git, cx) = (tea.git(), CallContext::new());
    let forge = tea.tea.forge();
    let repo = forge.repos()[0].id;
    let tip = forge.git(repo).tip("main").await.unwrap();
    for at in 0..70 {
        forge.git(repo).create_ref(&format!("refs/heads/b{at:02}"), &tip).await.unwrap();
    }
    let mut request = mosaic_core::types::PageRequest::first(100);
    let mut names = Vec::new();
    loop {
        let page = git.list_branches(&cx, ListBranches::new("acme", "widget").page(request)).await.unwrap();
        names.extend(page.items.into_iter().map(|branch| branch.name));
        let Some(next) = page.next else { break };
        request = mosaic_core::types::PageRequest::first(100).at(next);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 72);
}
