//! The git service of GitHub.

mod branch;
mod commit;
mod repository;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{
    CreateBranch, CreateRepository, DeleteBranch, DeleteRepository, GetBranch, GetRepository, Git,
    GitService, ListBranches, ListRepositories, UpdateRepository,
};
use mosaic_core::op::{OpMeta, OpSet, Operation as _};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::Page;
use mosaic_core::types::git::{Branch, Repository};

use super::client::{self, MOST, at_repo, paged};
use super::config::{GitHubConfig, PROVIDER};
use crate::http::Client;

/// Repositories, pull requests and releases of GitHub; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::github::{GitHubConfig, GitHubGit};
/// use mosaic_providers::http::Auth;
///
/// let git = GitHubGit::new(GitHubConfig::new(Auth::token("s3cr3t")))?;
/// assert_eq!(git.info().provider(), "github");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitHubGit {
    info: PluginInfo,
    client: Client,
}

const OFFERED: &[&OpMeta] = &[
    CreateRepository::META,
    GetRepository::META,
    UpdateRepository::META,
    DeleteRepository::META,
    ListRepositories::META,
    CreateBranch::META,
    GetBranch::META,
    ListBranches::META,
    DeleteBranch::META,
];

impl GitHubGit {
    /// The git service of one GitHub; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitHubConfig) -> Result<Self> {
        let info =
            PluginInfo::new(PROVIDER, env!("CARGO_PKG_VERSION"), OpSet::of(OFFERED)).reports_delivery(true);
        Ok(Self { info, client: client::connect(&config)? })
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
    async fn get_branch(&self, cx: &CallContext, op: GetBranch) -> Result<Branch> {
        branch::get(&self.client, cx, op).await
    }
    async fn list_branches(&self, cx: &CallContext, op: ListBranches) -> Result<Page<Branch>> {
        branch::list(&self.client, cx, op).await
    }
    async fn delete_branch(&self, cx: &CallContext, op: DeleteBranch) -> Result<()> {
        branch::delete(&self.client, cx, op).await
    }
}
