//! Everything is there after the forge was closed and opened again, and two open at once share it.

use mosaic_core::ErrorKind;
use mosaic_core::context::{CallContext, Principal};
use mosaic_core::op::git::{
    CommentOnPullRequest, CreateBranch, CreatePullRequest, CreateRelease, CreateRepository, CreateTag,
    GetBranch, GetCommitStatus, GetFile, GetPullRequest, GetRepository, GitService, ListPullRequestComments,
    ListReleases, ListRepositories, ListReviews, ListTags, ListTree, ReviewPullRequest, SetCommitStatus,
    UpdatePullRequest, UpdateRepository, WriteFile,
};
use mosaic_core::types::git::{ReviewVerdict, StatusState};
use mosaic_providers::local::git::LocalGit;

use super::{names, widget};

#[tokio::test]
async fn everything_survives_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "lid")).await.unwrap();
    forge.write_file(&cx, WriteFile::new("acme", "widget", "lid", "x").branch("lid")).await.unwrap();
    let pull = CreatePullRequest::new("acme", "widget", "Add a lid", "lid", "main").body("It fits.");
    let pull = forge.create_pull_request(&cx, pull).await.unwrap();
    let review = ReviewPullRequest::new("acme", "widget", pull.number, ReviewVerdict::Approve);
    forge.review_pull_request(&cx, review).await.unwrap();
    forge.create_repository(&cx, CreateRepository::new("other", "thing")).await.unwrap();
    let update = UpdateRepository::new("acme", "widget").private(true).archived(true);
    let widget = forge.update_repository(&cx, update).await.unwrap();
    let pull = forge.get_pull_request(&cx, GetPullRequest::new("acme", "widget", pull.number)).await.unwrap();
    drop(forge);
    assert!(names(&root.path().join(".mosaic/work")).is_empty());

    let forge = LocalGit::open(root.path()).await.unwrap();
    assert_eq!(forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap(), widget);
    let found =
        forge.get_pull_request(&cx, GetPullRequest::new("acme", "widget", pull.number)).await.unwrap();
    assert_eq!(found, pull);
    let file = forge.get_file(&cx, GetFile::new("acme", "widget", "lid").at("lid")).await.unwrap();
    assert_eq!(file.content.as_text(), Some("x"));
    let all = forge.list_repositories(&cx, ListRepositories::new()).await.unwrap().items;
    assert_eq!(all.iter().map(|repo| repo.full_name()).collect::<Vec<_>>(), ["acme/widget", "other/thing"]);
    let late = forge.write_file(&cx, WriteFile::new("acme", "widget", "a", "x")).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);
}

/// Everything that can be asked of what [`what_is_said_of_commits_survives_a_restart`] made, as JSON.
async fn everything(forge: &LocalGit, cx: &CallContext) -> serde_json::Value {
    let tags = forge.list_tags(cx, ListTags::new("acme", "widget")).await.unwrap();
    let releases = forge.list_releases(cx, ListReleases::new("acme", "widget")).await.unwrap();
    let status = forge.get_commit_status(cx, GetCommitStatus::new("acme", "widget", "lid")).await.unwrap();
    let pull = forge.get_pull_request(cx, GetPullRequest::new("acme", "widget", 1u64)).await.unwrap();
    let comments = ListPullRequestComments::new("acme", "widget", 1u64);
    let comments = forge.list_pull_request_comments(cx, comments).await.unwrap();
    let reviews = forge.list_reviews(cx, ListReviews::new("acme", "widget", 1u64)).await.unwrap();
    let tree = ListTree::new("acme", "widget").at("lid").recursive(true);
    let tree = forge.list_tree(cx, tree).await.unwrap();
    serde_json::json!([tags, releases, status, pull, comments, reviews, tree])
}

