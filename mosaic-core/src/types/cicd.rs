//! Nouns of the cicd service.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Blob, RepoRef, Timestamp};
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
}

impl RunState {
    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

params! {
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
            /// The branch, tag or commit it runs on.
            reference: String,
            /// The vendor's own word for the state.
            vendor_state: String,
            /// When it began.
            started_at: Timestamp,
            /// When it ended.
            ended_at: Timestamp,
        }
    }

    /// A file that a run left behind.
    ///
    /// ```
    /// use mosaic_core::types::cicd::Artifact;
    ///
    /// assert_eq!(Artifact::new("app.tar", 10u64, "sha256:00").size, 10);
    /// ```
    pub noun Artifact {
        required {
            /// Its name.
            name: String,
            /// Its size in bytes.
            size: u64,
            /// Its digest, as `sha256:` and hexadecimal digits.
            digest: String,
        }
    }
}

/// A piece of a job's log, in order.
///
/// ```
/// use mosaic_core::types::cicd::LogChunk;
///
/// assert_eq!(LogChunk::new("hello\n").as_text(), Some("hello\n"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LogChunk(Blob);

impl LogChunk {
    /// A piece of a log.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(Blob::guess(bytes))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// Its text, where it is valid UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        self.0.as_text()
    }
}
