//! The issues of GitHub's repositories as a tracker.

mod comment;
mod issue;
mod project;
mod sprint;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::project::{
    AddComment, CreateIssue, CreateSprint, GetIssue, GetProject, ListComments, ListIssues, ListLabels,
    ListProjects, ListSprints, ListUsers, PlanSprint, ProjectService, Projects, SearchIssues, UpdateIssue,
    UpdateProject,
};
use mosaic_core::op::vendor::OfProject;
use mosaic_core::op::{OpMeta, Operation as _, VendorRead, VendorWrite};
use mosaic_core::plugin::{HandlerTable, HealthReport, Measure, Plugin, PluginInfo};
use mosaic_core::types::project::{Issue, Label, Project, Sprint, SprintPlan, User};
use mosaic_core::types::vendor::VendorAnswer;
use mosaic_core::types::{Comment, Page, ServiceKind};

use super::client::{self, MOST, at_repo, paged, whole_page};
use super::config::{self, GitHubConfig};
use crate::http::Client;

/// The issues of repositories as a tracker: the project `owner/name` is a repository, a sprint is a milestone. See the
/// [module](super) for what each call becomes.
///
/// ```
/// use mosaic_core::plugin::Plugin;
/// use mosaic_providers::github::{GitHubConfig, GitHubIssues};
/// use mosaic_providers::http::Auth;
///
/// let issues = GitHubIssues::new(GitHubConfig::new(Auth::token("s3cr3t")))?;
/// assert_eq!(issues.info().name, "github");
/// # Ok::<(), mosaic_core::Error>(())
/// ```
#[derive(Debug)]
pub struct GitHubIssues {
    info: PluginInfo,
    client: Client,
}

/// What is offered: projects are made by the git service, as repositories, and links between issues are not in the API.
const OFFERED: &[&OpMeta] = &[
    GetProject::META,
    ListProjects::META,
    UpdateProject::META,
    CreateIssue::META,
    GetIssue::META,
    UpdateIssue::META,
    ListIssues::META,
    SearchIssues::META,
    AddComment::META,
    ListComments::META,
    CreateSprint::META,
    ListSprints::META,
    PlanSprint::META,
    ListLabels::META,
    ListUsers::META,
];

impl GitHubIssues {
    /// The tracker of one GitHub; nothing is sent yet.
    ///
    /// # Errors
    /// `Config`, naming the field.
    pub fn new(config: GitHubConfig) -> Result<Self> {
        let client = client::connect(&config)?;
        Ok(Self { info: config::info(&client, ServiceKind::Project, OFFERED), client })
    }
}

#[async_trait]
impl Plugin for GitHubIssues {
    fn info(&self) -> &PluginInfo {
        &self.info
    }

    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Projects::handlers(self))
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

impl ProjectService for GitHubIssues {
    async fn get_project(&self, cx: &CallContext, op: GetProject) -> Result<Project> {
        project::get(&self.client, cx, op).await
    }
    async fn list_projects(&self, cx: &CallContext, op: ListProjects) -> Result<Page<Project>> {
        project::list(&self.client, cx, op).await
    }
    async fn update_project(&self, cx: &CallContext, op: UpdateProject) -> Result<Project> {
        project::update(&self.client, cx, op).await
    }
    async fn create_issue(&self, cx: &CallContext, op: CreateIssue) -> Result<Issue> {
        issue::create(&self.client, cx, op).await
    }
    async fn get_issue(&self, cx: &CallContext, op: GetIssue) -> Result<Issue> {
        issue::get(&self.client, cx, op).await
    }
    async fn update_issue(&self, cx: &CallContext, op: UpdateIssue) -> Result<Issue> {
        issue::update(&self.client, cx, op).await
    }
    async fn list_issues(&self, cx: &CallContext, op: ListIssues) -> Result<Page<Issue>> {
        issue::list(&self.client, cx, op).await
    }
    async fn search_issues(&self, cx: &CallContext, op: SearchIssues) -> Result<Page<Issue>> {
        issue::search(&self.client, cx, op).await
    }
    async fn add_comment(&self, cx: &CallContext, op: AddComment) -> Result<Comment> {
        comment::add(&self.client, cx, op).await
    }
    async fn list_comments(&self, cx: &CallContext, op: ListComments) -> Result<Page<Comment>> {
        comment::list(&self.client, cx, op).await
    }
    async fn create_sprint(&self, cx: &CallContext, op: CreateSprint) -> Result<Sprint> {
        sprint::create(&self.client, cx, op).await
    }
    async fn list_sprints(&self, cx: &CallContext, op: ListSprints) -> Result<Page<Sprint>> {
        sprint::list(&self.client, cx, op).await
    }
    async fn plan_sprint(&self, cx: &CallContext, op: PlanSprint) -> Result<SprintPlan> {
        sprint::plan(&self.client, cx, op).await
    }
    async fn list_labels(&self, cx: &CallContext, op: ListLabels) -> Result<Page<Label>> {
        project::labels(&self.client, cx, op).await
    }
    async fn list_users(&self, cx: &CallContext, op: ListUsers) -> Result<Page<User>> {
        project::users(&self.client, cx, op).await
    }

    async fn vendor_read(&self, cx: &CallContext, op: VendorRead<OfProject>) -> Result<VendorAnswer> {
        self.client.vendor_read(cx, op).await
    }
    async fn vendor_write(&self, cx: &CallContext, op: VendorWrite<OfProject>) -> Result<VendorAnswer> {
        self.client.vendor_write(cx, op).await
    }
}
