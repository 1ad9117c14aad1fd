//! The configuration of an embedded CI, and the factory that reads it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mosaic_core::error::Result;
use mosaic_core::plugin::{Factory, FactoryInput, Plugin};
use mosaic_core::types::ServiceKind;
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};

use super::{LocalCicd, fault, names};

/// The configuration of a [`LocalCicd`].
///
/// ```
/// use mosaic_providers::local::cicd::LocalCicdConfig;
///
/// let config: LocalCicdConfig = serde_json::from_str(r#"{ "path": "ci", "forge": "forge", "runCommands": true }"#)?;
/// assert_eq!(config, LocalCicdConfig::new("ci", "forge").run_commands(true));
/// assert!(!LocalCicdConfig::new("ci", "forge").run_commands);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct LocalCicdConfig {
    /// The directory that runs, logs and artifacts are kept in; made where it is not there. One process works in it at a
    /// time.
    pub path: PathBuf,
    /// The directory of the embedded forge whose repositories have the pipelines.
    pub forge: PathBuf,
    /// Whether pipelines are run at all: they are commands of whoever may write to the repositories, with the rights of
    /// this process. Off by default; runs of the past can be read all the same.
    #[serde(default)]
    pub run_commands: bool,
    /// The names of the variables of this process that jobs see. All others are hidden from them; `PATH` has a plain value
    /// where it is not named here.
    #[serde(default)]
    pub environment: Vec<String>,
    /// How many jobs are at work at a time, over all runs; 1 to 256, 2 by default.
    #[serde(default = "two")]
    #[schemars(range(min = 1, max = 256))]
    pub parallel_jobs: usize,
    /// How many runs may be under way, at work or waiting; 100 by default.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 10000))]
    pub open_runs: usize,
    /// How many runs that have ended are kept with their logs and artifacts; older ones are deleted. 1000 by default.
    #[serde(default = "thousand")]
    #[schemars(range(min = 1, max = 100_000))]
    pub keep_runs: usize,
    /// What a run and its jobs may use.
    #[serde(default)]
    pub limits: CicdLimits,
}

/// What a run and its jobs may use.
///
/// ```
/// use mosaic_providers::local::cicd::CicdLimits;
///
/// let limits: CicdLimits = serde_json::from_str(r#"{ "cpuSeconds": 60 }"#)?;
/// assert_eq!((limits.cpu_seconds, limits.open_files), (60, 1024));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
#[non_exhaustive]
pub struct CicdLimits {
    /// The longest that a run may take from the start of its first job, in milliseconds; an hour by default.
    pub run_timeout_ms: u64,
    /// The longest that a job may take, in milliseconds; an hour by default. A pipeline may set a shorter time.
    pub job_timeout_ms: u64,
    /// How long a job that is to end may take to do so by itself, in milliseconds, before it is killed; 5000 by default. It is
    /// asked by SIGTERM, and once more after half of the time.
    pub grace_ms: u64,
    /// The processor time of each process of a job, in seconds; 3600 by default.
    pub cpu_seconds: u64,
    /// The address space of each process of a job, in bytes; 8 GiB by default.
    pub memory_bytes: u64,
    /// The size of each file that a job writes, in bytes; 4 GiB by default.
    pub file_bytes: u64,
    /// How many files each process of a job may have open; 1024 by default.
    pub open_files: u64,
    /// How many processes the user that runs the jobs may have, counting everything else of that user; not limited by
    /// default, and never for the superuser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// How much of a job's output is kept, in bytes; 16 MiB by default. The rest is read and left out.
    pub log_bytes: u64,
    /// The size of all artifacts of a run together, in bytes; 1 GiB by default.
    pub artifact_bytes: u64,
    /// The number of artifacts of a run; 1000 by default.
    pub artifact_files: usize,
    /// The number of jobs of a pipeline; 50 by default.
    pub jobs: usize,
}

impl Default for CicdLimits {
    fn default() -> Self {
        const HOUR: u64 = 3_600_000;
        Self {
            run_timeout_ms: HOUR,
            job_timeout_ms: HOUR,
            grace_ms: 5000,
            cpu_seconds: 3600,
            memory_bytes: 8 << 30,
            file_bytes: 4 << 30,
            open_files: 1024,
            processes: None,
            log_bytes: 16 << 20,
            artifact_bytes: 1 << 30,
            artifact_files: 1000,
            jobs: 50,
        }
    }
}

impl CicdLimits {
    pub(super) fn run_timeout(&self) -> Duration {
        Duration::from_millis(self.run_timeout_ms)
    }

