//! Runs, jobs and what checks say.

use mosaic_core::params;
use mosaic_core::types::cicd::{Job, PipelineRun};
use mosaic_core::types::git::CommitStatus;

params! {
    /// A run of a pipeline moved on.
    ///
    /// ```
    /// use mosaic_core::types::{RepoRef, cicd::{PipelineRun, RunState}};
    /// use mosaic_providers::webhook::RunEvent;
    ///
    /// let run = PipelineRun::new("17", RepoRef::new("acme", "widget"), RunState::Failed);
    /// assert!(RunEvent::new(run).run.state.is_final());
    /// ```
    pub noun RunEvent {
        required {
            /// The run, as it is afterwards. Of CircleCI, which tells of workflows: `id` is that of the pipeline, and
            /// `pipeline` the name of the workflow whose end it is.
            run: PipelineRun,
        }
    }

    /// A job of a run moved on.
    ///
    /// ```
    /// use mosaic_core::types::cicd::{Job, RunState};
    /// use mosaic_providers::webhook::JobEvent;
    ///
    /// assert_eq!(JobEvent::new("17", Job::new("1", "test", RunState::Running)).run, "17");
    /// ```
    pub noun JobEvent {
        required {
            /// The provider's id of the run.
            run: String,
            /// The job, as it is afterwards.
            job: Job,
        }
    }

    /// A check said something of a commit.
    ///
    /// ```
    /// use mosaic_core::types::git::{CommitStatus, StatusState};
    /// use mosaic_providers::webhook::StatusEvent;
    ///
    /// let event = StatusEvent::new("3f2a", CommitStatus::new("build", StatusState::Success)).vendor_state("neutral");
    /// assert_eq!(event.status.context, "build");
    /// ```
    pub noun StatusEvent {
        required {
            /// The commit.
            commit: String,
            /// What the check says.
            status: CommitStatus,
        }
        optional {
            /// The vendor's own word for the state.
            vendor_state: String,
        }
    }
}
