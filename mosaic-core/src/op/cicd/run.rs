//! Parameters of the operations on runs.

use std::collections::BTreeMap;

use crate::params;
use crate::types::RepoRef;
use crate::types::cicd::RunState;

params! {
    /// Start a run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::TriggerRun;
    ///
    /// let op = TriggerRun::new("acme", "widget", "build").at("main").inputs([("level".to_owned(), "full".to_owned())]);
    /// assert_eq!((op.pipeline.as_str(), op.inputs["level"].as_str()), ("build", "full"));
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
        defaulted {
            /// What the pipeline is given, by name. Values may be shown in logs: no place for secrets.
            inputs: BTreeMap<String, String>,
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

    /// List runs.
    ///
    /// ```
    /// use mosaic_core::op::cicd::ListRuns;
    /// use mosaic_core::types::cicd::RunState;
    ///
    /// let op = ListRuns::new("acme", "widget").pipeline("build").state(RunState::Failed);
    /// assert_eq!(op.pipeline.as_deref(), Some("build"));
    /// ```
    pub struct ListRuns {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// Only those of this pipeline.
            pipeline: String,
            /// Only those that were asked for on this branch, tag or commit.
            reference: String,
            /// Only those in this state.
            state: RunState,
        }
        paged { page }
    }

    /// Cancel a run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::CancelRun;
    ///
    /// assert_eq!(CancelRun::new("acme", "widget", "17").run, "17");
    /// ```
    pub struct CancelRun {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
        }
    }

    /// Run the same once more.
    ///
    /// ```
    /// use mosaic_core::op::cicd::RerunRun;
    ///
    /// assert!(RerunRun::new("acme", "widget", "17").failed_only(true).failed_only);
    /// ```
    pub struct RerunRun {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
        }
        defaulted {
            /// Whether only the jobs that did not end well are run again, and those that wait for them.
            failed_only: bool,
        }
    }
}
