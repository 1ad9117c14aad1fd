//! Parameters of the operations on jobs and their logs.

use crate::params;
use crate::types::RepoRef;

params! {
    /// List the jobs of a run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::ListJobs;
    ///
    /// assert_eq!(ListJobs::new("acme", "widget", "17").run, "17");
    /// ```
    pub struct ListJobs {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
        }
        paged { page }
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
