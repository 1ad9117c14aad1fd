//! What a commit is called, shipped as and judged by: tags, releases and statuses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::params;

/// What a check says of a commit.
///
/// ```
/// use mosaic_core::types::git::StatusState;
///
/// assert_eq!(StatusState::combined([StatusState::Success, StatusState::Pending]), Some(StatusState::Pending));
/// assert_eq!(StatusState::combined([]), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// All is well.
    Success,
    /// It is not known yet.
    Pending,
    /// The commit is not good.
    Failure,
    /// The check itself went wrong.
    Error,
}

impl StatusState {
    /// What several checks say together: the worst; a failure is worse than an error, as it is about the commit. None where
    /// there is no check.
    pub fn combined(states: impl IntoIterator<Item = Self>) -> Option<Self> {
        let weight = |state: &Self| match state {
            Self::Success => 0,
            Self::Pending => 1,
            Self::Error => 2,
            Self::Failure => 3,
        };
        states.into_iter().max_by_key(weight)
    }
}

params! {
    /// A tag.
    ///
    /// ```
    /// use mosaic_core::types::git::Tag;
    ///
    /// assert_eq!(Tag::new("v1.0.0", "3f2a").message("The first one").name, "v1.0.0");
    /// ```
    pub noun Tag {
        required {
            /// Its name, without `refs/tags/`.
            name: String,
            /// The commit it stands for.
            commit: String,
        }
        optional {
            /// What it says, where it is an annotated tag.
            message: String,
        }
    }

    /// A release: a tag with a text for its users.
    ///
    /// ```
    /// use mosaic_core::types::git::Release;
    ///
    /// assert!(!Release::new("1", "v1.0.0").draft);
    /// ```
    pub noun Release {
        required {
            /// The provider's id of it.
            id: String,
            /// The tag.
            tag: String,
        }
        optional {
            /// Its title.
            name: String,
            /// What it says, in Markdown.
            body: String,
            /// Who made it.
            author: String,
            /// Where a person sees it.
            web_url: String,
            /// When it was made.
            created_at: Timestamp,
        }
        defaulted {
            /// Whether it is not published yet.
            draft: bool,
            /// Whether it is not meant for everybody yet.
            prerelease: bool,
        }
    }

    /// What one check says of a commit.
    ///
    /// ```
    /// use mosaic_core::types::git::{CommitStatus, StatusState};
    ///
    /// assert_eq!(CommitStatus::new("build", StatusState::Success).context, "build");
    /// ```
    pub noun CommitStatus {
        required {
            /// The name of the check.
            context: String,
            /// What it says.
            state: StatusState,
        }
        optional {
            /// One line about it.
            description: String,
            /// Where a person sees more.
            target_url: String,
            /// When it was said.
            updated_at: Timestamp,
        }
    }

    /// What all checks say of a commit.
    ///
    /// ```
    /// use mosaic_core::types::git::CombinedStatus;
    ///
    /// assert_eq!(CombinedStatus::new("3f2a").state, None);
    /// ```
    pub noun CombinedStatus {
        required {
            /// The commit.
            commit: String,
        }
        optional {
            /// What they say together; absent where there is none.
            state: StatusState,
        }
        defaulted {
            /// The latest word of each check, ordered by name.
            statuses: Vec<CommitStatus>,
        }
    }
}
