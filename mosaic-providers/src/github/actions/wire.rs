//! What GitHub Actions sends and takes, as far as it is used.

use std::collections::BTreeMap;

use mosaic_core::types::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    pub(super) default_branch: String,
}

/// A workflow: a file of the repository, or something that GitHub brings.
#[derive(Debug, Deserialize)]
pub(super) struct Workflow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Workflows {
    pub(super) workflows: Vec<Workflow>,
}

/// An entry of a directory.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) html_url: Option<String>,
}

/// A file that is committed.
#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    pub(super) message: String,
    /// In Base64.
    pub(super) content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) branch: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Dispatch<'a> {
    #[serde(rename = "ref")]
    pub(super) reference: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) inputs: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) return_run_details: bool,
}

/// Which run a dispatch made.
#[derive(Debug, Deserialize)]
pub(super) struct Dispatched {
    pub(super) workflow_run_id: i64,
    #[serde(default)]
    pub(super) html_url: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) display_title: Option<String>,
    #[serde(default)]
    pub(super) head_branch: Option<String>,
    #[serde(default)]
    pub(super) head_sha: String,
    #[serde(default)]
    pub(super) path: Option<String>,
    #[serde(default)]
    pub(super) workflow_id: i64,
    #[serde(default)]
    pub(super) run_attempt: Option<i64>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) conclusion: Option<String>,
    #[serde(default)]
    pub(super) html_url: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) updated_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) run_started_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) actor: Option<Actor>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Actor {
    pub(super) login: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Runs {
    pub(super) workflow_runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) run_id: i64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) conclusion: Option<String>,
    #[serde(default)]
    pub(super) started_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) completed_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) steps: Option<Vec<Step>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Step {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) conclusion: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Jobs {
    pub(super) jobs: Vec<Job>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub(super) id: i64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) size_in_bytes: i64,
    #[serde(default)]
    pub(super) expired: bool,
    #[serde(default)]
    pub(super) digest: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Artifacts {
    pub(super) artifacts: Vec<Artifact>,
}
