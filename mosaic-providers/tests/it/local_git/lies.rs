//! The suite is no formality: a forge that does one thing otherwise than promised is caught by the behaviour that is about it.
//!
//! What is wrong is done to the parameters on their way in or to the answer on its way out, as JSON; the rest is a real forge.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::*;
use mosaic_core::op::{OpSet, Operation};
use mosaic_core::testkit::suite::git::{self, World};
use mosaic_core::types::git::*;
use mosaic_core::types::{Page, ServiceKind};
use mosaic_providers::local::git::LocalGit;
use serde_json::{Value, json};

/// What is done wrong, and to which operation.
struct Lie {
    operation: &'static str,
    how: How,
}

enum How {
    /// The parameters are others than the caller's.
    Asks(fn(&mut Value)),
    /// The answer is another than the forge's.
    Answers(fn(Result<Value>) -> Result<Value>),
}

struct Crooked {
    forge: LocalGit,
    lie: Lie,
}

impl Crooked {
    fn asks<O: Operation>(&self, op: O) -> O {
        match &self.lie.how {
            How::Asks(bend) if self.lie.operation == O::META.name => {
                let mut value = serde_json::to_value(op).unwrap();
                bend(&mut value);
                serde_json::from_value(value).unwrap()
            }
            _ => op,
        }
    }

    fn answers<O: Operation>(&self, got: Result<O::Output>) -> Result<O::Output> {
        match &self.lie.how {
            How::Answers(twist) if self.lie.operation == O::META.name => {
                let got = twist(got.map(|value| serde_json::to_value(value).unwrap()))?;
                Ok(serde_json::from_value(got).unwrap())
            }
            _ => got,
        }
    }
}

macro_rules! forwards {
    ($($method:ident($op:ident) -> $out:ty;)*) => {
        impl GitService for Crooked {
            $(async fn $method(&self, cx: &CallContext, op: $op) -> Result<$out> {
                let got = self.forge.$method(cx, self.asks(op)).await;
                self.answers::<$op>(got)
            })*
        }
    };
}

forwards! {
    create_repository(CreateRepository) -> Repository;
    create_branch(CreateBranch) -> Branch;
    list_branches(ListBranches) -> Page<Branch>;
    merge_branch(MergeBranch) -> MergeResult;
    create_pull_request(CreatePullRequest) -> PullRequest;
    get_pull_request(GetPullRequest) -> PullRequest;
    list_pull_requests(ListPullRequests) -> Page<PullRequest>;
    merge_pull_request(MergePullRequest) -> MergeResult;
    review_pull_request(ReviewPullRequest) -> Review;
    get_file(GetFile) -> FileContent;
    write_file(WriteFile) -> FileWritten;
    list_commits(ListCommits) -> Page<Commit>;
    get_branch(GetBranch) -> Branch;
    list_tree(ListTree) -> Page<TreeEntry>;
    delete_file(DeleteFile) -> FileDeleted;
    get_commit(GetCommit) -> Commit;
    compare(Compare) -> Comparison;
    update_pull_request(UpdatePullRequest) -> PullRequest;
    comment_on_pull_request(CommentOnPullRequest) -> Comment;
    list_pull_request_comments(ListPullRequestComments) -> Page<Comment>;
    list_reviews(ListReviews) -> Page<Review>;
    create_tag(CreateTag) -> Tag;
    list_tags(ListTags) -> Page<Tag>;
    create_release(CreateRelease) -> Release;
    list_releases(ListReleases) -> Page<Release>;
    set_commit_status(SetCommitStatus) -> CommitStatus;
    get_commit_status(GetCommitStatus) -> CombinedStatus;
}

/// A forge that lies so, and a world on it.
async fn crooked(root: &tempfile::TempDir, operation: &'static str, how: How) -> (Crooked, World) {
    let forge = LocalGit::open(root.path()).await.unwrap();
    (Crooked { forge, lie: Lie { operation, how } }, World::new("acme", OpSet::service(ServiceKind::Git)))
}

/// Each line: an operation, what is wrong with it, and the behaviour that notices.
macro_rules! caught {
    ($($operation:literal $how:ident($wrong:expr) by $behaviour:ident;)*) => {
        $({
            let root = tempfile::tempdir().unwrap();
            let (forge, world) = crooked(&root, concat!("git.", $operation), How::$how($wrong)).await;
            let failure = git::$behaviour(&forge, &world).await;
            let failure = failure.expect_err(concat!($operation, " ", stringify!($wrong), " was not caught"));
            assert_eq!(failure.behaviour(), concat!("git/", stringify!($behaviour)));
        })*
    };
}

fn without(field: &'static str, value: &mut Value) {
    value.as_object_mut().unwrap().remove(field);
}

fn reversed(got: Result<Value>) -> Result<Value> {
    got.map(|mut page| {
        page["items"].as_array_mut().unwrap().reverse();
        page
    })
}

/// The first page is all there is.
fn cut_off(got: Result<Value>) -> Result<Value> {
    got.map(|mut page| {
        without("next", &mut page);
        page
    })
}

fn with(got: Result<Value>, change: impl FnOnce(&mut Value)) -> Result<Value> {
    got.map(|mut value| {
        change(&mut value);
        value
    })
}

/// Whatever was refused for this reason is said to be well.
fn well(got: Result<Value>, kind: ErrorKind, answer: Value) -> Result<Value> {
    match got {
        Err(error) if error.kind() == kind => Ok(answer),
        got => got,
    }
}

