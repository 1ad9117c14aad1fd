//! Real repositories on the disk of this machine, through the `git` program.
//!
//! Repositories are bare ones at `<path>/<owner>/<name>.git`. Ordinary git may clone, fetch and push them at any time, and
//! what it pushes is seen at once. Names of owners and repositories are 1 to 100 of `a-z A-Z 0-9 . _ -`, beginning with a
//! letter, a digit or `_`. Several processes may open the same root.
//!
//! A write leads up to one atomic step, such as moving a branch. A process that is killed, or a call that is dropped, has
//! either done that step or changed nothing; what was half-made lies out of sight and is cleared when the root is opened the
//! next time.
//!
//! Everything of the service is there but webhooks, which are `Unsupported`: it lives inside its caller and delivers nothing.
//!
//! It needs git 2.38 or newer, Unix or another system with the same file semantics, and a runtime of tokio with io and time
//! enabled.

mod branch;
#[cfg(all(feature = "local-cicd", target_os = "linux"))]
mod checkout;
mod commit;
mod compare;
mod config;
mod exec;
mod fault;
mod file;
mod merge;
mod object;
mod place;
mod pull_request;
mod refs;
mod release;
mod repository;
mod settings;
mod status;
mod store;
mod tag;
mod tree;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{
    CommentOnPullRequest, Compare, CreateBranch, CreatePullRequest, CreateRelease, CreateRepository,
    CreateTag, CreateWebhook, DeleteBranch, DeleteFile, DeleteRepository, DeleteWebhook, GetBranch,
    GetCommit, GetCommitStatus, GetFile, GetPullRequest, GetRepository, Git, GitService, ListBranches,
    ListCommits, ListPullRequestComments, ListPullRequests, ListReleases, ListRepositories, ListReviews,
    ListTags, ListTree, ListWebhooks, MergeBranch, MergePullRequest, ReviewPullRequest, SetCommitStatus,
    UpdatePullRequest, UpdateRepository, WriteFile,
};
use mosaic_core::op::{OpMeta, OpSet, Operation as _};
use mosaic_core::plugin::{HandlerTable, HealthReport, Plugin, PluginInfo};
use mosaic_core::types::git::{
    Branch, CombinedStatus, Comment, Commit, CommitStatus, Comparison, FileContent, FileDeleted, FileWritten,
    MergeResult, PullRequest, Release, Repository, Review, Tag, TreeEntry,
};
use mosaic_core::types::{Page, ServiceKind};
use tokio::sync::OnceCell;

use crate::forge::names;
pub use config::{LocalGitConfig, LocalGitFactory};
use store::Store;

/// A forge in a directory.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::git::{CreateRepository, GetFile, GitService, WriteFile};
/// use mosaic_providers::local::git::LocalGit;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path();
/// let (git, cx) = (LocalGit::open(path).await?, CallContext::new());
/// git.create_repository(&cx, CreateRepository::new("acme", "widget")).await?;
/// git.write_file(&cx, WriteFile::new("acme", "widget", "README.md", "# Widget")).await?;
/// let file = git.get_file(&cx, GetFile::new("acme", "widget", "README.md")).await?;
/// assert_eq!(file.content.as_text(), Some("# Widget"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalGit {
    info: PluginInfo,
    path: PathBuf,
    store: OnceCell<Store>,
}

/// What it leaves out of the service: nobody delivers what webhooks would ask for.
const LEFT_OUT: &[&OpMeta] = &[CreateWebhook::META, ListWebhooks::META, DeleteWebhook::META];

impl LocalGit {
    /// A forge that is not open yet: [`Plugin::initialize`] opens it.
    pub fn new(config: LocalGitConfig) -> Self {
        let operations =
            LEFT_OUT.iter().fold(OpSet::service(ServiceKind::Git), |all, meta| all.without(meta));
        let info = PluginInfo::new("local", env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Self { info, path: config.path, store: OnceCell::new() }
    }

    /// Opens the forge in a directory, which is made where it is not there.
    ///
    /// # Errors
    /// `Config` where the directory cannot be used, or where `git` cannot be run or is older than 2.38.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let forge = Self::new(LocalGitConfig::new(path));
        forge.initialize().await?;
        Ok(forge)
    }

    fn store(&self) -> Result<&Store> {
        self.store
            .get()
            .ok_or_else(|| Error::new(ErrorKind::Lifecycle, "this forge is not open: initialize it first"))
    }
}

#[async_trait]
impl Plugin for LocalGit {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Git::handlers(self))
    }

    async fn initialize(&self) -> Result<()> {
        self.store.get_or_try_init(|| Store::open(&self.path)).await.map(|_| ())
    }

    async fn health(&self) -> HealthReport {
        let Ok(store) = self.store() else { return HealthReport::unhealthy("the forge is not open") };
        match store.probe().await {
            Ok(()) => HealthReport::healthy(),
            Err(error) => HealthReport::unhealthy(error.message()),
        }
    }
}

