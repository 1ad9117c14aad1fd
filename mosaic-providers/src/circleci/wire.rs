//! What CircleCI sends, as far as it is used.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(super) struct Items<T> {
    pub(super) items: Vec<T>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

/// What a run is asked for with.
#[derive(Debug, Serialize)]
pub(super) struct Trigger<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<String, Value>,
}

/// A pipeline that was just asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Begun {
    pub(super) id: String,
    pub(super) state: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) number: i64,
    #[serde(default)]
    pub(super) created_at: Option<String>,
}

/// A pipeline: what Mosaic calls a run.
#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) project_slug: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) number: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) errors: Vec<Fault>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) vcs: Option<Vcs>,
}

/// What is wrong with a definition.
#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: String,
}

/// Where a pipeline runs.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Vcs {
    #[serde(default)]
    pub(super) branch: Option<String>,
    #[serde(default)]
    pub(super) tag: Option<String>,
    #[serde(default)]
    pub(super) revision: Option<String>,
}

/// A workflow of a pipeline. One that is repeated stands beside the one before it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Workflow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) project_slug: Option<String>,
    /// `setup` where it only makes the definition of the others.
    #[serde(default)]
    pub(super) tag: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) stopped_at: Option<String>,
}

/// A workflow that was just asked for once more.
#[derive(Debug, Deserialize)]
pub(super) struct Repeated {
    pub(super) workflow_id: String,
}

/// A job of a workflow.
#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    /// Absent before it begins, and of one that only waits for a person.
    #[serde(default)]
    pub(super) job_number: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) dependencies: Vec<String>,
    #[serde(default)]
    pub(super) started_at: Option<String>,
    #[serde(default)]
    pub(super) stopped_at: Option<String>,
}

/// A file that a job left behind.
#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub(super) path: String,
    pub(super) url: String,
    /// Which of the parallel parts of the job it is from.
    #[serde(default, deserialize_with = "or_default")]
    pub(super) node_index: i64,
}

/// The project of a repository.
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub(super) slug: String,
}

/// A job as the first version of the API shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Build {
    pub(super) lifecycle: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) steps: Vec<Step>,
}

/// A step of a job.
#[derive(Debug, Deserialize)]
pub(super) struct Step {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) actions: Vec<Action>,
}

/// What a step does in one of the parallel parts of the job.
#[derive(Debug, Deserialize)]
pub(super) struct Action {
    #[serde(default)]
    pub(super) end_time: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) has_output: bool,
    #[serde(default)]
    pub(super) output_url: Option<String>,
}

/// A piece of what an action printed.
#[derive(Debug, Deserialize)]
pub(super) struct Output {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) message: String,
}

/// A null is nothing.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
