//! What is written down of a run, and the nouns that are made of it.

use std::collections::BTreeMap;

use mosaic_core::types::cicd::{Artifact, Job, PipelineRun, RunState};
use mosaic_core::types::{RepoRef, Timestamp};
use serde::{Deserialize, Serialize};

use super::process::ProcessMark;

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RunRecord {
    pub(super) id: u64,
    pub(super) repo: RepoRef,
    pub(super) pipeline: String,
    pub(super) reference: String,
    pub(super) commit: String,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) state: RunState,
    pub(super) reason: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    /// Each after those that it needs.
    pub(super) jobs: Vec<JobRecord>,
    /// By name.
    pub(super) artifacts: BTreeMap<String, ArtifactRecord>,
}

/// One job of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct JobRecord {
    pub(super) name: String,
    pub(super) needs: Vec<String>,
    pub(super) state: RunState,
    pub(super) exit_code: Option<i64>,
    pub(super) reason: Option<String>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    /// Its processes, while there may be any.
    pub(super) process: Option<ProcessMark>,
}

/// One artifact; its content is in the file that its digest names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArtifactRecord {
    pub(super) size: u64,
    /// Hexadecimal digits of SHA-256.
    pub(super) digest: String,
}

impl JobRecord {
    pub(super) fn new(name: String, needs: Vec<String>) -> Self {
        Self {
            name,
            needs,
            state: RunState::Queued,
            exit_code: None,
            reason: None,
            started_at: None,
            ended_at: None,
            process: None,
        }
    }

    /// The same job at its end.
    pub(super) fn end(&mut self, state: RunState, reason: Option<String>) {
        self.state = state;
        self.reason = reason;
        self.process = None;
        self.ended_at = Some(Timestamp::now());
    }

    fn noun(&self) -> Job {
        let mut job = Job::new(self.name.as_str(), self.name.as_str(), self.state).needs(self.needs.clone());
        job.exit_code = self.exit_code;
        job.reason.clone_from(&self.reason);
        job.started_at = self.started_at;
        job.ended_at = self.ended_at;
        job
    }
}

impl RunRecord {
    pub(super) fn noun(&self) -> PipelineRun {
        let mut run = PipelineRun::new(self.id.to_string(), self.repo.clone(), self.state)
            .pipeline(self.pipeline.as_str())
            .reference(self.reference.as_str())
            .commit(self.commit.as_str())
            .created_at(self.created_at);
        run.reason.clone_from(&self.reason);
        run.started_at = self.started_at;
        run.ended_at = self.ended_at;
        run
    }

    /// The jobs in the order in which they began, and then those that did not, in the order in which they may.
    pub(super) fn jobs_as_begun(&self) -> Vec<Job> {
        let mut jobs: Vec<_> = self.jobs.iter().collect();
        jobs.sort_by_key(|job| (job.started_at.is_none(), job.started_at));
        jobs.into_iter().map(JobRecord::noun).collect()
    }

    pub(super) fn artifacts(&self) -> impl Iterator<Item = Artifact> {
        self.artifacts.iter().map(|(name, kept)| kept.noun(name))
    }

    pub(super) fn job_mut(&mut self, name: &str) -> Option<&mut JobRecord> {
        self.jobs.iter_mut().find(|job| job.name == name)
    }

    pub(super) fn job(&self, name: &str) -> Option<&JobRecord> {
        self.jobs.iter().find(|job| job.name == name)
    }

    /// Ends a run whose process is gone: what had not ended failed.
    pub(super) fn abandon(&mut self, reason: &str) {
        for job in &mut self.jobs {
            match job.state {
                RunState::Queued | RunState::Blocked => job.end(RunState::Skipped, Some(reason.to_owned())),
                RunState::Running => job.end(RunState::Failed, Some(reason.to_owned())),
                _ => {}
            }
        }
        self.state = RunState::Failed;
        self.reason = Some(reason.to_owned());
        self.ended_at = Some(Timestamp::now());
    }
}

impl ArtifactRecord {
    pub(super) fn noun(&self, name: &str) -> Artifact {
        Artifact::new(name).size(self.size).digest(format!("sha256:{}", self.digest))
    }
}