    pub(super) fn job_timeout(&self) -> Duration {
        Duration::from_millis(self.job_timeout_ms)
    }

    pub(super) fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }
}

const fn two() -> usize {
    2
}
const fn hundred() -> usize {
    100
}
const fn thousand() -> usize {
    1000
}

impl LocalCicdConfig {
    /// Runs kept in `path`, of repositories of the forge in `forge`; nothing is run.
    pub fn new(path: impl Into<PathBuf>, forge: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            forge: forge.into(),
            run_commands: false,
            environment: Vec::new(),
            parallel_jobs: two(),
            open_runs: hundred(),
            keep_runs: thousand(),
            limits: CicdLimits::default(),
        }
    }

    /// The same, running pipelines or not.
    #[must_use]
    pub fn run_commands(mut self, run: bool) -> Self {
        self.run_commands = run;
        self
    }

    /// The same, with jobs that see these variables of this process.
    #[must_use]
    pub fn environment<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.environment = names.into_iter().map(Into::into).collect();
        self
    }

    /// The same, with so many jobs at work at a time.
    #[must_use]
    pub fn parallel_jobs(mut self, jobs: usize) -> Self {
        self.parallel_jobs = jobs;
        self
    }

    /// The same, with so many runs under way at most.
    #[must_use]
    pub fn open_runs(mut self, runs: usize) -> Self {
        self.open_runs = runs;
        self
    }

    /// The same, keeping so many runs that have ended.
    #[must_use]
    pub fn keep_runs(mut self, runs: usize) -> Self {
        self.keep_runs = runs;
        self
    }

    /// The same, with other limits.
    #[must_use]
    pub fn limits(mut self, change: impl FnOnce(&mut CicdLimits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Fails with the field that makes no sense.
    pub(super) fn check(&self) -> Result<()> {
        let limits = &self.limits;
        let bounded = [
            ("parallelJobs", self.parallel_jobs as u64, 256),
            ("openRuns", self.open_runs as u64, 10_000),
            ("keepRuns", self.keep_runs as u64, 100_000),
            ("limits.runTimeoutMs", limits.run_timeout_ms, u64::MAX),
            ("limits.jobTimeoutMs", limits.job_timeout_ms, u64::MAX),
            ("limits.cpuSeconds", limits.cpu_seconds, u64::MAX),
            ("limits.memoryBytes", limits.memory_bytes, u64::MAX),
            ("limits.fileBytes", limits.file_bytes, u64::MAX),
            ("limits.openFiles", limits.open_files, u64::MAX),
            ("limits.jobs", limits.jobs as u64, 1000),
            ("limits.artifactFiles", limits.artifact_files as u64, 100_000),
        ];
        for (field, value, most) in bounded {
            if !(1..=most).contains(&value) {
                let most = if most == u64::MAX { String::new() } else { format!(" and at most {most}") };
                return Err(fault::config(format!("{field}: give a number of at least 1{most}")));
            }
        }
        if self.path.as_os_str().is_empty() || self.forge.as_os_str().is_empty() {
            return Err(fault::config("path, forge: give a directory each"));
        }
        self.environment
            .iter()
            .try_for_each(|name| names::variable("environment", name))
            .map_err(|error| fault::config(error.message().to_owned()))
    }
}

/// Makes [`LocalCicd`] plugins: provider `local`, service cicd.
///
/// ```
/// use mosaic_core::plugin::Factory;
/// use mosaic_providers::local::cicd::LocalCicdFactory;
///
/// assert_eq!(LocalCicdFactory.provider(), "local");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalCicdFactory;

#[async_trait]
impl Factory for LocalCicdFactory {
    fn provider(&self) -> &str {
        "local"
    }

    fn service(&self) -> ServiceKind {
        ServiceKind::Cicd
    }

    fn config_schema(&self) -> Schema {
        schema_for!(LocalCicdConfig)
    }

    async fn create(&self, input: FactoryInput) -> Result<Arc<dyn Plugin>> {
        for field in ["path", "forge"] {
            if input.config.get(field).and_then(|value| value.as_str()).is_none_or(str::is_empty) {
                return Err(fault::config(format!("{field}: give a directory as a text")));
            }
        }
        let config: LocalCicdConfig = serde_json::from_value(input.config)
            .map_err(|error| fault::config(format!("local cicd: {error}")))?;
        config.check()?;
        Ok(Arc::new(LocalCicd::new(config)))
    }
}
