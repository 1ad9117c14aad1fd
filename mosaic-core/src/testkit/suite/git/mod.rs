//! The behaviour suite of the git service: what every forge does alike.
//!
//! Each behaviour is a function of its own that makes the repositories it needs, so they can run alone, in any order and on a
//! forge that is in use. [`run`] runs those whose operations a provider declares.

mod branches;
mod commits;
mod concurrency;
mod files;
mod ground;
mod merges;
mod pull_requests;
mod repositories;

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

pub use branches::{
    bad_branch_names_are_refused, branch_pages_cover_everything_once, branches_come_and_go,
    the_default_branch_stays,
};
pub use commits::{
    commit_pages_cover_everything_once, commits_are_filtered_by_path, commits_are_listed_newest_first,
};
pub use concurrency::{concurrent_pull_requests_get_distinct_numbers, concurrent_writes_all_land};
pub use files::{
    a_file_is_no_directory, bad_paths_are_refused, bytes_come_back, expected_compares_and_sets,
    files_are_read_at_branch_and_commit, the_first_file_makes_the_default_branch,
    the_same_content_makes_no_commit,
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
pub use repositories::{
    archived_repositories_refuse_changes, bad_cursors_are_refused, bad_repository_names_are_refused,
    missing_repositories_are_not_found, repositories_come_and_go, repository_names_are_unique,
    repository_pages_cover_everything_once, the_default_branch_is_chosen,
};

use ground::Ground;

use super::Failure;
use crate::context::CallContext;
use crate::error::ErrorKind;
use crate::op::git::*;
use crate::op::{OpMeta, OpSet, Operation as _};
use crate::types::RepoRef;

/// Where the suite works: the owner of the repositories it makes, and what the provider declares.
///
/// ```
/// use mosaic_core::op::OpSet;
/// use mosaic_core::testkit::suite::git::World;
/// use mosaic_core::types::ServiceKind;
///
/// let world = World::new("acme", OpSet::service(ServiceKind::Git));
/// assert_ne!(world.unused(), world.unused());
/// ```
#[derive(Debug)]
pub struct World {
    cx: CallContext,
    owner: String,
    operations: OpSet,
    prefix: String,
    used: Mutex<Vec<RepoRef>>,
}

impl World {
    /// Repositories of this owner, on a provider that declares these operations.
    pub fn new(owner: impl Into<String>, operations: OpSet) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        Self {
            cx: CallContext::new(),
            owner: owner.into(),
            operations,
            prefix: format!("suite-{now:x}"),
            used: Mutex::default(),
        }
    }

    /// The same world with another context for every call.
    #[must_use]
    pub fn context(mut self, cx: CallContext) -> Self {
        self.cx = cx;
        self
    }

    /// The context of every call.
    pub fn cx(&self) -> &CallContext {
        &self.cx
    }

    /// What the provider declares.
    pub fn operations(&self) -> OpSet {
        self.operations
    }

    /// A repository that nobody made yet.
    pub fn unused(&self) -> RepoRef {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let repo = RepoRef::new(self.owner.as_str(), format!("{}-{:03}", self.prefix, used.len()));
        used.push(repo.clone());
        repo
    }

    /// Deletes what the suite made, where the provider offers that.
    ///
    /// # Errors
    /// The failure of a deletion.
    pub async fn tidy(&self, git: &impl GitService) -> Result<(), Failure> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        if !self.operations.has(DeleteRepository::META) {
            return Ok(());
        }
        for repo in used {
            match git.delete_repository(&self.cx, DeleteRepository::of(&repo)).await {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::new("git/tidy", format!("delete_repository {repo}: {error}")));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

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

/// Each line: a behaviour and the operations it calls.
macro_rules! behaviours {
    ($git:ident, $world:ident: $($behaviour:ident [$($op:ident)*],)*) => {
        $(if [$($op::META),*].iter().all(|meta: &&OpMeta| $world.operations.has(meta)) {
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
        concurrent_writes_all_land [CreateRepository WriteFile GetFile ListCommits],
        concurrent_pull_requests_get_distinct_numbers [CreateRepository WriteFile CreateBranch CreatePullRequest],
    }
    Ok(())
}
