//! What GitHub's traffic is like beside the operations themselves: limits, tags of answers, renamed repositories, several people.

use mosaic_core::context::{CallContext, Principal};
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::{
    CreateBranch, CreatePullRequest, CreateRepository, DeleteRepository, GetBranch, GetPullRequest,
    GetRepository, GitService as _, ListPullRequests, ListRepositories, MergeBranch, ReviewPullRequest,
    UpdateRepository, WriteFile,
};
use mosaic_core::op::project::{CreateIssue, GetIssue, ListIssues, ProjectService as _, UpdateIssue};
use mosaic_core::op::vendor::OfGit;
use mosaic_core::op::{OpSet, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HealthStatus, Plugin as _};
use mosaic_core::types::git::{MergeMethod, PullRequestState, ReviewVerdict};
use mosaic_core::types::{PageRequest, RepoRef, ServiceKind};
use mosaic_providers::github::GitHubGit;
use mosaic_providers::http::Auth;

use super::{Hub, config};
use crate::support::faults::{Fault, Faults};
use crate::support::serve::Server;

fn cx() -> CallContext {
    CallContext::new()
}

fn widget() -> RepoRef {
    RepoRef::new("acme", "widget")
}

/// A repository with a file on `main`, and a branch `lid` with one commit of its own.
async fn prepared(hub: &Hub) -> GitHubGit {
    let git = hub.git();
    git.create_repository(&cx(), CreateRepository::of(widget())).await.unwrap();
    let write = |branch: &str, path: &str| WriteFile::of(widget(), path, "text").branch(branch);
    git.write_file(&cx(), write("main", "README.md")).await.unwrap();
    git.create_branch(&cx(), CreateBranch::of(widget(), "lid")).await.unwrap();
    git.write_file(&cx(), write("lid", "lid.txt")).await.unwrap();
    git
}

#[tokio::test]
async fn what_did_not_change_is_read_again_for_nothing() {
    let hub = Hub::new().await;
    let git = prepared(&hub).await;
    let read = async || git.get_repository(&cx(), GetRepository::of(widget())).await.unwrap();
    let first = read().await;
    let charged = hub.hub.meter().charged();
    for _ in 0..3 {
        assert_eq!(read().await, first);
    }
    assert_eq!(hub.hub.meter().charged(), charged, "a 304 costs nothing");
    let again = git.metrics().into_iter().find(|measure| measure.name == "http_revalidated_total").unwrap();
    assert!(again.value >= 3.0, "{again:?}");
    let op = UpdateRepository::of(widget()).description("Another");
    git.update_repository(&cx(), op).await.unwrap();
    assert_eq!(read().await.description.as_deref(), Some("Another"), "what changed is read anew");
}

#[tokio::test]
async fn a_used_up_limit_is_told_and_then_respected() {
    let hub = Hub::new().await;
    let git = prepared(&hub).await;
    assert_eq!(git.health().await.status, HealthStatus::Healthy);
    hub.hub.meter().set_remaining(10);
    assert_eq!(git.health().await.status, HealthStatus::Degraded);
    hub.hub.meter().set_remaining(0);
    let ask = async || git.get_branch(&cx(), GetBranch::of(widget(), "main")).await.unwrap_err();
    let told = ask().await;
    assert!(matches!(told.kind(), ErrorKind::RateLimited | ErrorKind::Throttled), "{told}");
    assert!(told.wait().is_some(), "{told}");
    let sent = hub.server.count();
    let held = ask().await;
    assert_eq!((held.kind(), hub.server.count()), (ErrorKind::Throttled, sent), "nothing is sent in vain");
    assert_eq!(git.health().await.status, HealthStatus::Degraded);
}

