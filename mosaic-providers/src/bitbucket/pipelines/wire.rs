//! Pipelines and steps as Bitbucket sends them.

use mosaic_core::types::cicd::{Job, PipelineRun, RunState};
use mosaic_core::types::{RepoRef, Timestamp};
use serde::{Deserialize, Serialize};

use super::definition::DEFAULT;
use super::state::State;
use crate::bitbucket::wire::{self, Link, moment, text};

/// What Bitbucket calls a pipeline is a run.
#[derive(Debug, Deserialize)]
pub(super) struct Wire {
    pub(super) uuid: String,
    #[serde(default)]
    state: State,
    #[serde(default)]
    pub(super) target: Option<Target>,
    #[serde(default, deserialize_with = "wire::list")]
    pub(super) variables: Vec<Variable>,
    #[serde(default)]
    pub(super) has_variables: bool,
    #[serde(default)]
    links: Links,
    #[serde(default, deserialize_with = "moment")]
    created_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    completed_on: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
struct Links {
    #[serde(default)]
    html: Option<Link>,
}

/// What a run was asked for on.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    #[serde(default)]
    pub(super) ref_type: Option<String>,
    #[serde(default)]
    pub(super) ref_name: Option<String>,
    /// The branch of a pull request.
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    pub(super) commit: Option<Commit>,
    #[serde(default)]
    selector: Option<Selector>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Commit {
    #[serde(default)]
    pub(super) hash: String,
}

#[derive(Debug, Deserialize)]
struct Selector {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    pattern: Option<String>,
}

/// A variable of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Variable {
    #[serde(default)]
    pub(super) key: String,
    /// None where it is secured.
    #[serde(default)]
    pub(super) value: Option<String>,
    #[serde(default)]
    pub(super) secured: bool,
}

impl Target {
    /// The custom pipeline; none where Bitbucket chose by the branch or tag.
    pub(super) fn custom(&self) -> Option<&str> {
        let selector = self.selector.as_ref()?;
        selector.kind.eq_ignore_ascii_case("custom").then_some(selector.pattern.as_deref()).flatten()
    }
}

impl Wire {
    pub(super) fn state(&self) -> RunState {
        self.state.known()
    }

    pub(super) fn pipeline(&self) -> &str {
        self.target.as_ref().and_then(Target::custom).unwrap_or(DEFAULT)
    }

    pub(super) fn run(self, repo: &RepoRef) -> PipelineRun {
        let mut run = PipelineRun::new(self.uuid.as_str(), repo, self.state());
        run.pipeline = Some(self.pipeline().to_owned());
        run.vendor_state = self.state.words();
        run.web_url = text(self.links.html.map(|link| link.href));
        (run.created_at, run.ended_at) = (self.created_on, self.completed_on);
        if let Some(target) = self.target {
            run.reference = text(target.ref_name).or(text(target.source));
            run.commit = text(target.commit.map(|commit| commit.hash));
        }
        run
    }
}

/// A step of a run.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    uuid: String,
    /// None where the definition gives none.
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    state: State,
    #[serde(default, deserialize_with = "moment")]
    started_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    completed_on: Option<Timestamp>,
}

impl Step {
    pub(super) fn state(&self) -> RunState {
        self.state.known()
    }
}

impl From<Step> for Job {
    fn from(step: Step) -> Self {
        let name = text(step.name.clone()).unwrap_or_else(|| step.uuid.clone());
        let mut job = Job::new(step.uuid.as_str(), name, step.state());
        job.vendor_state = step.state.words();
        (job.started_at, job.ended_at) = (step.started_on, step.completed_on);
        job
    }
}
