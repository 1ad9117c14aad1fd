//! Webhooks of a repository.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params;

/// What a webhook tells of.
///
/// ```
/// use mosaic_core::types::git::HookEvent;
///
/// assert_eq!(serde_json::to_string(&HookEvent::PullRequest)?, "\"pull_request\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookEvent {
    /// Commits were pushed.
    Push,
    /// A branch or tag was made.
    Create,
    /// A branch or tag was deleted.
    Delete,
    /// A pull request was opened, changed, merged or closed.
    PullRequest,
    /// A pull request was reviewed.
    Review,
    /// An issue was opened, changed or closed.
    Issue,
    /// Somebody commented.
    Comment,
    /// A release was made.
    Release,
    /// A run of a pipeline changed.
    Run,
    /// A page of the wiki changed.
    Wiki,
}

params! {
    /// A webhook: an address that is told what happens in a repository.
    ///
    /// ```
    /// use mosaic_core::types::git::{HookEvent, Webhook};
    ///
    /// assert!(Webhook::new("1", "https://ci.example.org/hook", vec![HookEvent::Push]).is_active());
    /// ```
    pub noun Webhook {
        required {
            /// The provider's id of it.
            id: String,
            /// The address that is told.
            url: String,
            /// What it is told of.
            events: Vec<HookEvent>,
        }
        defaulted {
            /// Whether it is paused.
            paused: bool,
        }
    }
}

impl Webhook {
    /// Whether it is told of anything at all.
    pub fn is_active(&self) -> bool {
        !self.paused && !self.events.is_empty()
    }
}
