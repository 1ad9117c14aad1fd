//! The git service: the behaviour suite, and what is particular to Bitbucket.

use mosaic_core::context::CallContext;
use mosaic_core::error::ErrorKind;
use mosaic_core::op::git::*;
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::git::{self, Trait, World};
use mosaic_core::types::git::PullRequestState;
use mosaic_core::types::{PageRequest, RepoRef};
use mosaic_providers::bitbucket::BitbucketGit;

use super::Bucket;

/// What Bitbucket does otherwise than other forges.
fn world(bucket: &Bucket) -> World {
    World::new("acme", bucket.git().info().operations)
        .without(Trait::ChoosesDefaultBranch, "the branch of the first commit is the default one")
        .without(Trait::Archives, "there are no archived repositories")
        .without(Trait::TreeIds, "files have no ids, only their contents do")
        .without(Trait::ReopensPullRequests, "what was declined stays declined")
        .without(Trait::KeepsEveryReview, "a person has one verdict, which the next one replaces")
        .without(Trait::ReviewsNameCommits, "a verdict is on the pull request")
        .without(Trait::ReviewsAreNoComments, "what a review says is a comment")
        .without(Trait::ExactHookEvents, "a push tells of branches and tags that come and go too")
        .without(Trait::HooksForReleases, "there are no releases")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bitbucket_behaves_as_a_forge() {
    let bucket = Bucket::fill().await;
    git::run(&bucket.git(), &world(&bucket)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_be_lacking_that_is_there() {
    let bucket = Bucket::fill().await;
    git::lacks_are_needed(&bucket.git(), &world(&bucket)).await.unwrap();
}

/// A repository with `README.md` on `main`, and a branch `lid` that writes over it.
async fn seeded(git: &BitbucketGit, cx: &CallContext) -> RepoRef {
    let repo = RepoRef::new("acme", "widget");
    git.create_repository(cx, CreateRepository::of(&repo)).await.unwrap();
    git.write_file(cx, WriteFile::of(&repo, "README.md", "one")).await.unwrap();
    git.create_branch(cx, CreateBranch::of(&repo, "lid").from("main")).await.unwrap();
    git.write_file(cx, WriteFile::of(&repo, "README.md", "two").branch("lid")).await.unwrap();
    repo
}

async fn open(git: &BitbucketGit, cx: &CallContext, repo: &RepoRef, title: &str) -> u64 {
    let op = CreatePullRequest::of(repo, title, "lid", "main");
    git.create_pull_request(cx, op).await.unwrap().number
}

#[tokio::test]
async fn a_merge_that_goes_on_by_itself_is_waited_for() {
    let bucket = Bucket::fill().await;
    let (git, cx) = (bucket.git(), CallContext::new());
    let repo = seeded(&git, &cx).await;
    let number = open(&git, &cx, &repo, "a slow one").await;
    let merged = git.merge_pull_request(&cx, MergePullRequest::of(&repo, number)).await.unwrap();
    let main = git.get_branch(&cx, GetBranch::of(&repo, "main")).await.unwrap();
    assert_eq!(merged.commit, main.commit);
}

#[tokio::test]
async fn a_merge_that_went_on_and_failed_changes_nothing() {
    let bucket = Bucket::fill().await;
    let (git, cx) = (bucket.git(), CallContext::new());
    let repo = seeded(&git, &cx).await;
    git.write_file(&cx, WriteFile::of(&repo, "README.md", "three")).await.unwrap();
    let number = open(&git, &cx, &repo, "a slow one").await;
    let refused = git.merge_pull_request(&cx, MergePullRequest::of(&repo, number)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let pull = git.get_pull_request(&cx, GetPullRequest::of(&repo, number)).await.unwrap();
    assert_eq!(pull.state, PullRequestState::Open);
}

#[tokio::test]
async fn reviewers_stay_when_something_else_changes() {
    let bucket = Bucket::fill().await;
    let (git, cx) = (bucket.git(), CallContext::new());
    let repo = seeded(&git, &cx).await;
    let number = open(&git, &cx, &repo, "Add a lid").await;
    let forge = bucket.bucket.forge();
    let id = forge.repos().into_iter().find(|one| one.name == "widget").map(|one| one.id).unwrap();
    let reviewers = |change: Option<Vec<String>>| {
        forge.change_item(id, number, |item| {
            let pull = item.pull.as_mut().unwrap();
            pull.reviewers = change.unwrap_or_else(|| pull.reviewers.clone());
            pull.reviewers.clone()
        })
    };
    reviewers(Some(vec!["bob".to_owned()]));
    let op = UpdatePullRequest::of(&repo, number).title("Add a better lid");
    assert_eq!(git.update_pull_request(&cx, op).await.unwrap().title, "Add a better lid");
    assert_eq!(reviewers(None), Some(vec!["bob".to_owned()]));
}

#[tokio::test]
async fn repositories_of_all_workspaces_come_once() {
    let bucket = Bucket::fill().await;
    let (git, cx) = (bucket.git(), CallContext::new());
    for (owner, name) in [("ada", "b"), ("acme", "c"), ("acme", "a"), ("ada", "a"), ("acme", "b")] {
        git.create_repository(&cx, CreateRepository::new(owner, name)).await.unwrap();
    }
    for limit in 1..=6 {
        let (mut seen, mut page) = (Vec::new(), PageRequest::first(limit));
        loop {
            let found = git.list_repositories(&cx, ListRepositories::new().page(page)).await.unwrap();
            seen.extend(found.items.into_iter().map(|one| one.full_name()));
            match found.next {
                Some(next) => page = PageRequest::first(limit).at(next),
                None => break,
            }
        }
        assert_eq!(seen, ["acme/a", "acme/b", "acme/c", "ada/a", "ada/b"], "by pages of {limit}");
    }
}

#[tokio::test]
async fn a_comment_may_be_on_a_whole_file() {
    let bucket = Bucket::fill().await;
    let (git, cx) = (bucket.git(), CallContext::new());
    let repo = seeded(&git, &cx).await;
    let number = open(&git, &cx, &repo, "Add a lid").await;
    let op = CommentOnPullRequest::of(&repo, number, "Why?").path("README.md");
    let made = git.comment_on_pull_request(&cx, op).await.unwrap();
    assert_eq!((made.path.as_deref(), made.line), (Some("README.md"), None));
}
