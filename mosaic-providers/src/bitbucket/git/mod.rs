//! The git service of Bitbucket Cloud.

mod branch;
mod comment;
pub(super) mod commit;
mod compare;
mod file;
mod hook;
mod merge;
mod pull_request;
pub(super) mod repository;
mod review;
mod status;
mod tag;
mod tree;
mod upload;

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
use mosaic_core::op::{OpSet, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::git::{
    Branch, CombinedStatus, Comment, Commit, CommitStatus, Comparison, FileContent, FileDeleted, FileWritten,
    MergeResult, PullRequest, Repository, Review, Tag, TreeEntry, Webhook,
};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Page, ServiceKind};

use super::cloud::Cloud;
use super::config::{BitbucketConfig, PROVIDER};

/// Repositories and pull requests of Bitbucket Cloud; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::bitbucket::{BitbucketConfig, BitbucketGit};
/// use mosaic_providers::http::Auth;
///
/// let config = BitbucketConfig::new(Auth::basic("ada@example.org", "s3cr3t"));
/// assert_eq!(BitbucketGit::new(config)?.info().name, "bitbucket");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BitbucketGit {
    info: PluginInfo,
    cloud: Cloud,
}

impl BitbucketGit {
    /// The git service; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: BitbucketConfig) -> Result<Self> {
        let cloud = Cloud::new(&config)?;
        let operations = cloud.client.declared(ServiceKind::Git, offered());
        let info = PluginInfo::new(PROVIDER, env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Ok(Self { info, cloud })
    }
}

/// Everything but releases, which Bitbucket does not have.
fn offered() -> OpSet {
    OpSet::service(ServiceKind::Git).without(CreateRelease::META).without(ListReleases::META)
}

#[async_trait]
impl Plugin for BitbucketGit {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        self.cloud.health().await
    }

    async fn refresh(&self) -> Result<()> {
        self.cloud.client.renew().await
    }

    fn metrics(&self) -> Vec<Measure> {
        self.cloud.client.measures()
    }
}

impl GitService for BitbucketGit {
    async fn create_repository(&self, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
        repository::create(&self.cloud, cx, op).await
    }
    async fn get_repository(&self, cx: &CallContext, op: GetRepository) -> Result<Repository> {
        repository::get(&self.cloud, cx, op).await
    }
    async fn update_repository(&self, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
        repository::update(&self.cloud, cx, op).await
    }
    async fn delete_repository(&self, cx: &CallContext, op: DeleteRepository) -> Result<()> {
        repository::delete(&self.cloud, cx, op).await
    }
    async fn list_repositories(&self, cx: &CallContext, op: ListRepositories) -> Result<Page<Repository>> {
        repository::list(&self.cloud, cx, op).await
    }

    async fn create_branch(&self, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
        branch::create(&self.cloud, cx, op).await
    }
    async fn list_branches(&self, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
        branch::list(&self.cloud, cx, op).await
    }
    async fn delete_branch(&self, cx: &CallContext, op: DeleteBranch) -> Result<()> {
        branch::delete(&self.cloud, cx, op).await
    }
    async fn merge_branch(&self, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
        merge::branch(&self.cloud, cx, op).await
    }

    async fn create_pull_request(&self, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
        pull_request::create(&self.cloud, cx, op).await
    }
    async fn get_pull_request(&self, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
        pull_request::get(&self.cloud, cx, op).await
    }
    async fn list_pull_requests(&self, cx: &CallContext, op: ListPullRequests) -> Result<Page<PullRequest>> {
        pull_request::list(&self.cloud, cx, op).await
    }
    async fn merge_pull_request(&self, cx: &CallContext, op: MergePullRequest) -> Result<MergeResult> {
        merge::pull_request(&self.cloud, cx, op).await
    }
    async fn review_pull_request(&self, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
        review::review(&self.cloud, cx, op).await
    }

    async fn get_file(&self, cx: &CallContext, op: GetFile) -> Result<FileContent> {
        file::get(&self.cloud, cx, op).await
    }
    async fn write_file(&self, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
        file::write(&self.cloud, cx, op).await
    }
    async fn list_commits(&self, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
        commit::list(&self.cloud, cx, op).await
    }

    async fn get_branch(&self, cx: &CallContext, op: GetBranch) -> Result<Branch> {
        branch::get(&self.cloud, cx, op).await
    }
    async fn list_tree(&self, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
        tree::list(&self.cloud, cx, op).await
    }
    async fn delete_file(&self, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
        file::delete(&self.cloud, cx, op).await
    }
    async fn get_commit(&self, cx: &CallContext, op: GetCommit) -> Result<Commit> {
        commit::get(&self.cloud, cx, op).await
    }
    async fn compare(&self, cx: &CallContext, op: Compare) -> Result<Comparison> {
        compare::compare(&self.cloud, cx, op).await
    }
    async fn update_pull_request(&self, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
        pull_request::update(&self.cloud, cx, op).await
    }
    async fn comment_on_pull_request(&self, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
        comment::add(&self.cloud, cx, op).await
    }
    async fn list_pull_request_comments(
        &self,
        cx: &CallContext,
        op: ListPullRequestComments,
    ) -> Result<Page<Comment>> {
        comment::list(&self.cloud, cx, op).await
    }
    async fn list_reviews(&self, cx: &CallContext, op: ListReviews) -> Result<Page<Review>> {
        review::list(&self.cloud, cx, op).await
    }

    async fn create_tag(&self, cx: &CallContext, op: CreateTag) -> Result<Tag> {
        tag::create(&self.cloud, cx, op).await
    }
    async fn list_tags(&self, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
        tag::list(&self.cloud, cx, op).await
    }
    async fn set_commit_status(&self, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
        status::set(&self.cloud, cx, op).await
    }
    async fn get_commit_status(&self, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
        status::get(&self.cloud, cx, op).await
    }

    async fn create_webhook(&self, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
        hook::create(&self.cloud, cx, op).await
    }
    async fn list_webhooks(&self, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
        hook::list(&self.cloud, cx, op).await
    }
    async fn delete_webhook(&self, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
        hook::delete(&self.cloud, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfGit>) -> Result<VendorAnswer> {
        self.cloud.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfGit>) -> Result<VendorAnswer> {
        self.cloud.client.vendor_write(cx, op).await
    }
}