impl GitService for LocalGit {
    async fn create_repository(&self, cx: &CallContext, op: CreateRepository) -> Result<Repository> {
        repository::create(self.store()?, cx, op).await
    }
    async fn get_repository(&self, _: &CallContext, op: GetRepository) -> Result<Repository> {
        repository::get(self.store()?, op).await
    }
    async fn update_repository(&self, cx: &CallContext, op: UpdateRepository) -> Result<Repository> {
        repository::update(self.store()?, cx, op).await
    }
    async fn delete_repository(&self, cx: &CallContext, op: DeleteRepository) -> Result<()> {
        repository::delete(self.store()?, cx, op).await
    }
    async fn list_repositories(&self, _: &CallContext, op: ListRepositories) -> Result<Page<Repository>> {
        repository::list(self.store()?, op).await
    }

    async fn create_branch(&self, cx: &CallContext, op: CreateBranch) -> Result<Branch> {
        branch::create(self.store()?, cx, op).await
    }
    async fn list_branches(&self, _: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
        branch::list(self.store()?, op).await
    }
    async fn delete_branch(&self, cx: &CallContext, op: DeleteBranch) -> Result<()> {
        branch::delete(self.store()?, cx, op).await
    }
    async fn merge_branch(&self, cx: &CallContext, op: MergeBranch) -> Result<MergeResult> {
        merge::merge_branch(self.store()?, cx, op).await
    }

    async fn create_pull_request(&self, cx: &CallContext, op: CreatePullRequest) -> Result<PullRequest> {
        pull_request::create(self.store()?, cx, op).await
    }
    async fn get_pull_request(&self, _: &CallContext, op: GetPullRequest) -> Result<PullRequest> {
        pull_request::get(self.store()?, op).await
    }
    async fn list_pull_requests(&self, _: &CallContext, op: ListPullRequests) -> Result<Page<PullRequest>> {
        pull_request::list(self.store()?, op).await
    }
    async fn merge_pull_request(&self, cx: &CallContext, op: MergePullRequest) -> Result<MergeResult> {
        pull_request::merge(self.store()?, cx, op).await
    }
    async fn review_pull_request(&self, cx: &CallContext, op: ReviewPullRequest) -> Result<Review> {
        pull_request::review(self.store()?, cx, op).await
    }

    async fn get_file(&self, _: &CallContext, op: GetFile) -> Result<FileContent> {
        file::get(self.store()?, op).await
    }
    async fn write_file(&self, cx: &CallContext, op: WriteFile) -> Result<FileWritten> {
        file::write(self.store()?, cx, op).await
    }
    async fn list_commits(&self, _: &CallContext, op: ListCommits) -> Result<Page<Commit>> {
        commit::list(self.store()?, op).await
    }

    async fn get_branch(&self, _: &CallContext, op: GetBranch) -> Result<Branch> {
        branch::get(self.store()?, op).await
    }
    async fn list_tree(&self, _: &CallContext, op: ListTree) -> Result<Page<TreeEntry>> {
        tree::list(self.store()?, op).await
    }
    async fn delete_file(&self, cx: &CallContext, op: DeleteFile) -> Result<FileDeleted> {
        file::delete(self.store()?, cx, op).await
    }
    async fn get_commit(&self, _: &CallContext, op: GetCommit) -> Result<Commit> {
        commit::get(self.store()?, op).await
    }
    async fn compare(&self, _: &CallContext, op: Compare) -> Result<Comparison> {
        compare::compare(self.store()?, op).await
    }
    async fn update_pull_request(&self, cx: &CallContext, op: UpdatePullRequest) -> Result<PullRequest> {
        pull_request::update(self.store()?, cx, op).await
    }
    async fn comment_on_pull_request(&self, cx: &CallContext, op: CommentOnPullRequest) -> Result<Comment> {
        pull_request::comment(self.store()?, cx, op).await
    }
    async fn list_pull_request_comments(
        &self,
        _: &CallContext,
        op: ListPullRequestComments,
    ) -> Result<Page<Comment>> {
        pull_request::list_comments(self.store()?, op).await
    }
    async fn list_reviews(&self, _: &CallContext, op: ListReviews) -> Result<Page<Review>> {
        pull_request::list_reviews(self.store()?, op).await
    }

    async fn create_tag(&self, cx: &CallContext, op: CreateTag) -> Result<Tag> {
        tag::create(self.store()?, cx, op).await
    }
    async fn list_tags(&self, _: &CallContext, op: ListTags) -> Result<Page<Tag>> {
        tag::list(self.store()?, op).await
    }
    async fn create_release(&self, cx: &CallContext, op: CreateRelease) -> Result<Release> {
        release::create(self.store()?, cx, op).await
    }
    async fn list_releases(&self, _: &CallContext, op: ListReleases) -> Result<Page<Release>> {
        release::list(self.store()?, op).await
    }
    async fn set_commit_status(&self, cx: &CallContext, op: SetCommitStatus) -> Result<CommitStatus> {
        status::set(self.store()?, cx, op).await
    }
    async fn get_commit_status(&self, _: &CallContext, op: GetCommitStatus) -> Result<CombinedStatus> {
        status::get(self.store()?, op).await
    }
}
