//! A tracker in one SQLite file: projects, issues, comments, links and sprints, without an account or a server.
//!
//! A write that was answered survives the death of the process and the loss of power. Several processes may open one file.
//! Tenants share what is in it: which tenant may use which provider is said in the configuration of the orchestra, and a
//! tenant that needs a tracker of its own gets a provider with a file of its own.
//!
//! A search finds whole words, which are runs of letters and digits; case and accents make no difference. A sprint that is
//! closed takes no issue in and is not opened again; issues can leave it, and its goal and dates can be put right. Times are
//! kept to the microsecond.
//!
//! Its bounds: a key has at most 32 characters, a title and a query 512, a label 255, a text 1 MiB, an issue 100 labels; a plan
//! of a sprint adds at most 1,000 issues and removes at most 1,000.

mod comments;
mod config;
mod fault;
mod issues;
mod keyed;
mod labels;
mod links;
mod projects;
mod row;
mod schema;
mod search;
mod sprints;
mod store;
mod users;
mod validate;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::OpSet;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments,
    ListIssues, ListLabels, ListProjects, ListSprints, ListUsers, PlanSprint, ProjectService, Projects,
    SearchIssues, UnlinkIssues, UpdateIssue, UpdateProject,
};
use mosaic_core::plugin::{HandlerTable, HealthReport, Plugin, PluginInfo};
use mosaic_core::types::project::{Issue, Label, Link, Project, Sprint, SprintPlan, User};
use mosaic_core::types::{Comment, Page, ServiceKind};

pub use config::{LocalProjectConfig, LocalProjectFactory};
use store::Store;

/// A tracker in one SQLite file.
///
/// Every future can be dropped at any time: what was not committed is rolled back. Idempotency keys are honoured for a day;
/// they belong to a tenant and an operation.
///
/// ```
/// use mosaic_core::context::CallContext;
/// use mosaic_core::op::project::{CreateIssue, CreateProject, ProjectService};
/// use mosaic_providers::local::project::LocalProject;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("tracker.db");
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let tracker = LocalProject::open(path).await?;
/// let cx = CallContext::new();
/// tracker.create_project(&cx, CreateProject::new("OPS", "Operations")).await?;
/// let issue = tracker.create_issue(&cx, CreateIssue::new("OPS", "The lid leaks")).await?;
/// assert_eq!(issue.issue.to_string(), "OPS#1");
/// # Ok::<(), mosaic_core::Error>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LocalProject {
    info: PluginInfo,
    path: PathBuf,
    store: RwLock<Option<Store>>,
}

impl LocalProject {
    /// A tracker that opens its file when it is started.
    ///
    /// # Errors
    /// `Config` where the path is empty.
    pub fn new(config: LocalProjectConfig) -> Result<Self> {
        Self::at(config.path.into())
    }

    /// Opens the file, makes it with its folders where there is none, and brings one of an older version to the newest.
    ///
    /// Dropping the future leaves the file as it was, or new and empty.
    ///
    /// # Errors
    /// `Config` where the path cannot be used, the file is another program's, or of a newer version of this one.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let tracker = Self::at(path.as_ref().to_path_buf())?;
        tracker.initialize().await?;
        tracker.start().await?;
        Ok(tracker)
    }

    fn at(path: PathBuf) -> Result<Self> {
        if path.as_os_str().is_empty() {
            return Err(Error::new(ErrorKind::Config, "path: must not be empty"));
        }
        let info = PluginInfo::new("local", env!("CARGO_PKG_VERSION"), OpSet::service(ServiceKind::Project))
            .reports_delivery(true)
            .honours_keys(true);
        Ok(Self { info, path, store: RwLock::new(None) })
    }

    fn store(&self) -> Result<Store> {
        // Nothing panics while it holds the lock; if it did, the store would still be whole.
        self.store.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(fault::not_open)
    }

    fn replace(&self, store: Option<Store>) -> Option<Store> {
        std::mem::replace(&mut *self.store.write().unwrap_or_else(PoisonError::into_inner), store)
    }
}

#[async_trait]
impl Plugin for LocalProject {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Projects::handlers(self))
    }

    async fn initialize(&self) -> Result<()> {
        match tokio::fs::metadata(&self.path).await {
            Ok(there) if there.is_dir() => {
                Err(Error::new(ErrorKind::Config, "path: names a folder, not a file"))
            }
            // What is not there is made at the start; what cannot be read says so there.
            _ => Ok(()),
        }
    }

    async fn start(&self) -> Result<()> {
        if self.store().is_err() {
            self.replace(Some(Store::open(&self.path).await?));
        }
        Ok(())
    }

    async fn stop(&self) -> Result<()> {
        if let Some(store) = self.replace(None) {
            store.close().await;
        }
        Ok(())
    }

    async fn dispose(&self) {
        // Closes what a stop that failed or never came left open, without waiting.
        drop(self.replace(None));
    }

    async fn health(&self) -> HealthReport {
        let checked = match self.store() {
            Ok(store) => store.check().await,
            Err(error) => Err(error),
        };
        match checked {
            Ok(()) => HealthReport::healthy(),
            Err(error) => HealthReport::unhealthy(error.message()),
        }
    }
}

impl ProjectService for LocalProject {
    async fn create_project(&self, cx: &CallContext, op: CreateProject) -> Result<Project> {
        projects::create(&self.store()?, cx, op).await
    }
    async fn get_project(&self, _: &CallContext, op: GetProject) -> Result<Project> {
        projects::get(&self.store()?, &op).await
    }
    async fn list_projects(&self, _: &CallContext, op: ListProjects) -> Result<Page<Project>> {
        projects::list(&self.store()?, &op).await
    }
    async fn create_issue(&self, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
        issues::create(&self.store()?, cx, op).await
    }
    async fn get_issue(&self, _: &CallContext, op: GetIssue) -> Result<Issue> {
        issues::get(&self.store()?, &op).await
    }
    async fn update_issue(&self, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
        issues::update(&self.store()?, cx, op).await
    }
    async fn list_issues(&self, _: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
        issues::list(&self.store()?, &op).await
    }
    async fn add_comment(&self, cx: &CallContext, op: AddComment) -> Result<Comment> {
        comments::add(&self.store()?, cx, op).await
    }
    async fn link_issues(&self, cx: &CallContext, op: LinkIssues) -> Result<Link> {
        links::link(&self.store()?, cx, op).await
    }
    async fn unlink_issues(&self, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
        links::unlink(&self.store()?, cx, op).await
    }
    async fn update_project(&self, cx: &CallContext, op: UpdateProject) -> Result<Project> {
        projects::update(&self.store()?, cx, op).await
    }
    async fn search_issues(&self, _: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
        search::search(&self.store()?, &op).await
    }
    async fn list_comments(&self, _: &CallContext, op: ListComments) -> Result<Page<Comment>> {
        comments::list(&self.store()?, &op).await
    }
    async fn create_sprint(&self, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
        sprints::create(&self.store()?, cx, op).await
    }
    async fn list_sprints(&self, _: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
        sprints::list(&self.store()?, &op).await
    }
    async fn plan_sprint(&self, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
        sprints::plan(&self.store()?, cx, op).await
    }
    async fn list_labels(&self, _: &CallContext, op: ListLabels) -> Result<Page<Label>> {
        labels::list(&self.store()?, &op).await
    }
    async fn list_users(&self, _: &CallContext, op: ListUsers) -> Result<Page<User>> {
        users::list(&self.store()?, &op).await
    }
}
