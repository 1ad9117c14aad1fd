//! The git service: repositories, branches, commits, files and pull requests.

mod branch;
mod commit;
mod file;
mod hook;
mod pull_request;
mod release;
mod repository;

pub use branch::{CreateBranch, DeleteBranch, GetBranch, ListBranches, MergeBranch};
pub use commit::{Compare, GetCommit, GetCommitStatus, ListCommits, SetCommitStatus};
pub use file::{DeleteFile, GetFile, ListTree, WriteFile};
pub use hook::{CreateWebhook, DeleteWebhook, ListWebhooks};
pub use pull_request::{
    CommentOnPullRequest, CreatePullRequest, GetPullRequest, ListPullRequestComments, ListPullRequests,
    ListReviews, MergePullRequest, ReviewPullRequest, UpdatePullRequest,
};
pub use release::{CreateRelease, CreateTag, ListReleases, ListTags};
pub use repository::{CreateRepository, DeleteRepository, GetRepository, ListRepositories, UpdateRepository};

use super::service::service;
use super::vendor::{OfGit, VendorRead, VendorWrite};
use crate::types::git::{
    Branch, CombinedStatus, Commit, CommitStatus, Comparison, FileContent, FileDeleted, FileWritten,
    MergeResult, PullRequest, Release, Repository, Review, Tag, TreeEntry, Webhook,
};
use crate::types::vendor::VendorAnswer;
use crate::types::{Comment, Page};

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
        Irreversible on repo, cost = 5,
            invalidates = [repository, branch, commit, file, pull_request, tag, release, commit_status, webhook]
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

    /// Fetch one branch.
    fn get_branch(GetBranch) -> Branch { Read on repo, ttl = 30, tags = [branch] }
    /// List what a directory holds, ordered by path.
    fn list_tree(ListTree) -> Page<TreeEntry> { Read on repo at path, ttl = 30, tags = [file, branch] }
    /// Delete one file, as a new commit on a branch. `Conflict` where `expected` is not what the branch has.
    fn delete_file(DeleteFile) -> FileDeleted {
        Irreversible on repo at path, invalidates = [file, commit, branch, pull_request]
    }
    /// Fetch one commit.
    fn get_commit(GetCommit) -> Commit { Read on repo, ttl = 30, tags = [commit, branch, tag] }
    /// Compare two commits: how far they are apart, and what changed from their merge base to the head.
    fn compare(Compare) -> Comparison { Read on repo, ttl = 30, tags = [commit, branch, tag] }
    /// Change a pull request, close it or open it again. Fields that are absent stay as they are.
    fn update_pull_request(UpdatePullRequest) -> PullRequest { Idempotent on repo, invalidates = [pull_request] }
    /// Comment on a pull request, or on a line of it.
    fn comment_on_pull_request(CommentOnPullRequest) -> Comment {
        Create on repo, invalidates = [pull_request_comment, pull_request]
    }
    /// List the comments of a pull request, oldest first. What reviews say is not among them.
    fn list_pull_request_comments(ListPullRequestComments) -> Page<Comment> {
        Read on repo, ttl = 15, tags = [pull_request_comment]
    }
    /// List the reviews of a pull request, oldest first.
    fn list_reviews(ListReviews) -> Page<Review> { Read on repo, ttl = 15, tags = [pull_request] }

    /// Create a tag. `Conflict` where it exists.
    fn create_tag(CreateTag) -> Tag { Create on repo, invalidates = [tag] }
    /// List tags, ordered by name.
    fn list_tags(ListTags) -> Page<Tag> { Read on repo, ttl = 30, tags = [tag] }
    /// Create a release, and its tag where that does not exist. `Conflict` where the tag has a release.
    fn create_release(CreateRelease) -> Release { Create on repo, cost = 2, invalidates = [release, tag] }
    /// List releases, newest first.
    fn list_releases(ListReleases) -> Page<Release> { Read on repo, ttl = 60, tags = [release] }
    /// Say how a check of a commit stands. The latest word of a check counts.
    fn set_commit_status(SetCommitStatus) -> CommitStatus { Idempotent on repo, invalidates = [commit_status] }
    /// Fetch what the checks of a commit say, each and together.
    fn get_commit_status(GetCommitStatus) -> CombinedStatus {
        Read on repo, ttl = 15, tags = [commit_status, branch, tag]
    }

    /// Create a webhook.
    fn create_webhook(CreateWebhook) -> Webhook { Create on repo, invalidates = [webhook] }
    /// List webhooks, oldest first.
    fn list_webhooks(ListWebhooks) -> Page<Webhook> { Read on repo, ttl = 60, tags = [webhook] }
    /// Delete a webhook.
    fn delete_webhook(DeleteWebhook) -> () { Irreversible on repo, invalidates = [webhook] }

    /// Fetch something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_read(VendorRead<OfGit>) -> VendorAnswer { Read on about at path, vendor = true }
    /// Change something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_write(VendorWrite<OfGit>) -> VendorAnswer {
        Irreversible on about at path, vendor = true,
            invalidates = [
                repository, branch, commit, file, pull_request, pull_request_comment, tag, release, commit_status, webhook
            ]
    }
}
