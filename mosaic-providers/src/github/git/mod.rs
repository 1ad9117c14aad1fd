//! The git service of GitHub.

mod branch;
mod commit;
mod file;
mod hook;
mod pull_request;
mod release;
mod repository;
mod status;
mod tag;
mod tree;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{
    CommentOnPullRequest, Compare, CreateBranch, CreatePullRequest, CreateRelease, CreateRepository,
    CreateTag, CreateWebhook, DeleteBranch, DeleteFile, DeleteRepository, DeleteWebhook, GetBranch,
    GetCommit, GetCommitStatus, GetFile, GetPullRequest, GetRepository, Git, GitService, ListBranches,
    ListCommits, ListPullRequestComments, ListPullRequests, ListReleases, ListRepositories, ListReviews,
    ListTags, ListTree, ListWebhooks, MergeBranch, MergePullRequest, ReviewPullRequest, SetCommitStatus,
    UpdatePullRequest, UpdateRepository, WriteFile,
};
use mosaic_core::op::vendor::OfGit;
use mosaic_core::op::{OpMeta, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::git::{
    Branch, CombinedStatus, Comment, Commit, CommitStatus, Comparison, FileContent, FileDeleted, FileWritten,
    MergeResult, PullRequest, Release, Repository, Review, Tag, TreeEntry, Webhook,
};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Page, ServiceKind};

use super::client::{self, MOST, at_repo, paged, whole_page};
use super::config::{self, GitHubConfig};
use crate::http::Client;
pub(super) use repository::{fetch as fetch_repository, list as list_repositories};
pub(super) use wire::{Account, Repo};

/// Repositories, pull requests and releases of GitHub; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::github::{GitHubConfig, GitHubGit};
/// use mosaic_providers::http::Auth;
///
/// let git = GitHubGit::new(GitHubConfig::new(Auth::token("s3cr3t")))?;
/// assert_eq!(git.info().name, "github");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitHubGit {
    info: PluginInfo,
    client: Client,
}

/// Every operation of the service.
const OFFERED: &[&OpMeta] = &[
    CreateRepository::META,
    GetRepository::META,
    UpdateRepository::META,
    DeleteRepository::META,
    ListRepositories::META,
    CreateBranch::META,
    ListBranches::META,
    DeleteBranch::META,
    MergeBranch::META,
    CreatePullRequest::META,
    GetPullRequest::META,
    ListPullRequests::META,
    MergePullRequest::META,
    ReviewPullRequest::META,
    GetFile::META,
    WriteFile::META,
    ListCommits::META,
    GetBranch::META,
    ListTree::META,
    DeleteFile::META,
    GetCommit::META,
    Compare::META,
    UpdatePullRequest::META,
    CommentOnPullRequest::META,
    ListReviews::META,
    CreateTag::META,
    ListTags::META,
    CreateRelease::META,
    ListReleases::META,
    SetCommitStatus::META,
    GetCommitStatus::META,
    CreateWebhook::META,
    ListWebhooks::META,
    DeleteWebhook::META,
    ListPullRequestComments::META,
];

impl GitHubGit {
    /// The git service of one GitHub; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitHubConfig) -> Result<Self> {
        let client = client::connect(&config)?;
        Ok(Self { info: config::info(&client, ServiceKind::Git, OFFERED), client })
    }
}

#[async_trait]
impl Plugin for GitHubGit {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        client::health(&self.client).await
    }

    async fn refresh(&self) -> Result<()> {
        self.client.renew().await
    }

    fn metrics(&self) -> Vec<Measure> {
        self.client.measures()
    }
}

impl GitService for GitHubGit {
    async fn create_repository(&self, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
        repository::create(&self.client, cx, op).await
    }
    async fn get_repository(&self, cx: &CallContext, op: GetRepository) -> Result<Repository> {
        repository::get(&self.client, cx, op).await
    }
    async fn update_repository(&self, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
        repository::update(&self.client, cx, op).await
    }
    async fn delete_repository(&self, cx: &CallContext, op: DeleteRepository) -> Result<()> {
        repository::delete(&self.client, cx, op).await
    }
    async fn list_repositories(&self, cx: &CallContext, op: ListRepositories) -> Result<Page<Repository>> {
        repository::list(&self.client, cx, op).await
    }

