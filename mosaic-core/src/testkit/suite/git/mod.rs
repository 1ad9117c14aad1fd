//! The behaviour suite of the git service: what every forge does alike.
//!
//! Each behaviour is a function of its own that makes the repositories it needs, so they can run alone, in any order and on a
//! forge that is in use. [`run`] runs those whose operations a provider declares. Forges differ: what one does otherwise its
//! [`World`] says, trait by trait ([`Trait`]), and [`lacks_are_needed`] shows that nothing is said to be lacking that is there.

mod branches;
mod comments;
mod commits;
mod comparisons;
mod concurrency;
mod deletions;
mod files;
mod ground;
mod hooks;
mod lack;
mod merges;
mod pull_requests;
mod releases;
mod repositories;
mod statuses;
mod tags;
mod trees;
mod updates;
mod world;

pub use branches::{
    bad_branch_names_are_refused, branch_pages_cover_everything_once, branches_are_fetched,
    branches_come_and_go, the_default_branch_stays,
};
pub use comments::{comment_pages_cover_everything_once, pull_requests_are_commented_on, reviews_are_listed};
pub use commits::{
    commit_pages_cover_everything_once, commits_are_fetched, commits_are_filtered_by_path,
    commits_are_listed_newest_first,
};
pub use comparisons::{comparisons_say_how_far_apart, comparisons_see_what_moved_and_went};
pub use concurrency::{
    concurrent_checks_are_all_heard, concurrent_comments_all_stay, concurrent_deletions_and_writes_all_land,
    concurrent_pull_requests_get_distinct_numbers, concurrent_writes_all_land, one_of_many_makes_a_tag,
};
pub use deletions::{files_are_deleted_as_commits, only_the_expected_version_is_deleted};
pub use files::{
    a_file_is_no_directory, bad_paths_are_refused, bytes_come_back, expected_compares_and_sets,
    files_are_read_at_branch_and_commit, the_first_file_makes_the_default_branch,
    the_same_content_makes_no_commit,
};
pub use hooks::{
    secrets_of_webhooks_never_come_back, webhook_pages_cover_everything_once, webhooks_come_and_go,
};
pub use merges::{
    bad_merges_are_refused, conflicting_merges_change_nothing, merge_joins_both_histories,
    merging_what_is_there_changes_nothing, rebase_makes_the_commits_anew, squash_makes_one_commit,
};
pub use pull_requests::{
    a_moved_head_is_not_merged, bad_pull_requests_are_refused, conflicting_pull_requests_stay_open,
    pull_request_pages_cover_everything_once, pull_requests_are_merged_once,
    pull_requests_are_opened_and_fetched, pull_requests_are_reviewed,
};
pub use releases::{
    release_pages_cover_everything_once, releases_come_back_as_made, releases_make_their_tags,
};
pub use repositories::{
    archived_repositories_refuse_changes, bad_cursors_are_refused, bad_repository_names_are_refused,
    missing_repositories_are_not_found, repositories_come_and_go, repository_names_are_unique,
    repository_pages_cover_everything_once, the_default_branch_is_chosen,
};
pub use statuses::{checks_belong_to_their_commit, the_latest_word_of_a_check_counts};
pub use tags::{bad_tag_names_are_refused, tag_pages_cover_everything_once, tags_stand_for_commits};
pub use trees::{tree_pages_cover_everything_once, trees_are_listed_by_path};
pub use updates::{pull_requests_are_changed, pull_requests_are_closed_and_opened_again};

use ground::Ground;
pub use lack::Trait;
pub use world::World;

use super::Failure;
use crate::op::git::*;
use crate::op::{OpMeta, Operation as _};

/// Runs every behaviour whose operations are declared, stops at the first failure, and deletes what it made.
///
/// ```
/// use mosaic_core::op::{OpSet, git::GitService};
/// use mosaic_core::testkit::suite::{Failure, git};
/// use mosaic_core::types::ServiceKind;
///
/// async fn behaves(forge: &impl GitService) -> Result<(), Failure> {
///     git::run(forge, &git::World::new("acme", OpSet::service(ServiceKind::Git))).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show.
pub async fn run(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let outcome = run_all(git, world).await;
    // What was expected and did not come is worth more than a repository that stays.
    outcome.and(world.tidy(git).await)
}