fn as_kind(got: Result<Value>, from: ErrorKind, to: ErrorKind) -> Result<Value> {
    got.map_err(|error| if error.kind() == from { Error::new(to, error.message().to_owned()) } else { error })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_about_commits_and_files_are_caught() {
    caught! {
        "get_branch" Answers(|got| with(got, |branch| branch["commit"] = json!("0"))) by branches_are_fetched;
        "get_branch" Answers(|got| as_kind(got, ErrorKind::NotFound, ErrorKind::Invalid)) by branches_are_fetched;
        "get_commit" Answers(|got| with(got, |commit| commit["message"] = json!("x"))) by commits_are_fetched;
        "get_commit" Asks(|op| op["commit"] = json!("main")) by commits_are_fetched;
        "list_tree" Asks(|op| op["recursive"] = json!(false)) by trees_are_listed_by_path;
        "list_tree" Asks(|op| without("at", op)) by trees_are_listed_by_path;
        "list_tree" Answers(|got| with(got, |page| without("size", &mut page["items"][0]))) by trees_are_listed_by_path;
        "list_tree" Answers(reversed) by trees_are_listed_by_path;
        "list_tree" Answers(cut_off) by tree_pages_cover_everything_once;
        "delete_file" Asks(|op| without("message", op)) by files_are_deleted_as_commits;
        "delete_file" Asks(|op| without("branch", op)) by files_are_deleted_as_commits;
        "delete_file" Answers(|got| well(got, ErrorKind::NotFound, json!({ "path": "a", "commit": "0" })))
            by files_are_deleted_as_commits;
        "delete_file" Asks(|op| without("expected", op)) by only_the_expected_version_is_deleted;
        "compare" Asks(|op| op["base"] = op["head"].clone()) by comparisons_say_how_far_apart;
        "compare" Answers(|got| with(got, |value| value["behind"] = json!(0))) by comparisons_say_how_far_apart;
        "compare" Answers(|got| with(got, |value| without("merge_base", value))) by comparisons_say_how_far_apart;
        "compare" Answers(|got| with(got, |value| value["commits"].as_array_mut().unwrap().reverse()))
            by comparisons_say_how_far_apart;
        "compare" Answers(|got| with(got, |value| value["files"][0]["additions"] = json!(9)))
            by comparisons_say_how_far_apart;
        "compare" Answers(|got| with(got, |value| value["files"][1]["kind"] = json!("added")))
            by comparisons_see_what_moved_and_went;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_about_pull_requests_are_caught() {
    caught! {
        "update_pull_request" Asks(|op| without("title", op)) by pull_requests_are_changed;
        "update_pull_request" Asks(|op| without("target", op)) by pull_requests_are_changed;
        "update_pull_request" Asks(|op| op["body"] = json!("x")) by pull_requests_are_changed;
        "update_pull_request" Asks(|op| without("open", op)) by pull_requests_are_closed_and_opened_again;
        "comment_on_pull_request" Asks(|op| op["body"] = json!(op["body"].as_str().unwrap().trim()))
            by pull_requests_are_commented_on;
        "comment_on_pull_request" Asks(|op| without("line", op)) by pull_requests_are_commented_on;
        "comment_on_pull_request" Asks(|op| op["number"] = json!(1)) by pull_requests_are_commented_on;
        "comment_on_pull_request" Answers(|got| with(got, |comment| comment["id"] = json!("1")))
            by concurrent_comments_all_stay;
        "list_pull_request_comments" Answers(reversed) by pull_requests_are_commented_on;
        "list_pull_request_comments" Answers(cut_off) by comment_pages_cover_everything_once;
        "list_reviews" Answers(reversed) by reviews_are_listed;
        "list_reviews" Answers(cut_off) by reviews_are_listed;
        "list_reviews" Answers(|got| as_kind(got, ErrorKind::NotFound, ErrorKind::Invalid)) by reviews_are_listed;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lies_about_tags_releases_and_statuses_are_caught() {
    caught! {
        "create_tag" Asks(|op| without("message", op)) by tags_stand_for_commits;
        "create_tag" Asks(|op| without("at", op)) by tags_stand_for_commits;
        "create_tag" Answers(|got| as_kind(got, ErrorKind::Conflict, ErrorKind::Invalid)) by tags_stand_for_commits;
        "create_tag" Answers(|got| as_kind(got, ErrorKind::Invalid, ErrorKind::Provider)) by bad_tag_names_are_refused;
        "create_tag" Answers(|got| well(got, ErrorKind::Conflict, json!({ "name": "v1", "commit": "0" })))
            by one_of_many_makes_a_tag;
        "list_tags" Answers(reversed) by tags_stand_for_commits;
        "list_tags" Answers(cut_off) by tag_pages_cover_everything_once;
        "create_release" Asks(|op| without("body", op)) by releases_come_back_as_made;
        "create_release" Asks(|op| op["draft"] = json!(false)) by releases_make_their_tags;
        "create_release" Asks(|op| without("at", op)) by releases_make_their_tags;
        "create_release" Asks(|op| op["prerelease"] = json!(false)) by releases_come_back_as_made;
        "list_releases" Answers(reversed) by releases_come_back_as_made;
        "list_releases" Answers(cut_off) by release_pages_cover_everything_once;
        "set_commit_status" Asks(|op| without("description", op)) by the_latest_word_of_a_check_counts;
        "set_commit_status" Asks(|op| op["context"] = json!("build")) by the_latest_word_of_a_check_counts;
        "set_commit_status" Asks(|op| op["context"] = json!("build")) by concurrent_checks_are_all_heard;
        "get_commit_status" Asks(|op| op["commit"] = json!("main")) by checks_belong_to_their_commit;
        "get_commit_status" Answers(|got| with(got, |value| value["state"] = json!("success")))
            by the_latest_word_of_a_check_counts;
    }
}
