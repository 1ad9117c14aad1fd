//! The five service families that Mosaic joins.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A family of operations that providers share.
///
/// ```
/// use mosaic_core::types::ServiceKind;
///
/// assert_eq!(ServiceKind::Git.to_string(), "git");
/// assert_eq!(ServiceKind::ALL.len(), 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// Repositories, branches, commits, pull requests.
    Git,
    /// Pipelines, runs, jobs, artifacts.
    Cicd,
    /// Documents and spaces.
    Docs,
    /// Projects, issues, sprints.
    Project,
    /// Language models.
    Ai,
}

impl ServiceKind {
    /// Every family, in catalogue order.
    pub const ALL: [Self; 5] = [Self::Git, Self::Cicd, Self::Docs, Self::Project, Self::Ai];

    /// The name used in operation names and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Git => "git",
            Self::Cicd => "cicd",
            Self::Docs => "docs",
            Self::Project => "project",
            Self::Ai => "ai",
        }
    }

    /// The family of that name; used by the operation tables at compile time.
    #[doc(hidden)]
    pub const fn from_name(name: &str) -> Self {
        match name.as_bytes() {
            b"git" => Self::Git,
            b"cicd" => Self::Cicd,
            b"docs" => Self::Docs,
            b"project" => Self::Project,
            b"ai" => Self::Ai,
            _ => unreachable!(),
        }
    }

    /// Position in [`ServiceKind::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
