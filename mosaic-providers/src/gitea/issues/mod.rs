//! The issues of Gitea and Forgejo as a tracker: each repository is a project, each milestone a sprint.

mod comment;
mod issue;
mod label;
mod link;
mod list;
mod milestone;
mod project;
mod search;
mod user;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateProject, CreateSprint, GetIssue, GetProject, LinkIssues, ListComments,
    ListIssues, ListLabels, ListProjects, ListSprints, ListUsers, PlanSprint, ProjectService, Projects,
    SearchIssues, UnlinkIssues, UpdateIssue, UpdateProject,
};
use mosaic_core::op::vendor::OfProject;
use mosaic_core::op::{OpSet, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::project::{Issue, Label, Link, Project, Sprint, SprintPlan, User};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Comment, Page, ServiceKind};

use super::config::GiteaConfig;
use super::server::Server;

/// The issues of a Gitea or Forgejo server; see the [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::gitea::{GiteaConfig, GiteaIssues};
/// use mosaic_providers::http::Auth;
///
/// let config = GiteaConfig::new("https://git.example.org/api/v1", Auth::token("s3cr3t"));
/// assert_eq!(GiteaIssues::new(config)?.info().name, "gitea");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GiteaIssues {
    info: PluginInfo,
    server: Server,
}

impl GiteaIssues {
    /// The tracker of one server; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GiteaConfig) -> Result<Self> {
        // A project is a repository, and made and changed as one.
        let offered =
            OpSet::service(ServiceKind::Project).without(CreateProject::META).without(UpdateProject::META);
        let server = Server::new(&config)?;
        let operations = server.client.declared(ServiceKind::Project, offered);
        let info = PluginInfo::new(config.product.provider(), env!("CARGO_PKG_VERSION"), operations)
            .reports_delivery(true);
        Ok(Self { info, server })
    }
}

#[async_trait]
impl Plugin for GiteaIssues {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Projects::handlers(self))
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

impl ProjectService for GiteaIssues {
    async fn get_project(&self, cx: &CallContext, op: GetProject) -> Result<Project> {
        project::get(&self.server, cx, op).await
    }
    async fn list_projects(&self, cx: &CallContext, op: ListProjects) -> Result<Page<Project>> {
        project::list(&self.server, cx, op).await
    }

    async fn create_issue(&self, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
        issue::create(&self.server, cx, op).await
    }
    async fn get_issue(&self, cx: &CallContext, op: GetIssue) -> Result<Issue> {
        issue::get(&self.server, cx, op).await
    }
    async fn update_issue(&self, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
        issue::update(&self.server, cx, op).await
    }
    async fn list_issues(&self, cx: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
        list::list(&self.server, cx, op).await
    }
    async fn search_issues(&self, cx: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
        search::search(&self.server, cx, op).await
    }

    async fn add_comment(&self, cx: &CallContext, op: AddComment) -> Result<Comment> {
        comment::add(&self.server, cx, op).await
    }
    async fn list_comments(&self, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
        comment::list(&self.server, cx, op).await
    }
    async fn link_issues(&self, cx: &CallContext, op: LinkIssues) -> Result<Link> {
        link::link(&self.server, cx, op).await
    }
    async fn unlink_issues(&self, cx: &CallContext, op: UnlinkIssues) -> Result<()> {
        link::unlink(&self.server, cx, op).await
    }

    async fn create_sprint(&self, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
        milestone::create(&self.server, cx, op).await
    }
    async fn list_sprints(&self, cx: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
        milestone::list(&self.server, cx, op).await
    }
    async fn plan_sprint(&self, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
        milestone::plan(&self.server, cx, op).await
    }
    async fn list_labels(&self, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
        label::list(&self.server, cx, op).await
    }
    async fn list_users(&self, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
        user::list(&self.server, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfProject>) -> Result<VendorAnswer> {
        self.server.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfProject>) -> Result<VendorAnswer> {
        self.server.client.vendor_write(cx, op).await
    }
}