#[tokio::test]
async fn what_is_said_of_commits_survives_a_restart() {
    let root = tempfile::tempdir().unwrap();
    let (forge, cx) = widget(root.path()).await;
    let cx = cx.principal(Principal::user("Grace Hopper"));
    forge.create_branch(&cx, CreateBranch::new("acme", "widget", "lid")).await.unwrap();
    let write = WriteFile::new("acme", "widget", "d/lid", "x").branch("lid");
    let head = forge.write_file(&cx, write).await.unwrap().commit;
    forge.create_tag(&cx, CreateTag::new("acme", "widget", "v1").message("One")).await.unwrap();
    for (tag, draft) in [("v1", false), ("v2", false), ("v3", true)] {
        let release = CreateRelease::new("acme", "widget", tag).body("It fits.").draft(draft);
        forge.create_release(&cx, release).await.unwrap();
    }
    for context in ["build", "lint"] {
        let status = SetCommitStatus::new("acme", "widget", head.as_str(), context, StatusState::Failure)
            .description("x");
        forge.set_commit_status(&cx, status).await.unwrap();
    }
    let pull = CreatePullRequest::new("acme", "widget", "Add a lid", "lid", "main");
    forge.create_pull_request(&cx, pull).await.unwrap();
    let comment = CommentOnPullRequest::new("acme", "widget", 1u64, "Why?").path("d/lid").line(1u64);
    forge.comment_on_pull_request(&cx, comment).await.unwrap();
    let review = ReviewPullRequest::new("acme", "widget", 1u64, ReviewVerdict::Approve);
    forge.review_pull_request(&cx, review).await.unwrap();
    let update = UpdatePullRequest::new("acme", "widget", 1u64).title("Add a better lid").open(false);
    forge.update_pull_request(&cx, update).await.unwrap();
    let before = everything(&forge, &cx).await;
    assert_eq!(before[4]["items"][0]["author"], "Grace Hopper");
    drop(forge);
    let forge = LocalGit::open(root.path()).await.unwrap();
    assert_eq!(everything(&forge, &cx).await, before);
}

