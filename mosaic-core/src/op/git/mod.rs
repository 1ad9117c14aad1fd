//! The git service: repositories, branches, commits, files and pull requests.

mod branch;
mod file;
mod pull_request;
mod repository;

pub use branch::{CreateBranch, DeleteBranch, ListBranches, MergeBranch};
pub use file::{GetFile, ListCommits, WriteFile};
pub use pull_request::{
    CreatePullRequest, GetPullRequest, ListPullRequests, MergePullRequest, ReviewPullRequest,
};
pub use repository::{CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository};

use super::service::service;
use crate::types::Page;
use crate::types::git::{
    Branch, Commit, FileContent, FileWritten, MergeResult, PullRequest, Repository, Review,
};

service! {
    /// Repositories, branches, commits, files and pull requests of a forge.
    pub trait GitService, client Git, table GIT = "git";

    /// Create a repository.
    fn create_repository(CreateRepository) -> Repository { Create on repo if private, cost = 5, invalidates = [repository] }
    /// Fetch one repository.
    fn get_repository(GetRepository) -> Repository { Read on repo, ttl = 60, tags = [repository] }
    /// Change the settings of a repository. Fields that are absent stay as they are.
    fn update_repository(UpdateRepository) -> Repository {
        Idempotent on repo, invalidates = [repository, branch, commit, file]
    }
    /// Delete a repository with everything in it.
    fn delete_repository(DeleteRepository) -> () {
        Irreversible on repo, cost = 5, invalidates = [repository, branch, commit, file, pull_request]
    }
    /// List repositories, of one owner or of all, ordered by name.
    fn list_repositories(ListRepositories) -> Page<Repository> { Read on owner, ttl = 60, tags = [repository] }

    /// Create a branch.
    fn create_branch(CreateBranch) -> Branch { Create on repo, invalidates = [branch] }
    /// List the branches of a repository, ordered by name.
    fn list_branches(ListBranches) -> Page<Branch> { Read on repo, ttl = 30, tags = [branch] }
    /// Delete a branch. Commits that no other branch or tag holds are lost in time.
    fn delete_branch(DeleteBranch) -> () { Irreversible on repo, invalidates = [branch, pull_request] }
    /// Merge one branch into another. `Conflict` where both changed the same lines; nothing changes then.
    fn merge_branch(MergeBranch) -> MergeResult {
        Irreversible on repo, cost = 2, invalidates = [branch, commit, file, pull_request]
    }

    /// Open a pull request.
    fn create_pull_request(CreatePullRequest) -> PullRequest { Create on repo, cost = 2, invalidates = [pull_request] }
    /// Fetch one pull request.
    fn get_pull_request(GetPullRequest) -> PullRequest { Read on repo, ttl = 15, tags = [pull_request, branch] }
    /// List pull requests, newest first.
    fn list_pull_requests(ListPullRequests) -> Page<PullRequest> { Read on repo, ttl = 15, tags = [pull_request, branch] }
    /// Merge a pull request. `Conflict` where it cannot be merged; nothing changes then.
    fn merge_pull_request(MergePullRequest) -> MergeResult {
        Irreversible on repo, cost = 2, invalidates = [pull_request, branch, commit, file]
    }
    /// Review a pull request: approve it, ask for changes, or comment.
    fn review_pull_request(ReviewPullRequest) -> Review { Create on repo, invalidates = [pull_request] }

    /// Fetch one file at a branch, tag or commit.
    fn get_file(GetFile) -> FileContent { Read on repo at path, ttl = 30, tags = [file, branch] }
    /// Write one file as a new commit on a branch. `Conflict` where `expected` is not what the branch has.
    fn write_file(WriteFile) -> FileWritten { Create on repo at path, invalidates = [file, commit, branch, pull_request] }
    /// List commits, newest first.
    fn list_commits(ListCommits) -> Page<Commit> { Read on repo, ttl = 30, tags = [commit, branch] }
}