    async fn create_branch(&self, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
        branch::create(&self.client, cx, op).await
    }
    async fn list_branches(&self, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
        branch::list(&self.client, cx, op).await
    }
    async fn delete_branch(&self, cx: &CallContext, op: DeleteBranch) -> Result<()> {
        branch::delete(&self.client, cx, op).await
    }
    async fn merge_branch(&self, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
        pull_request::merge_branch(&self.client, cx, op).await
    }

    async fn create_pull_request(&self, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
        pull_request::create(&self.client, cx, op).await
    }
    async fn get_pull_request(&self, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
        pull_request::get(&self.client, cx, op).await
    }
    async fn list_pull_requests(&self, cx: &CallContext, op: ListPullRequests) -> Result<Page<PullRequest>> {
        pull_request::list(&self.client, cx, op).await
    }
    async fn merge_pull_request(&self, cx: &CallContext, op: MergePullRequest) -> Result<MergeResult> {
        pull_request::merge(&self.client, cx, op).await
    }
    async fn review_pull_request(&self, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
        pull_request::review(&self.client, cx, op).await
    }

    async fn get_file(&self, cx: &CallContext, op: GetFile) -> Result<FileContent> {
        file::get(&self.client, cx, op).await
    }
    async fn write_file(&self, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
        file::write(&self.client, cx, op).await
    }
    async fn list_commits(&self, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
        commit::list(&self.client, cx, op).await
    }

    async fn get_branch(&self, cx: &CallContext, op: GetBranch) -> Result<Branch> {
        branch::get(&self.client, cx, op).await
    }
    async fn list_tree(&self, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
        tree::list(&self.client, cx, op).await
    }
    async fn delete_file(&self, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
        file::delete(&self.client, cx, op).await
    }
    async fn get_commit(&self, cx: &CallContext, op: GetCommit) -> Result<Commit> {
        commit::get(&self.client, cx, op).await
    }
    async fn compare(&self, cx: &CallContext, op: Compare) -> Result<Comparison> {
        commit::compare(&self.client, cx, op).await
    }
    async fn update_pull_request(&self, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
        pull_request::update(&self.client, cx, op).await
    }
    async fn comment_on_pull_request(&self, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
        pull_request::comment(&self.client, cx, op).await
    }
    async fn list_pull_request_comments(
        &self,
        cx: &CallContext,
        op: ListPullRequestComments,
    ) -> Result<Page<Comment>> {
        pull_request::list_comments(&self.client, cx, op).await
    }
    async fn list_reviews(&self, cx: &CallContext, op: ListReviews) -> Result<Page<Review>> {
        pull_request::list_reviews(&self.client, cx, op).await
    }

    async fn create_tag(&self, cx: &CallContext, op: CreateTag) -> Result<Tag> {
        tag::create(&self.client, cx, op).await
    }
    async fn list_tags(&self, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
        tag::list(&self.client, cx, op).await
    }
    async fn create_release(&self, cx: &CallContext, op: CreateRelease) -> Result<Release> {
        release::create(&self.client, cx, op).await
    }
    async fn list_releases(&self, cx: &CallContext, op: ListReleases) -> Result<Page<Release>> {
        release::list(&self.client, cx, op).await
    }
    async fn set_commit_status(&self, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
        status::set(&self.client, cx, op).await
    }
    async fn get_commit_status(&self, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
        status::get(&self.client, cx, op).await
    }

    async fn create_webhook(&self, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
        hook::create(&self.client, cx, op).await
    }
    async fn list_webhooks(&self, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
        hook::list(&self.client, cx, op).await
    }
    async fn delete_webhook(&self, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
        hook::delete(&self.client, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfGit>) -> Result<VendorAnswer> {
        self.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfGit>) -> Result<VendorAnswer> {
        self.client.vendor_write(cx, op).await
    }
}
