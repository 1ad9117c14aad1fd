//! What the suite lets a forge be without: each trait, on a forge that lacks it. The behaviour passes where the world says so, and
//! fails where it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{
    CreateBranch, CreateRepository, GetPullRequest, GetRepository, ListReviews, UpdateRepository, WriteFile,
};
use mosaic_core::op::{Answer, Caller, Direct, OpSet, Operation, Payload, Reply, Via};
use mosaic_core::plugin::Plugin as _;
use mosaic_core::testkit::suite::git::{self, Trait, World};
use mosaic_providers::local::git::LocalGit;
use serde_json::{Value, json};

/// A good forge that lacks one trait.
#[derive(Clone)]
struct Poor {
    forge: Arc<Direct>,
    lacks: Trait,
    writing: Arc<AtomicUsize>,
}

fn refuse(kind: ErrorKind) -> Result<()> {
    Err(Error::new(kind, "this forge does it otherwise"))
}

impl Poor {
    /// What becomes of a call before it is made.
    async fn before(&self, cx: &CallContext, name: &str, params: &mut Value) -> Result<()> {
        use ErrorKind::{PermissionDenied, Unsupported};
        let given = |field: &str| params.get(field).is_some_and(|value| !value.is_null());
        let says = |field: &str, word: &str| params[field] == word;
        let blank = params["body"].as_str().is_none_or(|body| body.trim().is_empty());
        let lacking = match (name, self.lacks) {
            ("git.create_repository", Trait::ChoosesDefaultBranch) => given("default_branch"),
            ("git.update_repository", Trait::Archives) => given("archived"),
            ("git.write_file" | "git.delete_file", Trait::ExpectsVersions) => given("expected"),
            ("git.merge_branch", Trait::SquashesBranches)
            | ("git.merge_pull_request", Trait::SquashesPullRequests) => says("method", "squash"),
            ("git.merge_branch", Trait::RebasesBranches)
            | ("git.merge_pull_request", Trait::RebasesPullRequests) => says("method", "rebase"),
            ("git.update_pull_request", Trait::RetargetsPullRequests) => given("target"),
            ("git.comment_on_pull_request", Trait::CommentsOnLines) => given("path"),
            ("git.review_pull_request", Trait::RequestsChanges) => says("verdict", "request_changes"),
            ("git.create_tag", Trait::TagsHaveTexts) => given("message"),
            ("git.create_release", Trait::DraftReleases) => params["draft"] == true,
            ("git.create_release", Trait::Prereleases) => params["prerelease"] == true,
            ("git.update_pull_request", Trait::ReopensPullRequests) if params["open"] == true => {
                let pull = json!({ "repo": params["repo"], "number": params["number"] });
                self.ask::<GetPullRequest>(cx, pull).await?["state"] == "closed"
            }
            _ => false,
        };
        if lacking {
            return refuse(Unsupported);
        }
        match (name, self.lacks) {
            ("git.review_pull_request", Trait::ReviewsOwnWork) if !says("verdict", "comment") => {
                let pull = json!({ "repo": params["repo"], "number": params["number"] });
                self.ask::<GetPullRequest>(cx, pull).await?;
                if says("verdict", "approve") || !blank {
                    return refuse(PermissionDenied);
                }
            }
            ("git.review_pull_request", Trait::ApprovesWithText) if says("verdict", "approve") && !blank => {
                return refuse(ErrorKind::Invalid);
            }
            ("git.set_commit_status", Trait::TellsErrorFromFailure) if says("state", "error") => {
                params["state"] = json!("failure");
            }
            ("git.delete_repository", Trait::DeletesAtOnce) => {
                // It is renamed for the time until it is gone, but still there.
                let repo = json!({ "repo": params["repo"] });
                self.ask::<GetRepository>(cx, repo).await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn ask<O: Operation>(&self, cx: &CallContext, params: Value) -> Result<Value> {
        let answer = self.forge.call(cx, serde_json::from_value::<O>(params).unwrap()).await?;
        Ok(serde_json::to_value(&*answer).unwrap())
    }

    /// What becomes of an answer.
    async fn after(&self, cx: &CallContext, name: &str, params: &Value, answer: &mut Value) -> Result<()> {
        let turned = match (name, self.lacks) {
            ("git.list_repositories", Trait::RepositoriesByName)
            | ("git.list_branches", Trait::BranchesByName)
            | ("git.list_tags", Trait::TagsByName)
            | ("git.list_tree", Trait::TreesByPath)
            | ("git.list_releases", Trait::ReleasesNewestFirst)
            | ("git.list_pull_request_comments", Trait::CommentsOldestFirst) => answer.get_mut("items"),
            ("git.get_commit_status", Trait::ChecksByName) => answer.get_mut("statuses"),
            _ => None,
        };
        if let Some(items) = turned.and_then(Value::as_array_mut) {
            items.reverse();
        }
        let without = |items: &mut Value, field: &str| {
            items.as_array_mut().unwrap().iter_mut().for_each(|item| item[field] = Value::Null);
        };
        match (name, self.lacks) {
            ("git.list_tree", Trait::TreeSizes) => without(&mut answer["items"], "size"),
            ("git.list_tags", Trait::ListsTagTexts) => without(&mut answer["items"], "message"),
            ("git.list_tree", Trait::TreeIds) => {
                answer["items"]
                    .as_array_mut()
                    .unwrap()
                    .iter_mut()
                    .for_each(|item| item["id"] = json!("other"));
            }
            ("git.compare", Trait::KnowsMergeBase) => answer["merge_base"] = Value::Null,
            ("git.compare", Trait::ComparesFiles) => answer["files"] = json!([]),
            ("git.compare", Trait::CountsLines) => {
                without(&mut answer["files"], "additions");
                without(&mut answer["files"], "deletions");
            }
            ("git.compare", Trait::SeesRenames) => {
                let files = answer["files"].as_array_mut().unwrap();
                for file in std::mem::take(files) {
                    if file["kind"] == "renamed" {
                        let old = json!({ "path": file["previous_path"], "kind": "removed", "additions": 0, "deletions": 40 });
                        let new =
                            json!({ "path": file["path"], "kind": "added", "additions": 40, "deletions": 0 });
                        files.extend([old, new]);
                    } else {
                        files.push(file);
                    }
                }
            }
            ("git.merge_branch", Trait::SaysUpToDate) if answer["up_to_date"] == true => {
                return refuse(ErrorKind::Conflict);
            }
            ("git.write_file", Trait::SameContentMakesNoCommit) => answer["unchanged"] = json!(false),
            ("git.review_pull_request", Trait::ReviewsNameCommits) => answer["commit"] = Value::Null,
            ("git.list_reviews", Trait::ReviewsNameCommits) => without(&mut answer["items"], "commit"),
            ("git.review_pull_request", Trait::KeepsEveryReview) => answer["id"] = json!("mine"),
            ("git.list_reviews", Trait::KeepsEveryReview) => {
                answer["items"]
                    .as_array_mut()
                    .unwrap()
                    .iter_mut()
                    .for_each(|item| item["id"] = json!("mine"));
            }
            ("git.list_pull_request_comments", Trait::ReviewsAreNoComments) => {
                let pull = json!({ "repo": params["repo"], "number": params["number"] });
                let reviews = self.ask::<ListReviews>(cx, pull).await?;
                let said = reviews["items"].as_array().unwrap().iter();
                let said = said.map(|review| json!({ "id": review["id"], "body": review["body"] }));
                answer["items"].as_array_mut().unwrap().extend(said);
            }
            ("git.get_commit_status", Trait::LastWordReplaces) => {
                for status in answer["statuses"].as_array_mut().unwrap() {
                    if status.get("description").is_none_or(Value::is_null) {
                        status["description"] = json!("what it said before");
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What becomes of an error.
    async fn instead(&self, cx: &CallContext, name: &str, params: &Value, error: Error) -> Result<Value> {
        let missing =
            async || self.ask::<GetRepository>(cx, json!({ "repo": params["repo"] })).await.is_err();
        let kind = match (self.lacks, error.kind()) {
            (Trait::SaysNotFound, ErrorKind::NotFound)
                if (name.contains(".create_") || name.contains(".merge_") || name.contains(".update_"))
                    && !missing().await =>
            {
                ErrorKind::Invalid
            }
            (Trait::SaysConflict, ErrorKind::Conflict) => ErrorKind::PermissionDenied,
            (Trait::OnePullRequestForBranches, ErrorKind::Conflict) if name == "git.create_pull_request" => {
                let pull = json!({ "repo": params["repo"], "number": 1 });
                return self.ask::<GetPullRequest>(cx, pull).await;
            }
            _ => return Err(error),
        };
        Err(Error::new(kind, error.message().to_owned()))
    }
}

impl Caller for Poor {
    async fn reply(&self, cx: &CallContext, payload: Payload) -> Result<Reply> {
        self.forge.reply(cx, payload).await
    }

    async fn call<O: Operation>(&self, cx: &CallContext, op: O) -> Result<Answer<O::Output>> {
        let (name, mut params) = (O::META.name, serde_json::to_value(op).unwrap());
        self.before(cx, name, &mut params).await?;
        if (name, self.lacks) == ("git.delete_repository", Trait::DeletesAtOnce) {
            return Answer::new(Reply::value(serde_json::from_value::<O::Output>(Value::Null).unwrap()));
        }
        let alone = self.writing.fetch_add(usize::from(!O::META.effect.is_read()), Ordering::SeqCst) == 0;
        let busy = !alone && matches!(name, "git.write_file" | "git.delete_file");
        let answer = if busy && self.lacks == Trait::ConcurrentWrites {
            Err(Error::new(ErrorKind::Conflict, "somebody else writes"))
        } else {
            self.ask::<O>(cx, params.clone()).await
        };
        self.writing.fetch_sub(usize::from(!O::META.effect.is_read()), Ordering::SeqCst);
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => self.instead(cx, name, &params, error).await?,
        };
        self.after(cx, name, &params, &mut answer).await?;
        Answer::new(Reply::value(serde_json::from_value::<O::Output>(answer).unwrap()))
    }
}

/// Each line: a trait, and the behaviours that are about it.
macro_rules! lacking {
    ($($lacked:ident => $($behaviour:ident)*,)*) => {
        let mut wrong = Vec::new();
        let root = tempfile::tempdir().unwrap();
        let forge = LocalGit::open(root.path()).await.unwrap();
        let strict = World::new("acme", forge.info().operations);
        let forge = Arc::new(Direct::new(Arc::new(forge)));
        $({
            let poor = Via(Poor { forge: forge.clone(), lacks: Trait::$lacked, writing: Arc::default() });
            let world = strict.clone().without(Trait::$lacked, "this forge is made so");
            let (mut needed, what) = (false, stringify!($lacked));
            $(
                if let Err(failure) = git::$behaviour(&poor, &world).await {
                    wrong.push(format!("without {what}: {failure}"));
                }
                needed |= git::$behaviour(&poor, &strict).await.is_err();
            )*
            if !needed {
                wrong.push(format!("{what} is not asked for"));
            }
        })*
        assert!(wrong.is_empty(), "{wrong:#?}");
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_other_kinds_may_be_lacking() {
    lacking! {
        SaysNotFound => branches_come_and_go bad_pull_requests_are_refused tags_stand_for_commits bad_merges_are_refused
            missing_repositories_are_not_found releases_come_back_as_made,
        SaysConflict => branches_come_and_go bad_pull_requests_are_refused repository_names_are_unique
            expected_compares_and_sets archived_repositories_refuse_changes one_of_many_makes_a_tag
            conflicting_pull_requests_stay_open releases_make_their_tags,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_repositories_and_files_may_be_lacking() {
    lacking! {
        RepositoriesByName => repository_pages_cover_everything_once,
        BranchesByName => branches_come_and_go branch_pages_cover_everything_once,
        TagsByName => tags_stand_for_commits tag_pages_cover_everything_once releases_make_their_tags,
        TreesByPath => trees_are_listed_by_path tree_pages_cover_everything_once,
        ReleasesNewestFirst => releases_come_back_as_made release_pages_cover_everything_once,
        ChecksByName => the_latest_word_of_a_check_counts concurrent_checks_are_all_heard,
        CommentsOldestFirst => pull_requests_are_commented_on comment_pages_cover_everything_once,
        ChoosesDefaultBranch => the_default_branch_is_chosen,
        Archives => archived_repositories_refuse_changes,
        DeletesAtOnce => repositories_come_and_go,
        SameContentMakesNoCommit => the_same_content_makes_no_commit,
        ExpectsVersions => expected_compares_and_sets only_the_expected_version_is_deleted,
        ConcurrentWrites => concurrent_writes_all_land concurrent_deletions_and_writes_all_land,
        TreeSizes => trees_are_listed_by_path,
        TreeIds => trees_are_listed_by_path,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merges_and_pull_requests_may_be_lacking() {
    lacking! {
        SquashesBranches => squash_makes_one_commit merging_what_is_there_changes_nothing
            conflicting_merges_change_nothing,
        RebasesBranches => rebase_makes_the_commits_anew merging_what_is_there_changes_nothing
            conflicting_merges_change_nothing,
        SaysUpToDate => merging_what_is_there_changes_nothing,
        SquashesPullRequests => pull_requests_are_merged_once conflicting_pull_requests_stay_open,
        RebasesPullRequests => pull_requests_are_merged_once conflicting_pull_requests_stay_open,
        OnePullRequestForBranches => bad_pull_requests_are_refused,
        ReopensPullRequests => pull_requests_are_closed_and_opened_again,
        RetargetsPullRequests => pull_requests_are_changed,
        CommentsOnLines => pull_requests_are_commented_on,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reviews_comparisons_tags_and_checks_may_be_lacking() {
    lacking! {
        ReviewsOwnWork => pull_requests_are_reviewed reviews_are_listed,
        RequestsChanges => pull_requests_are_reviewed reviews_are_listed,
        ApprovesWithText => pull_requests_are_reviewed reviews_are_listed,
        KeepsEveryReview => pull_requests_are_reviewed reviews_are_listed,
        ReviewsNameCommits => reviews_are_listed,
        ReviewsAreNoComments => reviews_are_listed,
        KnowsMergeBase => comparisons_say_how_far_apart,
        ComparesFiles => comparisons_say_how_far_apart comparisons_see_what_moved_and_went,
        CountsLines => comparisons_say_how_far_apart comparisons_see_what_moved_and_went,
        SeesRenames => comparisons_see_what_moved_and_went,
        TagsHaveTexts => tags_stand_for_commits tag_pages_cover_everything_once releases_make_their_tags
            commits_are_fetched one_of_many_makes_a_tag,
        ListsTagTexts => tags_stand_for_commits releases_make_their_tags one_of_many_makes_a_tag,
        DraftReleases => releases_come_back_as_made releases_make_their_tags release_pages_cover_everything_once,
        Prereleases => releases_come_back_as_made,
        TellsErrorFromFailure => the_latest_word_of_a_check_counts,
        LastWordReplaces => the_latest_word_of_a_check_counts,
    }
}

/// A trait that a forge is said to lack and does not is named, with the reason that was given.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lacking_for_nothing_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let forge = LocalGit::open(root.path()).await.unwrap();
    let poor = Via(Poor {
        forge: Arc::new(Direct::new(Arc::new(forge))),
        lacks: Trait::ChoosesDefaultBranch,
        writing: Arc::default(),
    });
    let operations = OpSet::of(&[
        CreateRepository::META,
        GetRepository::META,
        UpdateRepository::META,
        WriteFile::META,
        CreateBranch::META,
    ]);
    let world = World::new("acme", operations).without(Trait::ChoosesDefaultBranch, "it is always main");
    git::run(&poor, &world).await.unwrap();
    git::lacks_are_needed(&poor, &world).await.unwrap();
    let boasting = world.without(Trait::Archives, "we never looked");
    let failure = git::lacks_are_needed(&poor, &boasting).await.unwrap_err();
    assert_eq!(failure.behaviour(), "git/lacks_are_needed");
    assert!(
        failure.message().contains("Archives") && failure.message().contains("we never looked"),
        "{failure}"
    );
}
