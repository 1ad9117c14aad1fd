//! The git service: a folder of projects, one file per noun.

mod branch;
mod commit;
mod compare;
mod file;
mod hook;
mod merge;
mod merge_request;
mod note;
mod release;
pub(in crate::gitlab) mod repository;
mod review;
mod status;
mod tag;
mod tree;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::*;
use mosaic_core::op::vendor::OfGit;
use mosaic_core::op::{OpSet, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::git::*;
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Page, ServiceKind};

use super::client::GitLab;
use super::config::GitLabConfig;

/// Projects, branches, files and merge requests of a GitLab server.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitlab::{GitLabConfig, GitLabGit};
/// use mosaic_providers::http::Auth;
///
/// let config = GitLabConfig::new("https://git.example.org/api/v4").auth(Auth::token("glpat-x"));
/// let gitlab = GitLabGit::new(config)?;
/// assert_eq!(gitlab.info().name, "gitlab");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitLabGit {
    info: PluginInfo,
    lab: GitLab,
}

impl GitLabGit {
    /// A provider; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitLabConfig) -> Result<Self> {
        let lab = GitLab::connect(&config)?;
        let operations = lab.client.declared(ServiceKind::Git, OpSet::service(ServiceKind::Git));
        let info = PluginInfo::new("gitlab", env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Ok(Self { info, lab })
    }
}

#[async_trait]
impl Plugin for GitLabGit {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }
    async fn health(&self) -> HealthReport {
        self.lab.health().await
    }
    fn metrics(&self) -> Vec<Measure> {
        self.lab.client.measures()
    }
    async fn refresh(&self) -> Result<()> {
        self.lab.client.renew().await
    }
}

/// Each line: an operation and the function that does it.
macro_rules! delegate {
    ($($method:ident($op:ident) -> $output:ty = $($room:ident)::+;)*) => {
        impl GitService for GitLabGit {
            $(async fn $method(&self, cx: &CallContext, op: $op) -> Result<$output> {
                $($room)::+(&self.lab, cx, op).await
            })*
            async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfGit>) -> Result<VendorAnswer> {
                self.lab.client.vendor_read(cx, op).await
            }
            async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfGit>) -> Result<VendorAnswer> {
                self.lab.client.vendor_write(cx, op).await
            }
        }
    };
}

delegate! {
    create_repository(CreateRepository) -> Repository = repository::create;
    get_repository(GetRepository) -> Repository = repository::get;
    update_repository(UpdateRepository) -> Repository = repository::update;
    delete_repository(DeleteRepository) -> () = repository::delete;
    list_repositories(ListRepositories) -> Page<Repository> = repository::list;
    create_branch(CreateBranch) -> Branch = branch::create;
    list_branches(ListBranches) -> Page<Branch> = branch::list;
    delete_branch(DeleteBranch) -> () = branch::delete;
    get_branch(GetBranch) -> Branch = branch::get;
    merge_branch(MergeBranch) -> MergeResult = merge::branch;
    create_pull_request(CreatePullRequest) -> PullRequest = merge_request::create;
    get_pull_request(GetPullRequest) -> PullRequest = merge_request::get;
    list_pull_requests(ListPullRequests) -> Page<PullRequest> = merge_request::list;
    update_pull_request(UpdatePullRequest) -> PullRequest = merge_request::update;
    merge_pull_request(MergePullRequest) -> MergeResult = merge::request;
    review_pull_request(ReviewPullRequest) -> Review = review::give;
    list_reviews(ListReviews) -> Page<Review> = review::list;
    comment_on_pull_request(CommentOnPullRequest) -> Comment = note::create;
    list_pull_request_comments(ListPullRequestComments) -> Page<Comment> = note::list;
    get_file(GetFile) -> FileContent = file::get;
    write_file(WriteFile) -> FileWritten = file::write;
    delete_file(DeleteFile) -> FileDeleted = file::delete;
    list_tree(ListTree) -> Page<TreeEntry> = tree::list;
    list_commits(ListCommits) -> Page<Commit> = commit::list;
    get_commit(GetCommit) -> Commit = commit::get;
    compare(Compare) -> Comparison = compare::compare;
    create_tag(CreateTag) -> Tag = tag::create;
    list_tags(ListTags) -> Page<Tag> = tag::list;
    create_release(CreateRelease) -> Release = release::create;
    list_releases(ListReleases) -> Page<Release> = release::list;
    set_commit_status(SetCommitStatus) -> CommitStatus = status::set;
    get_commit_status(GetCommitStatus) -> CombinedStatus = status::get;
    create_webhook(CreateWebhook) -> Webhook = hook::create;
    list_webhooks(ListWebhooks) -> Page<Webhook> = hook::list;
    delete_webhook(DeleteWebhook) -> () = hook::delete;
}