/// What is read, changed and written back is not lost where two processes do it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_are_open_at_once_keep_what_both_say() {
    let root = tempfile::tempdir().unwrap();
    let (one, cx) = widget(root.path()).await;
    let two = LocalGit::open(root.path()).await.unwrap();
    one.create_branch(&cx, CreateBranch::new("acme", "widget", "lid")).await.unwrap();
    let pull = CreatePullRequest::new("acme", "widget", "t", "lid", "main");
    one.create_pull_request(&cx, pull).await.unwrap();
    let commit = one.get_branch(&cx, GetBranch::new("acme", "widget", "main")).await.unwrap().commit;
    let speak = async |forge: &LocalGit, who: &str| {
        for at in 0..5 {
            let text = format!("{who}-{at}");
            let status =
                SetCommitStatus::new("acme", "widget", commit.as_str(), text.as_str(), StatusState::Success);
            forge.set_commit_status(&cx, status).await.unwrap();
            let comment = CommentOnPullRequest::new("acme", "widget", 1u64, text.as_str());
            forge.comment_on_pull_request(&cx, comment).await.unwrap();
            let release = CreateRelease::new("acme", "widget", text.as_str());
            forge.create_release(&cx, release).await.unwrap();
        }
    };
    tokio::join!(speak(&one, "one"), speak(&two, "two"));
    // Of a tag that both want to release, one does it.
    for at in 0..4 {
        let release = || CreateRelease::new("acme", "widget", format!("both-{at}"));
        let both = tokio::join!(one.create_release(&cx, release()), two.create_release(&cx, release()));
        let made = [&both.0, &both.1].into_iter().filter(|made| made.is_ok()).count();
        assert_eq!(made, 1, "{both:?}");
    }
    let mut expected: Vec<_> =
        ["one", "two"].iter().flat_map(|who| (0..5).map(move |at| format!("{who}-{at}"))).collect();
    let status = two.get_commit_status(&cx, GetCommitStatus::new("acme", "widget", "main")).await.unwrap();
    assert_eq!(status.statuses.into_iter().map(|status| status.context).collect::<Vec<_>>(), expected);
    let comments =
        one.list_pull_request_comments(&cx, ListPullRequestComments::new("acme", "widget", 1u64)).await;
    let mut bodies: Vec<_> = comments.unwrap().items.into_iter().map(|comment| comment.body).collect();
    bodies.sort();
    assert_eq!(bodies, expected);
    let releases = two.list_releases(&cx, ListReleases::new("acme", "widget")).await.unwrap().items;
    let mut ids: Vec<_> = releases.iter().map(|release| release.id.clone()).collect();
    ids.sort();
    ids.dedup();
    let mut tags: Vec<_> = releases.into_iter().map(|release| release.tag).collect();
    tags.sort();
    expected.splice(0..0, (0..4).map(|at| format!("both-{at}")));
    assert_eq!((tags, ids.len()), (expected, 14));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_are_open_at_once_agree() {
    let root = tempfile::tempdir().unwrap();
    let (one, cx) = widget(root.path()).await;
    let two = LocalGit::open(root.path()).await.unwrap();
    // Neither clears the work directory of the other.
    assert_eq!(names(&root.path().join(".mosaic/work")).len(), 2);
    for branch in ["a", "b", "c", "d", "e", "f"] {
        one.create_branch(&cx, CreateBranch::new("acme", "widget", branch)).await.unwrap();
    }
    let open = async |forge: &LocalGit, branches: [&str; 3]| {
        let mut numbers = Vec::new();
        for branch in branches {
            let op = CreatePullRequest::new("acme", "widget", "t", branch, "main");
            numbers.push(forge.create_pull_request(&CallContext::new(), op).await.unwrap().number);
        }
        numbers
    };
    let (first, second) = tokio::join!(open(&one, ["a", "b", "c"]), open(&two, ["d", "e", "f"]));
    let mut numbers = [first, second].concat();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    let write = async |forge: &LocalGit, prefix: &str| {
        for at in 0..5 {
            let op = WriteFile::new("acme", "widget", format!("{prefix}{at}"), "x");
            forge.write_file(&CallContext::new(), op).await.unwrap();
        }
    };
    tokio::join!(write(&one, "one-"), write(&two, "two-"));
    for at in 0..5 {
        one.get_file(&cx, GetFile::new("acme", "widget", format!("two-{at}"))).await.unwrap();
        two.get_file(&cx, GetFile::new("acme", "widget", format!("one-{at}"))).await.unwrap();
    }
    // What is checked first and done then is done by one of them.
    for branch in ["g", "h", "i", "j", "k", "l"] {
        one.create_branch(&cx, CreateBranch::new("acme", "widget", branch)).await.unwrap();
        let open = || CreatePullRequest::new("acme", "widget", "t", branch, "main");
        let both = tokio::join!(one.create_pull_request(&cx, open()), two.create_pull_request(&cx, open()));
        assert_eq!([both.0.is_ok(), both.1.is_ok()].iter().filter(|made| **made).count(), 1, "{both:?}");
    }
    // What is read, changed and written back is not lost.
    let review = async |forge: &LocalGit| {
        let reviews = (0..5).map(|_| ReviewPullRequest::new("acme", "widget", 1u64, ReviewVerdict::Approve));
        futures_util::future::join_all(reviews.map(|op| forge.review_pull_request(&cx, op))).await
    };
    let (first, second) = tokio::join!(review(&one), review(&two));
    let mut ids: Vec<_> = first.into_iter().chain(second).map(|review| review.unwrap().id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
    let make = async |forge: &LocalGit| {
        forge.create_repository(&CallContext::new(), CreateRepository::new("acme", "one")).await
    };
    let (first, second) = tokio::join!(make(&one), make(&two));
    match (first, second) {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => assert_eq!(lost.kind(), ErrorKind::Conflict),
        both => panic!("exactly one makes it: {both:?}"),
    }
}

/// A disk that is not mounted is no empty forge: whoever takes "not found" for an answer would make everything anew.
#[tokio::test]
async fn a_forge_whose_directory_is_gone_says_so_and_works_again_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (root, away) = (folder.path().join("forge"), folder.path().join("away"));
    let (forge, cx) = widget(&root).await;
    std::fs::rename(&root, &away).unwrap();
    let error = forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert_eq!(
        forge.list_repositories(&cx, ListRepositories::new()).await.unwrap_err().kind(),
        ErrorKind::Network
    );
    forge.create_repository(&cx, CreateRepository::new("acme", "gadget")).await.unwrap_err();
    assert!(!root.exists(), "nothing is made where a disk should be");
    std::fs::rename(&away, &root).unwrap();
    assert!(forge.get_repository(&cx, GetRepository::new("acme", "widget")).await.is_ok());
}
