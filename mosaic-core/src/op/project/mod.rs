//! The project service: projects, issues, comments, links and sprints of a tracker.

mod issue;
mod projects;
mod sprint;

pub use issue::{
    AddComment, CreateIssue, GetIssue, LinkIssues, ListComments, ListIssues, SearchIssues, UnlinkIssues,
    UpdateIssue,
};
pub use projects::{CreateProject, GetProject, ListLabels, ListProjects, ListUsers, UpdateProject};
pub use sprint::{CreateSprint, ListSprints, PlanSprint};

use super::service::service;
use super::vendor::{OfProject, VendorRead, VendorWrite};
use crate::types::project::{Issue, Label, Link, Project, Sprint, SprintPlan, User};
use crate::types::vendor::VendorAnswer;
use crate::types::{Comment, Page};

service! {
    /// Projects, issues, comments, links and sprints of a tracker.
    pub trait ProjectService, client Projects, table PROJECT = "project";

    /// Create a project.
    fn create_project(CreateProject) -> Project { Create on project, cost = 5, invalidates = [project] }
    /// Fetch one project.
    fn get_project(GetProject) -> Project { Read on project, ttl = 60, tags = [project] }
    /// List projects, ordered by key.
    fn list_projects(ListProjects) -> Page<Project> { Read, ttl = 60, tags = [project] }

    /// Create an issue.
    fn create_issue(CreateIssue) -> Issue { Create on project, invalidates = [issue] }
    /// Fetch one issue with its links.
    fn get_issue(GetIssue) -> Issue { Read on issue, ttl = 15, tags = [issue] }
    /// Change an issue; what is absent stays as it is.
    fn update_issue(UpdateIssue) -> Issue { Idempotent on issue, invalidates = [issue] }
    /// List issues of a project, newest first.
    fn list_issues(ListIssues) -> Page<Issue> { Read on project, ttl = 15, tags = [issue] }
    /// Comment on an issue.
    fn add_comment(AddComment) -> Comment { Create on issue, invalidates = [comment, issue] }
    /// Link one issue to another. Linking twice is linking once.
    fn link_issues(LinkIssues) -> Link { Idempotent on issue and to, invalidates = [issue] }

    /// Change a project. Fields that are absent stay as they are.
    fn update_project(UpdateProject) -> Project { Idempotent on project, invalidates = [project] }
    /// Search issues for words in their titles and texts, newest first.
    fn search_issues(SearchIssues) -> Page<Issue> { Read on project, ttl = 15, cost = 2, tags = [issue] }
    /// List the comments of an issue, oldest first.
    fn list_comments(ListComments) -> Page<Comment> { Read on issue, ttl = 15, tags = [comment] }
    /// Take a link between two issues away. Where there is none, nothing changes.
    fn unlink_issues(UnlinkIssues) -> () { Idempotent on issue and to, invalidates = [issue] }
    /// Create a sprint.
    fn create_sprint(CreateSprint) -> Sprint { Create on project, invalidates = [sprint] }
    /// List the sprints of a project, in the order in which they were created.
    fn list_sprints(ListSprints) -> Page<Sprint> { Read on project, ttl = 30, tags = [sprint] }
    /// Plan a sprint: put issues into it and take issues out of it, begin it and close it. All or nothing; doing it twice is
    /// doing it once.
    fn plan_sprint(PlanSprint) -> SprintPlan { Idempotent on project, invalidates = [sprint, issue] }
    /// List the labels of a project, ordered by name.
    fn list_labels(ListLabels) -> Page<Label> { Read on project, ttl = 60, tags = [issue, label] }
    /// List the people who take part in a project, ordered by login.
    fn list_users(ListUsers) -> Page<User> { Read on project, ttl = 60, tags = [issue, comment, user] }

    /// Fetch something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_read(VendorRead<OfProject>) -> VendorAnswer { Read on about at path, vendor = true }
    /// Change something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_write(VendorWrite<OfProject>) -> VendorAnswer {
        Irreversible on about at path, vendor = true, invalidates = [project, issue, comment, sprint, label, user]
    }
}
