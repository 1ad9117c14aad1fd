//! What GitLab says of pipelines and jobs.

use mosaic_core::types::cicd::{Job, PipelineRun, RunState};
use mosaic_core::types::{RepoRef, Timestamp};
use serde::{Deserialize, Serialize};

use super::super::wire::{filled, time};
use crate::run_state::gitlab::WORDS;

/// The state that a word of GitLab's stands for; it has the same words for pipelines and jobs. One that nobody knows yet is no
/// end.
pub(super) fn state(word: &str) -> RunState {
    WORDS.read(word, false)
}

#[derive(Debug, Deserialize)]
pub(super) struct WirePipeline {
    pub(super) id: i64,
    pub(super) status: String,
    #[serde(default, rename = "ref")]
    pub(super) reference: Option<String>,
    #[serde(default)]
    pub(super) sha: Option<String>,
    #[serde(default)]
    web_url: Option<String>,
    #[serde(default)]
    yaml_errors: Option<String>,
    #[serde(default, deserialize_with = "time")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    finished_at: Option<Timestamp>,
}

impl WirePipeline {
    pub(super) fn has_ended(&self) -> bool {
        state(&self.status).is_final()
    }

    /// The run, as one of the definition of this name.
    pub(super) fn run(self, repo: &RepoRef) -> PipelineRun {
        let mut run = PipelineRun::new(self.id.to_string(), repo, state(&self.status));
        run.reference = self.reference;
        run.commit = self.sha;
        run.reason = filled(self.yaml_errors);
        run.vendor_state = Some(self.status);
        run.web_url = self.web_url;
        (run.created_at, run.started_at, run.ended_at) = (self.created_at, self.started_at, self.finished_at);
        run
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireJob {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) status: String,
    #[serde(default)]
    failure_reason: Option<String>,
    #[serde(default, deserialize_with = "time")]
    started_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    finished_at: Option<Timestamp>,
    /// The archive of what it left; absent where it left nothing, or where that was deleted.
    #[serde(default)]
    pub(super) artifacts_file: Option<ArtifactsFile>,
    #[serde(default)]
    pub(super) pipeline: Option<JobPipeline>,
}

#[derive(Debug, Deserialize)]
pub(super) struct JobPipeline {
    pub(super) id: i64,
}

#[derive(Debug, Deserialize)]
pub(super) struct ArtifactsFile {
    #[serde(default)]
    pub(super) filename: Option<String>,
    #[serde(default)]
    pub(super) size: Option<i64>,
}

impl From<WireJob> for Job {
    fn from(wire: WireJob) -> Self {
        let mut job = Self::new(wire.id.to_string(), wire.name, state(&wire.status));
        job.vendor_state = Some(wire.status);
        job.reason = filled(wire.failure_reason);
        (job.started_at, job.ended_at) = (wire.started_at, wire.finished_at);
        job
    }
}

/// A variable of a pipeline.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Variable {
    pub(super) key: String,
    pub(super) value: String,
    #[serde(default)]
    pub(super) variable_type: Option<String>,
}
