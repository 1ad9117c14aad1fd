//! The issues of GitLab as a tracker: each project of GitLab is a project, each milestone a sprint.

mod issue;
mod label;
mod link;
mod list;
mod member;
mod milestone;
mod note;
mod project;
mod search;
mod wire;

pub(super) use issue::repository;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::*;
use mosaic_core::op::vendor::OfProject;
use mosaic_core::op::{OpSet, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::project::{Issue, Label, Link, Project, Sprint, SprintPlan, User};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Comment, Page, ServiceKind};

use super::client::GitLab;
use super::config::GitLabConfig;

/// The issues of a GitLab server; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::op::Operation as _;
/// use mosaic_core::op::project::{CreateIssue, CreateProject};
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitlab::{GitLabConfig, GitLabIssues};
///
/// let gitlab = GitLabIssues::new(GitLabConfig::default())?;
/// assert!(gitlab.info().operations.has(CreateIssue::META));
/// assert!(!gitlab.info().operations.has(CreateProject::META));
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitLabIssues {
    info: PluginInfo,
    lab: GitLab,
}

impl GitLabIssues {
    /// A provider; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitLabConfig) -> Result<Self> {
        // A project is a repository, and made and changed as one.
        let offered =
            OpSet::service(ServiceKind::Project).without(CreateProject::META).without(UpdateProject::META);
        let lab = GitLab::connect(&config)?;
        let operations = lab.client.declared(ServiceKind::Project, offered);
        let info = PluginInfo::new("gitlab", env!("CARGO_PKG_VERSION"), operations).reports_delivery(true);
        Ok(Self { info, lab })
    }
}

#[async_trait]
impl Plugin for GitLabIssues {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Projects::handlers(self))
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

impl ProjectService for GitLabIssues {
    async fn get_project(&self, cx: &CallContext, op: GetProject) -> Result<Project> {
        project::get(&self.lab, cx, op).await
    }
    async fn list_projects(&self, cx: &CallContext, op: ListProjects) -> Result<Page<Project>> {
        project::list(&self.lab, cx, op).await
    }
    async fn create_issue(&self, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
        issue::create(&self.lab, cx, op).await
    }
    async fn get_issue(&self, cx: &CallContext, op: GetIssue) -> Result<Issue> {
        issue::get(&self.lab, cx, op).await
    }
    async fn update_issue(&self, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
        issue::update(&self.lab, cx, op).await
    }
    async fn list_issues(&self, cx: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
        list::list(&self.lab, cx, op).await
    }
    async fn search_issues(&self, cx: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
        search::search(&self.lab, cx, op).await
    }
    async fn add_comment(&self, cx: &CallContext, op: AddComment) -> Result<Comment> {
        note::add(&self.lab, cx, op).await
    }
    async fn list_comments(&self, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
        note::list(&self.lab, cx, op).await
    }
    async fn link_issues(&self, cx: &CallContext, op: LinkIssues) -> Result<Link> {
        link::link(&self.lab, cx, op).await
    }
    async fn unlink_issues(&self, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
        link::unlink(&self.lab, cx, op).await
    }
    async fn create_sprint(&self, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
        milestone::create(&self.lab, cx, op).await
    }
    async fn list_sprints(&self, cx: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
        milestone::list(&self.lab, cx, op).await
    }
    async fn plan_sprint(&self, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
        milestone::plan(&self.lab, cx, op).await
    }
    async fn list_labels(&self, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
        label::list(&self.lab, cx, op).await
    }
    async fn list_users(&self, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
        member::list(&self.lab, cx, op).await
    }
    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfProject>) -> Result<VendorAnswer> {
        self.lab.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfProject>) -> Result<VendorAnswer> {
        self.lab.client.vendor_write(cx, op).await
    }
}