#[tokio::test]
async fn limits_without_headers_are_limits() {
    let hub = Hub::new().await;
    prepared(&hub).await;
    let faults = Faults::default();
    let server = Server::start(faults.before(hub.hub.router())).await;
    let git = GitHubGit::new(config(&server.url(), Auth::token("token-of-ada"))).unwrap();
    for text in [
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.",
    ] {
        let body = serde_json::json!({ "message": text }).to_string();
        faults.next(Fault::json(403, body));
        let error = git.get_repository(&cx(), GetRepository::of(widget())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    }
    let denied = r#"{"message":"Resource not accessible by personal access token"}"#;
    faults.next(Fault::json(403, denied));
    let error = git.get_repository(&cx(), GetRepository::of(widget())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}

#[tokio::test]
async fn a_renamed_repository_is_found_and_not_deleted_by_its_old_name() {
    let hub = Hub::new().await;
    let git = prepared(&hub).await;
    let id = match hub.hub.forge().find("acme", "widget") {
        crate::fake::forge::Found::Here(id) => id,
        other => panic!("{other:?}"),
    };
    hub.hub.forge().move_repo(id, "acme", "gadget").unwrap();
    let found = git.get_repository(&cx(), GetRepository::of(widget())).await.unwrap();
    assert_eq!(found.full_name(), "acme/gadget");
    let op = UpdateRepository::of(widget()).description("By the old name");
    assert_eq!(git.update_repository(&cx(), op).await.unwrap().full_name(), "acme/gadget");
    let op = WriteFile::of(widget(), "new.txt", "text").branch("main");
    git.write_file(&cx(), op).await.unwrap();
    let error = git.delete_repository(&cx(), DeleteRepository::of(widget())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("acme/gadget"), "{error}");
    git.delete_repository(&cx(), DeleteRepository::new("acme", "gadget")).await.unwrap();
}

#[tokio::test]
async fn repositories_are_made_and_listed_for_oneself_for_an_organisation_and_for_nobody_else() {
    let hub = Hub::new().await;
    let git = hub.git();
    for (owner, name) in [("ada", "secret"), ("Ada", ".github"), ("acme", "widget")] {
        let op = CreateRepository::new(owner, name).private(true);
        let made = git.create_repository(&cx(), op).await.unwrap();
        assert!(made.repo.owner.eq_ignore_ascii_case(owner) && made.private, "{made:?}");
    }
    for owner in ["bob", "nobody"] {
        let made = git.create_repository(&cx(), CreateRepository::new(owner, "widget")).await;
        assert_eq!(made.unwrap_err().kind(), ErrorKind::NotFound, "{owner}");
    }
    let list = async |owner: Option<&str>| {
        let mut op = ListRepositories::new();
        op.owner = owner.map(str::to_owned);
        let page = git.list_repositories(&cx(), op).await.unwrap();
        page.items.iter().map(|repository| repository.full_name()).collect::<Vec<_>>()
    };
    assert_eq!(list(Some("ada")).await, ["ada/.github", "ada/secret"]);
    assert_eq!(list(Some("acme")).await, ["acme/widget"]);
    assert_eq!(list(None).await, ["acme/widget", "ada/.github", "ada/secret"]);
    assert_eq!(list(Some("bob")).await, Vec::<String>::new());
    let unknown = git.list_repositories(&cx(), ListRepositories::new().owner("nobody")).await;
    assert_eq!(unknown.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn everybody_acts_with_credentials_of_their_own() {
    let hub = Hub::new().await;
    prepared(&hub).await;
    let config = hub.config("ada").identity("bob", Auth::token("token-of-bob"));
    let git = GitHubGit::new(config).unwrap();
    let op = CreatePullRequest::of(widget(), "Add a lid", "lid", "main");
    let pull = git.create_pull_request(&cx(), op).await.unwrap();
    assert_eq!(pull.author.as_deref(), Some("ada"));
    let approve = || ReviewPullRequest::of(widget(), pull.number, ReviewVerdict::Approve).body("Good.");
    let own = git.review_pull_request(&cx(), approve()).await.unwrap_err();
    assert_eq!(own.kind(), ErrorKind::Invalid, "{own}");
    assert!(own.message().contains("Can not approve your own pull request"), "{own}");
    let bob = cx().principal(Principal::user("bob").with_credential("bob"));
    let review = git.review_pull_request(&bob, approve()).await.unwrap();
    assert_eq!((review.author.as_deref(), review.verdict), (Some("bob"), ReviewVerdict::Approve));
    let unknown = cx().principal(Principal::user("eve").with_credential("eve"));
    let error = git.review_pull_request(&unknown, approve()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn a_squash_leaves_a_merged_pull_request_and_a_failed_one_a_closed_one() {
    let hub = Hub::new().await;
    let git = prepared(&hub).await;
    let op = MergeBranch::of(widget(), "lid", "main").method(MergeMethod::Squash).message("Bring the lid");
    let merged = git.merge_branch(&cx(), op).await.unwrap();
    let head = git.get_branch(&cx(), GetBranch::of(widget(), "main")).await.unwrap().commit;
    assert_eq!(merged.commit, head);
    for (branch, text) in [("box", "theirs"), ("main", "ours")] {
        if branch == "box" {
            git.create_branch(&cx(), CreateBranch::of(widget(), "box")).await.unwrap();
        }
        let op = WriteFile::of(widget(), "README.md", text).branch(branch);
        git.write_file(&cx(), op).await.unwrap();
    }
    let op = MergeBranch::of(widget(), "box", "main").method(MergeMethod::Rebase);
    let error = git.merge_branch(&cx(), op).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let all = git.list_pull_requests(&cx(), ListPullRequests::of(widget())).await.unwrap().items;
    let states: Vec<_> = all.iter().map(|pull| (pull.source.as_str(), pull.state)).collect();
    assert_eq!(states, [("box", PullRequestState::Closed), ("lid", PullRequestState::Merged)]);
}

#[tokio::test]
async fn pull_requests_are_no_issues() {
    let hub = Hub::new().await;
    let (git, issues) = (prepared(&hub).await, hub.issues());
    let op = CreatePullRequest::of(widget(), "Add a lid", "lid", "main");
    let number = git.create_pull_request(&cx(), op).await.unwrap().number;
    let made = issues.create_issue(&cx(), CreateIssue::new("acme/widget", "It leaks")).await.unwrap();
    assert_eq!(made.issue.number, number + 1, "one sequence for both");
    let got = issues.get_issue(&cx(), GetIssue::new("acme/widget", number)).await.unwrap_err();
    assert_eq!(got.kind(), ErrorKind::NotFound);
    let op = UpdateIssue::new("acme/widget", number).title("Taken over");
    let got = issues.update_issue(&cx(), op).await.unwrap_err();
    assert_eq!(got.kind(), ErrorKind::NotFound);
    let pull = git.get_pull_request(&cx(), GetPullRequest::of(widget(), number)).await.unwrap();
    assert_eq!(pull.title, "Add a lid");
    let op = ListIssues::new("acme/widget").page(PageRequest::first(1));
    let page = issues.list_issues(&cx(), op).await.unwrap();
    assert_eq!((page.items.len(), page.next), (1, None));
    let got = git.get_pull_request(&cx(), GetPullRequest::of(widget(), made.issue.number)).await;
    assert_eq!(got.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn calls_of_the_vendors_own_are_made_where_they_are_allowed() {
    let hub = Hub::new().await;
    prepared(&hub).await;
    assert!(!hub.git().info().operations.has(VendorRead::<OfGit>::META));
    let git = GitHubGit::new(hub.config("ada").vendor_calls(true)).unwrap();
    assert!(git.info().operations.has(VendorWrite::<OfGit>::META));
    assert!(!git.info().operations.has(VendorRead::<mosaic_core::op::vendor::OfProject>::META));
    assert_ne!(git.info().operations, OpSet::service(ServiceKind::Project));
    let read = VendorRead::<OfGit>::new("/repos/acme/widget".parse().unwrap());
    let answer = git.vendor_read(&cx(), read).await.unwrap();
    assert_eq!((answer.status, &answer.body["full_name"]), (200, &serde_json::json!("acme/widget")));
}
