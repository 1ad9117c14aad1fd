//! Calls that are dropped at any moment have happened or not, and leave nothing that stands in the way.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use mosaic_core::ErrorKind;
use mosaic_core::op::git::{
    CommentOnPullRequest, CreateBranch, CreatePullRequest, CreateRelease, CreateRepository, DeleteRepository,
    GetFile, GetPullRequest, GetRepository, GitService, ListCommits, ListPullRequestComments, ListReleases,
    ListTags, MergePullRequest, ReviewPullRequest, WriteFile,
};
use mosaic_core::types::PageRequest;
use mosaic_core::types::git::{PullRequestState, ReviewVerdict};

use super::{git, widget};

/// Polls a future at most so many times, then drops it. Says how often it was polled before it finished.
async fn drop_after<F: Future>(future: F, polls: usize) -> Option<usize> {
    let mut future = pin!(future);
    for polled in 0..polls {
        if poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await {
            return Some(polled);
        }
        tokio::task::yield_now().await;
    }
    None
}

/// Moments from the very beginning to a little after the end of something that took so many polls.
fn moments(polls: Option<usize>) -> impl Iterator<Item = usize> {
    let polls = polls.expect("it was let run to its end");
    (0..=30).map(move |at| polls * at / 25)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_writes_leave_good_repositories() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let write = |name: String| forge.write_file(&cx, WriteFile::new("acme", "widget", name, "x"));
    let full = drop_after(write("d/first".into()), usize::MAX).await;
    for (at, moment) in moments(full).enumerate() {
        drop_after(write(format!("d/file-{at}")), moment).await;
    }
    write("d/last".into()).await.unwrap();
    let list = ListCommits::new("acme", "widget").page(PageRequest::first(100));
    let commits = forge.list_commits(&cx, list).await.unwrap().items;
    assert!(commits.iter().all(|commit| commit.parents.len() <= 1) && commits.len() >= 3);
    git(&root.path().join("acme/widget.git"), &["fsck", "--strict", "--no-dangling"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_merges_are_whole_or_not_there() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let bare = root.path().join("acme/widget.git");
    let open = async |branch: &str| {
        forge.create_branch(&cx, CreateBranch::new("acme", "widget", branch)).await.unwrap();
        let op = WriteFile::new("acme", "widget", branch, "x").branch(branch);
        let head = forge.write_file(&cx, op).await.unwrap().commit;
        let op = CreatePullRequest::new("acme", "widget", "t", branch, "main");
        (forge.create_pull_request(&cx, op).await.unwrap().number, head)
    };
    let merge = |number: u64| forge.merge_pull_request(&cx, MergePullRequest::new("acme", "widget", number));
    let (first, _) = open("first").await;
    let full = drop_after(merge(first), usize::MAX).await;
    for (at, moment) in moments(full).enumerate() {
        let (number, head) = open(&format!("branch-{at}")).await;
        drop_after(merge(number), moment).await;
        // A git that moves the branch goes on after the call was dropped; a write has to wait for it.
        forge
            .review_pull_request(
                &cx,
                ReviewPullRequest::new("acme", "widget", number, ReviewVerdict::Approve),
            )
            .await
            .ok();
        let get = || forge.get_pull_request(&cx, GetPullRequest::new("acme", "widget", number));
        let there = forge.get_file(&cx, GetFile::new("acme", "widget", format!("branch-{at}"))).await.is_ok();
        assert_eq!(
            get().await.unwrap().state == PullRequestState::Merged,
            there,
            "the record and the branch agree"
        );
        let again = merge(number).await;
        assert_eq!(again.err().map(|error| error.kind()), there.then_some(ErrorKind::Conflict));
        let pull = get().await.unwrap();
        assert_eq!(pull.state, PullRequestState::Merged);
        let merges = git(&bare, &["log", "--merges", "--format=%H %P", "main"]);
        let ours: Vec<_> = merges.lines().filter(|line| line.ends_with(&head)).collect();
        assert_eq!(ours.len(), 1, "merged once");
        assert!(ours[0].starts_with(&pull.merge_commit.unwrap()));
    }
    git(&bare, &["fsck", "--strict", "--no-dangling"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_creations_are_whole_or_not_there() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let create = |name: &str| forge.create_repository(&cx, CreateRepository::new("acme", name));
    let delete = |name: &str| forge.delete_repository(&cx, DeleteRepository::new("acme", name));
    let created = drop_after(create("first"), usize::MAX).await;
    let deleted = drop_after(delete("first"), usize::MAX).await;
    for (at, (create_at, delete_at)) in moments(created).zip(moments(deleted)).enumerate() {
        let name = format!("new-{at}");
        drop_after(create(&name), create_at).await;
        // Either it is there whole, or it can be made.
        if let Err(error) = create(&name).await {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        }
        forge.write_file(&cx, WriteFile::new("acme", name.as_str(), "a", "x")).await.unwrap();
        drop_after(delete(&name), delete_at).await;
        if let Err(error) = delete(&name).await {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error:?}");
        }
        let gone = forge.get_repository(&cx, GetRepository::new("acme", name.as_str())).await;
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_releases_have_their_tags_or_are_not_there() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let release = |tag: &str| forge.create_release(&cx, CreateRelease::new("acme", "widget", tag).name(tag));
    let full = drop_after(release("v-full"), usize::MAX).await;
    for (at, moment) in moments(full).enumerate() {
        let tag = format!("v-{at}");
        drop_after(release(&tag), moment).await;
        // A git that makes the tag goes on after the call was dropped; the next write waits for it.
        let barrier = WriteFile::new("acme", "widget", "barrier", tag.as_str());
        forge.write_file(&cx, barrier).await.unwrap();
        let page = PageRequest::first(100);
        let tags = ListTags::new("acme", "widget").page(page.clone());
        let tagged = forge.list_tags(&cx, tags).await.unwrap().items.iter().any(|found| found.name == tag);
        let releases = ListReleases::new("acme", "widget").page(page);
        let releases = forge.list_releases(&cx, releases).await.unwrap().items;
        let released = releases.iter().filter(|found| found.tag == tag).count();
        assert_eq!(released, usize::from(tagged), "{tag} after {moment} polls");
        // Either it is there whole, or it can be made.
        let again = release(&tag).await;
        assert_eq!(again.err().map(|error| error.kind()), tagged.then_some(ErrorKind::Conflict));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_comments_are_whole_or_not_there() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "lid")).await.unwrap();
    let pull = CreatePullRequest::new("acme", "widget", "t", "lid", "main");
    let number = forge.create_pull_request(&cx, pull).await.unwrap().number;
    let say = |text: &str| {
        forge.comment_on_pull_request(&cx, CommentOnPullRequest::new("acme", "widget", number, text))
    };
    let full = drop_after(say("full"), usize::MAX).await;
    let mut said = vec!["full".to_owned()];
    for (at, moment) in moments(full).enumerate() {
        let (text, after) = (format!("dropped {at}"), format!("after {at}"));
        drop_after(say(&text), moment).await;
        say(&after).await.unwrap();
        let op = ListPullRequestComments::new("acme", "widget", number).page(PageRequest::first(100));
        let comments = forge.list_pull_request_comments(&cx, op).await.unwrap().items;
        let bodies: Vec<_> = comments.iter().map(|comment| comment.body.clone()).collect();
        if bodies.contains(&text) {
            said.push(text);
        }
        said.push(after);
        assert_eq!(bodies, said);
    }
}
