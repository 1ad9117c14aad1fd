//! Nouns of the cicd service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RepoRef, Timestamp};
use crate::params;

/// Where a run stands, on the scale that every CI system shares.
///
/// ```
/// use mosaic_core::types::cicd::RunState;
///
/// assert!(RunState::Failed.is_final() && !RunState::Running.is_final());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waiting for its turn.
    Queued,
    /// At work.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Ended by somebody.
    Cancelled,
    /// Waiting for a person to let it go on.
    Blocked,
    /// Not run, because something before it did not end well or a condition left it out.
    Skipped,
}

impl RunState {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Skipped)
    }
}

params! {
    /// A pipeline: what is to be run, as it is defined.
    ///
    /// ```
    /// use mosaic_core::types::{RepoRef, cicd::Pipeline};
    ///
    /// let pipeline = Pipeline::new("build", RepoRef::new("acme", "widget"), "build").path("ci/build.yml");
    /// assert_eq!(pipeline.id, "build");
    /// ```
    pub noun Pipeline {
        required {
            /// The provider's id of it; what a run is triggered by.
            id: String,
            /// The repository it belongs to.
            repo: RepoRef,
            /// Its name.
            name: String,
        }
        optional {
            /// The file that defines it, from the root of the repository.
            path: String,
            /// Where a person sees it.
            web_url: String,
        }
    }

    /// One run of a pipeline.
    ///
    /// ```
    /// use mosaic_core::types::{RepoRef, cicd::{PipelineRun, RunState}};
    ///
    /// let run = PipelineRun::new("17", RepoRef::new("acme", "widget"), RunState::Queued);
    /// assert_eq!(run.id, "17");
    /// ```
    pub noun PipelineRun {
        required {
            /// The provider's id of it.
            id: String,
            /// The repository it is about.
            repo: RepoRef,
            /// Where it stands.
            state: RunState,
        }
        optional {
            /// The pipeline.
            pipeline: String,
            /// The branch, tag or commit it was asked for.
            reference: String,
            /// The commit it runs on.
            commit: String,
            /// Which attempt it is, from 1, where a run is repeated under its own id.
            attempt: u64,
            /// The vendor's own word for the state.
            vendor_state: String,
            /// Why it ended as it did, where that is known.
            reason: String,
            /// Where a person sees it.
            web_url: String,
            /// When it was asked for.
            created_at: Timestamp,
            /// When it began.
            started_at: Timestamp,
            /// When it ended.
            ended_at: Timestamp,
        }
    }

    /// A job of a run.
    ///
    /// ```
    /// use mosaic_core::types::cicd::{Job, RunState};
    ///
    /// assert_eq!(Job::new("1", "test", RunState::Failed).exit_code(2i64).exit_code, Some(2));
    /// ```
    pub noun Job {
        required {
            /// The provider's id of it: what its log is asked for by.
            id: String,
            /// Its name.
            name: String,
            /// Where it stands.
            state: RunState,
        }
        optional {
            /// What its program ended with.
            exit_code: i64,
            /// The vendor's own word for the state.
            vendor_state: String,
            /// Why it ended as it did, where that is known.
            reason: String,
            /// When it began.
            started_at: Timestamp,
            /// When it ended.
            ended_at: Timestamp,
        }
        defaulted {
            /// The names of the jobs that it waits for.
            needs: Vec<String>,
        }
    }

    /// A file that a run left behind.
    ///
    /// ```
    /// use mosaic_core::types::cicd::Artifact;
    ///
    /// assert_eq!(Artifact::new("app.tar").size(10u64).digest("sha256:00").size, Some(10));
    /// ```
    pub noun Artifact {
        required {
            /// Its name.
            name: String,
        }
        optional {
            /// Its size in bytes, where the provider knows it.
            size: u64,
            /// Its digest, as `sha256:` and hexadecimal digits, where the provider knows it.
            digest: String,
        }
    }
}
