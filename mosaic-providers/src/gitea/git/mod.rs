//! The git service of Gitea and Forgejo.

mod branch;
mod comment;
mod commit;
mod compare;
mod diff;
mod file;
mod hook;
mod merge;
mod pull_request;
mod release;
pub(super) mod repository;
mod review;
mod status;
mod tag;
mod tree;

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
use mosaic_core::op::{OpSet, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::git::{
    Branch, CombinedStatus, Comment, Commit, CommitStatus, Comparison, FileContent, FileDeleted, FileWritten,
    MergeResult, PullRequest, Release, Repository, Review, Tag, TreeEntry, Webhook,
};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Page, ServiceKind};

use super::config::GiteaConfig;
use super::server::Server;

/// Repositories, pull requests and releases of a Gitea or Forgejo server; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitea::{GiteaConfig, GiteaGit};
/// use mosaic_providers::http::Auth;
///
/// let config = GiteaConfig::new("https://git.example.org/api/v1", Auth::token("s3cr3t"));
/// assert_eq!(GiteaGit::new(config)?.info().name, "gitea");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GiteaGit {
    info: PluginInfo,
    server: Server,
}

impl GiteaGit {
    /// The git service of one server; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GiteaConfig) -> Result<Self> {
        let server = Server::new(&config)?;
        let operations = server.client.declared(ServiceKind::Git, OpSet::service(ServiceKind::Git));
        let info = PluginInfo::new(config.product.provider(), env!("CARGO_PKG_VERSION"), operations)
            .reports_delivery(true);
        Ok(Self { info, server })
    }
}

#[async_trait]
impl Plugin for GiteaGit {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }

    async fn health(&self) -> HealthReport {
        self.server.health().await
    }

    async fn refresh(&self) -> Result<()> {
        self.server.client.renew().await
    }

    fn metrics(&self) -> Vec<Measure> {
        self.server.client.measures()
    }
}

impl GitService for GiteaGit {
    async fn create_repository(&self, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
        repository::create(&self.server, cx, op).await
    }
    async fn get_repository(&self, cx: &CallContext, op: GetRepository) -> Result<Repository> {
        repository::get(&self.server, cx, op).await
    }
    async fn update_repository(&self, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
        repository::update(&self.server, cx, op).await
    }
    async fn delete_repository(&self, cx: &CallContext, op: DeleteRepository) -> Result<()> {
        repository::delete(&self.server, cx, op).await
    }
    async fn list_repositories(&self, cx: &CallContext, op: ListRepositories) -> Result<Page<Repository>> {
        repository::list(&self.server, cx, op).await
    }

    async fn create_branch(&self, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
        branch::create(&self.server, cx, op).await
    }
    async fn list_branches(&self, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
        branch::list(&self.server, cx, op).await
    }
    async fn delete_branch(&self, cx: &CallContext, op: DeleteBranch) -> Result<()> {
        branch::delete(&self.server, cx, op).await
    }
    async fn merge_branch(&self, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
        merge::branch(&self.server, cx, op).await
    }

    async fn create_pull_request(&self, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
        pull_request::create(&self.server, cx, op).await
    }
    async fn get_pull_request(&self, cx: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
        pull_request::get(&self.server, cx, op).await
    }
    async fn list_pull_requests(&self, cx: &CallContext, op: ListPullRequests) -> Result<Page<PullRequest>> {
        pull_request::list(&self.server, cx, op).await
    }
    async fn merge_pull_request(&self, cx: &CallContext, op: MergePullRequest) -> Result<MergeResult> {
        merge::pull_request(&self.server, cx, op).await
    }
    async fn review_pull_request(&self, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
        review::review(&self.server, cx, op).await
    }

    async fn get_file(&self, cx: &CallContext, op: GetFile) -> Result<FileContent> {
        file::get(&self.server, cx, op).await
    }
    async fn write_file(&self, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
        file::write(&self.server, cx, op).await
    }
    async fn list_commits(&self, cx: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
        commit::list(&self.server, cx, op).await
    }

    async fn get_branch(&self, cx: &CallContext, op: GetBranch) -> Result<Branch> {
        branch::get(&self.server, cx, op).await
    }
    async fn list_tree(&self, cx: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
        tree::list(&self.server, cx, op).await
    }
    async fn delete_file(&self, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
        file::delete(&self.server, cx, op).await
    }
    async fn get_commit(&self, cx: &CallContext, op: GetCommit) -> Result<Commit> {
        commit::get(&self.server, cx, op).await
    }
    async fn compare(&self, cx: &CallContext, op: Compare) -> Result<Comparison> {
        compare::compare(&self.server, cx, op).await
    }
    async fn update_pull_request(&self, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
        pull_request::update(&self.server, cx, op).await
    }
    async fn comment_on_pull_request(&self, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
        comment::add(&self.server, cx, op).await
    }
    async fn list_pull_request_comments(
        &self,
        cx: &CallContext,
        op: ListPullRequestComments,
    ) -> Result<Page<Comment>> {
        comment::list(&self.server, cx, op).await
    }
    async fn list_reviews(&self, cx: &CallContext, op: ListReviews) -> Result<Page<Review>> {
        review::list(&self.server, cx, op).await
    }

    async fn create_tag(&self, cx: &CallContext, op: CreateTag) -> Result<Tag> {
        tag::create(&self.server, cx, op).await
    }
    async fn list_tags(&self, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
        tag::list(&self.server, cx, op).await
    }
    async fn create_release(&self, cx: &CallContext, op: CreateRelease) -> Result<Release> {
        release::create(&self.server, cx, op).await
    }
    async fn list_releases(&self, cx: &CallContext, op: ListReleases) -> Result<Page<Release>> {
        release::list(&self.server, cx, op).await
    }
    async fn set_commit_status(&self, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
        status::set(&self.server, cx, op).await
    }
    async fn get_commit_status(&self, cx: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
        status::get(&self.server, cx, op).await
    }

    async fn create_webhook(&self, cx: &CallContext, op: CreateWebhook) -> Result<Webhook> {
        hook::create(&self.server, cx, op).await
    }
    async fn list_webhooks(&self, cx: &CallContext, op: ListWebhooks) -> Result<Page<Webhook>> {
        hook::list(&self.server, cx, op).await
    }
    async fn delete_webhook(&self, cx: &CallContext, op: DeleteWebhook) -> Result<()> {
        hook::delete(&self.server, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfGit>) -> Result<VendorAnswer> {
        self.server.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfGit>) -> Result<VendorAnswer> {
        self.server.client.vendor_write(cx, op).await
    }
}
