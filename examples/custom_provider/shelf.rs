//! The provider: a tracker in memory, its configuration and its factory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use mosaic::op::{OpMeta, OpSet, Operation as _};
use mosaic::plugin::{Factory, FactoryInput, HandlerTable, Plugin, PluginInfo};
use mosaic::prelude::*;
use mosaic::types::ServiceKind;
use mosaic::types::project::{Issue, Project};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;

/// What the configuration says of a shelf.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ShelfConfig {
    /// How many projects it holds.
    pub(crate) capacity: usize,
}

type Kept = BTreeMap<ProjectKey, (Project, Vec<Issue>)>;

/// A tracker that forgets everything when it is dropped.
pub(crate) struct Shelf {
    info: PluginInfo,
    config: ShelfConfig,
    projects: Mutex<Kept>,
}

/// What it does. Routing never asks it for anything else.
pub(crate) const OFFERED: &[&OpMeta] =
    &[CreateProject::META, GetProject::META, CreateIssue::META, GetIssue::META];

impl Shelf {
    /// An empty shelf.
    pub(crate) fn new(config: ShelfConfig) -> Self {
        // Nothing leaves this process: what failed did not happen, and `mark_sent` says when something may have.
        let info = PluginInfo::new("shelf", "1.0.0", OpSet::of(OFFERED)).reports_delivery(true);
        Self { info, config, projects: Mutex::default() }
    }

    fn projects(&self) -> MutexGuard<'_, Kept> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(what: &str, name: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {what} {name}"))
}

fn check(holds: bool, message: &'static str) -> mosaic::Result<()> {
    if holds { Ok(()) } else { Err(Error::new(ErrorKind::Invalid, message)) }
}

fn check_texts(title: &str, body: Option<&str>, labels: &[String]) -> mosaic::Result<()> {
    let line = |text: &str| !text.trim().is_empty() && !text.contains('\n') && text.chars().count() <= 512;
    let lines = line(title) && labels.iter().all(|label| line(label));
    check(lines, "a title and a label are one line of 1 to 512 characters")?;
    check(body.is_none_or(|body| body.len() <= 1 << 20), "a text has at most 1 MiB")
}

impl ProjectService for Shelf {
    async fn create_project(&self, cx: &CallContext, op: CreateProject) -> mosaic::Result<Project> {
        let key = op.project.as_str();
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let begins = key.starts_with(|first: char| first.is_ascii_alphabetic());
        check(plain && begins && key.len() <= 32, "a key is a letter and up to 31 letters and digits")?;
        check_texts(&op.name, op.description.as_deref(), &[])?;
        let mut projects = self.projects();
        if projects.contains_key(&op.project) {
            return Err(Error::new(ErrorKind::Conflict, format!("there is a project {key} already")));
        }
        check(projects.len() < self.config.capacity, "the shelf is full: raise its capacity")?;
        cx.mark_sent();
        let mut project = Project::new(&op.project, op.name);
        project.description = op.description;
        projects.insert(op.project, (project.clone(), Vec::new()));
        Ok(project)
    }

    async fn get_project(&self, _: &CallContext, op: GetProject) -> mosaic::Result<Project> {
        let found = self.projects().get(&op.project).map(|(project, _)| project.clone());
        found.ok_or_else(|| missing("project", op.project))
    }

    async fn create_issue(&self, cx: &CallContext, mut op: CreateIssue) -> mosaic::Result<Issue> {
        check_texts(&op.title, op.body.as_deref(), &op.labels)?;
        op.labels.sort();
        op.labels.dedup();
        let mut projects = self.projects();
        let (_, issues) = projects.get_mut(&op.project).ok_or_else(|| missing("project", &op.project))?;
        cx.mark_sent();
        let number = issues.len() as u64 + 1;
        let mut issue = Issue::new(&op.project, number, op.title, IssueState::Open).labels(op.labels);
        (issue.body, issue.assignee) = (op.body, op.assignee.filter(|name| !name.is_empty()));
        issues.push(issue.clone());
        Ok(issue)
    }

    async fn get_issue(&self, _: &CallContext, op: GetIssue) -> mosaic::Result<Issue> {
        let projects = self.projects();
        let issues = projects.get(&op.issue.project).map_or(&[][..], |(_, issues)| issues);
        let found = issues.iter().find(|known| known.issue == op.issue).cloned();
        found.ok_or_else(|| missing("issue", &op.issue))
    }
}

impl Plugin for Shelf {
    fn info(&self) -> &PluginInfo {
        &self.info
    }
    fn handlers(self: Arc<Self>) -> HandlerTable {
        HandlerTable::new().with(Projects::handlers(self))
    }
}

/// Makes shelves from configuration: `provider: shelf`, `type: project`.
pub(crate) struct ShelfFactory;

#[async_trait]
impl Factory for ShelfFactory {
    fn provider(&self) -> &str {
        "shelf"
    }
    fn service(&self) -> ServiceKind {
        ServiceKind::Project
    }
    fn config_schema(&self) -> Schema {
        schema_for!(ShelfConfig)
    }
    async fn create(&self, input: FactoryInput) -> mosaic::Result<Arc<dyn Plugin>> {
        let config: ShelfConfig = serde_json::from_value(input.config)
            .map_err(|error| Error::new(ErrorKind::Config, format!("config: {error}")))?;
        Ok(Arc::new(Shelf::new(config)))
    }
}
