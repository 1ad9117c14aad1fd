//! The project service: projects, issues, comments and links of a tracker.

mod issue;
mod projects;

pub use issue::{AddComment, CreateIssue, GetIssue, LinkIssues, ListIssues, UpdateIssue};
pub use projects::{CreateProject, GetProject, ListProjects};

use super::service::service;
use crate::types::Page;
use crate::types::project::{Comment, Issue, Link, Project};

service! {
    /// Projects, issues, comments and links of a tracker.
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
}
