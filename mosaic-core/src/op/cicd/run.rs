//! Parameters of the operations on runs.

use crate::params;
use crate::types::{Body, RepoRef};

params! {
    /// Start a run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::TriggerRun;
    ///
    /// assert_eq!(TriggerRun::new("acme", "widget", "build").at("main").pipeline, "build");
    /// ```
    pub struct TriggerRun {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The pipeline to run.
            pipeline: String,
        }
        optional {
            /// The branch, tag or commit to run it on; the default branch where absent.
            at: String,
        }
    }

    /// Fetch one run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::GetRun;
    ///
    /// assert_eq!(GetRun::new("acme", "widget", "17").run, "17");
    /// ```
    pub struct GetRun {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
        }
    }

    /// Keep a file with a run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::UploadArtifact;
    ///
    /// assert_eq!(UploadArtifact::new("acme", "widget", "17", "log.txt", "all well").body.size(), 8);
    /// ```
    pub struct UploadArtifact {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
            /// The name of the file.
            file: String,
            /// Its content.
            body: Body,
        }
    }

    /// Read the log of a job.
    ///
    /// ```
    /// use mosaic_core::op::cicd::JobLog;
    ///
    /// assert_eq!(JobLog::new("acme", "widget", "17", "test").job, "test");
    /// ```
    pub struct JobLog {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
            /// The job of the run.
            job: String,
        }
    }
}