/// Runs the suite once for each [`Trait`] that the provider is said to be without, asking for that one as well: it must fail.
/// What passes is said to be lacking for nothing.
///
/// ```
/// use mosaic_core::op::git::GitService;
/// use mosaic_core::testkit::suite::{Failure, git};
///
/// async fn says_the_truth(forge: &impl GitService, world: &git::World) -> Result<(), Failure> {
///     git::lacks_are_needed(forge, world).await
/// }
/// ```
///
/// # Errors
/// The first trait that the provider has after all, with the reason that was given.
pub async fn lacks_are_needed(git: &impl GitService, world: &World) -> Result<(), Failure> {
    for (lacked, _) in world.lacks() {
        if run(git, &world.asking_for(lacked)).await.is_ok() {
            return Err(world.needless(lacked));
        }
    }
    Ok(())
}

/// Each line: a behaviour and the operations it calls.
macro_rules! behaviours {
    ($git:ident, $world:ident: $($behaviour:ident [$($op:ident)*],)*) => {
        $(if [$($op::META),*].iter().all(|meta: &&OpMeta| $world.operations().has(meta)) {
            $behaviour($git, $world).await?;
        })*
    };
}

async fn run_all(git: &impl GitService, world: &World) -> Result<(), Failure> {
    behaviours! { git, world:
        missing_repositories_are_not_found [],
        bad_cursors_are_refused [CreateRepository],
        repositories_come_and_go [CreateRepository GetRepository UpdateRepository DeleteRepository ListRepositories],
        repository_names_are_unique [CreateRepository GetRepository],
        bad_repository_names_are_refused [CreateRepository GetRepository],
        repository_pages_cover_everything_once [CreateRepository ListRepositories],
        archived_repositories_refuse_changes [CreateRepository UpdateRepository WriteFile GetFile],
        the_default_branch_is_chosen [CreateRepository GetRepository UpdateRepository WriteFile CreateBranch],
        the_first_file_makes_the_default_branch [CreateRepository WriteFile GetFile ListBranches ListCommits],
        files_are_read_at_branch_and_commit [CreateRepository WriteFile GetFile CreateBranch],
        expected_compares_and_sets [CreateRepository WriteFile GetFile],
        the_same_content_makes_no_commit [CreateRepository WriteFile ListCommits],
        bytes_come_back [CreateRepository WriteFile GetFile],
        bad_paths_are_refused [CreateRepository WriteFile GetFile ListCommits],
        a_file_is_no_directory [CreateRepository WriteFile GetFile],
        branches_come_and_go [CreateRepository WriteFile CreateBranch ListBranches DeleteBranch],
        the_default_branch_stays [CreateRepository WriteFile ListBranches DeleteBranch],
        bad_branch_names_are_refused [CreateRepository WriteFile CreateBranch ListBranches],
        branch_pages_cover_everything_once [CreateRepository WriteFile CreateBranch ListBranches],
        commits_are_listed_newest_first [CreateRepository WriteFile ListCommits],
        commits_are_filtered_by_path [CreateRepository WriteFile ListCommits],
        commit_pages_cover_everything_once [CreateRepository WriteFile ListCommits],
        merge_joins_both_histories [CreateRepository WriteFile GetFile CreateBranch ListCommits MergeBranch],
        squash_makes_one_commit [CreateRepository WriteFile GetFile CreateBranch ListCommits MergeBranch],
        rebase_makes_the_commits_anew [CreateRepository WriteFile GetFile CreateBranch ListCommits MergeBranch],
        merging_what_is_there_changes_nothing [CreateRepository WriteFile CreateBranch ListCommits MergeBranch],
        conflicting_merges_change_nothing [CreateRepository WriteFile GetFile CreateBranch ListCommits MergeBranch],
        bad_merges_are_refused [CreateRepository WriteFile CreateBranch MergeBranch],
        pull_requests_are_opened_and_fetched [CreateRepository WriteFile CreateBranch CreatePullRequest GetPullRequest],
        bad_pull_requests_are_refused [CreateRepository WriteFile CreateBranch CreatePullRequest],
        pull_request_pages_cover_everything_once
            [CreateRepository WriteFile CreateBranch CreatePullRequest ListPullRequests MergePullRequest],
        pull_requests_are_reviewed [CreateRepository WriteFile CreateBranch CreatePullRequest ReviewPullRequest],
        pull_requests_are_merged_once
            [CreateRepository WriteFile GetFile CreateBranch ListCommits CreatePullRequest GetPullRequest MergePullRequest],
        a_moved_head_is_not_merged [CreateRepository WriteFile CreateBranch CreatePullRequest GetPullRequest MergePullRequest],
        conflicting_pull_requests_stay_open
            [CreateRepository WriteFile GetFile CreateBranch ListCommits CreatePullRequest GetPullRequest MergePullRequest],
        branches_are_fetched [CreateRepository WriteFile CreateBranch GetBranch],
        commits_are_fetched [CreateRepository WriteFile ListCommits GetCommit],
        comparisons_say_how_far_apart [CreateRepository WriteFile CreateBranch ListCommits Compare],
        comparisons_see_what_moved_and_went [CreateRepository WriteFile CreateBranch DeleteFile Compare],
        trees_are_listed_by_path [CreateRepository WriteFile ListTree],
        tree_pages_cover_everything_once [CreateRepository WriteFile ListTree],
        files_are_deleted_as_commits [CreateRepository WriteFile GetFile CreateBranch ListCommits DeleteFile],
        only_the_expected_version_is_deleted [CreateRepository WriteFile GetFile DeleteFile],
        pull_requests_are_changed
            [CreateRepository WriteFile CreateBranch CreatePullRequest GetPullRequest UpdatePullRequest],
        pull_requests_are_closed_and_opened_again
            [CreateRepository WriteFile GetFile CreateBranch CreatePullRequest GetPullRequest ListPullRequests
             MergePullRequest UpdatePullRequest],
        pull_requests_are_commented_on
            [CreateRepository WriteFile CreateBranch CreatePullRequest CommentOnPullRequest ListPullRequestComments],
        comment_pages_cover_everything_once
            [CreateRepository WriteFile CreateBranch CreatePullRequest CommentOnPullRequest ListPullRequestComments],
        reviews_are_listed
            [CreateRepository WriteFile CreateBranch CreatePullRequest ReviewPullRequest ListReviews],
        tags_stand_for_commits [CreateRepository WriteFile GetFile CreateTag ListTags],
        bad_tag_names_are_refused [CreateRepository WriteFile CreateTag ListTags],
        tag_pages_cover_everything_once [CreateRepository WriteFile CreateTag ListTags],
        releases_come_back_as_made [CreateRepository WriteFile CreateRelease ListReleases],
        releases_make_their_tags [CreateRepository WriteFile CreateTag ListTags CreateRelease],
        release_pages_cover_everything_once [CreateRepository WriteFile CreateRelease ListReleases],
        the_latest_word_of_a_check_counts [CreateRepository WriteFile SetCommitStatus GetCommitStatus],
        checks_belong_to_their_commit [CreateRepository WriteFile SetCommitStatus GetCommitStatus],
        webhooks_come_and_go [CreateRepository CreateWebhook ListWebhooks DeleteWebhook],
        secrets_of_webhooks_never_come_back [CreateRepository CreateWebhook ListWebhooks],
        webhook_pages_cover_everything_once [CreateRepository CreateWebhook ListWebhooks DeleteWebhook],
        concurrent_deletions_and_writes_all_land [CreateRepository WriteFile GetFile ListCommits DeleteFile],
        one_of_many_makes_a_tag [CreateRepository WriteFile CreateTag ListTags],
        concurrent_comments_all_stay
            [CreateRepository WriteFile CreateBranch CreatePullRequest CommentOnPullRequest ListPullRequestComments],
        concurrent_checks_are_all_heard [CreateRepository WriteFile SetCommitStatus GetCommitStatus],
        concurrent_writes_all_land [CreateRepository WriteFile GetFile ListCommits],
        concurrent_pull_requests_get_distinct_numbers [CreateRepository WriteFile CreateBranch CreatePullRequest],
    }
    Ok(())
}
