//! Branches, tags, releases and the repository itself.

use mosaic_core::params;
use mosaic_core::types::RepoRef;
use mosaic_core::types::git::{Commit, Release};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What moved.
///
/// ```
/// use mosaic_providers::webhook::RefKind;
///
/// assert_eq!(serde_json::to_string(&RefKind::Branch)?, "\"branch\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefKind {
    /// A branch.
    Branch,
    /// A tag.
    Tag,
}

/// How it moved.
///
/// ```
/// use mosaic_providers::webhook::RefAction;
///
/// assert_eq!(serde_json::to_string(&RefAction::Moved)?, "\"moved\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefAction {
    /// It is new.
    Created,
    /// It points at another commit.
    Moved,
    /// It is gone.
    Deleted,
}

/// What happened to a release.
///
/// ```
/// use mosaic_providers::webhook::ReleaseAction;
///
/// assert_eq!(serde_json::to_string(&ReleaseAction::Published)?, "\"published\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseAction {
    /// It is there for its users now; told once for each release.
    Published,
    /// It was drafted or changed.
    Updated,
    /// It is gone.
    Deleted,
}

/// What happened to a repository.
///
/// ```
/// use mosaic_providers::webhook::RepositoryAction;
///
/// assert_eq!(serde_json::to_string(&RepositoryAction::Renamed)?, "\"renamed\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepositoryAction {
    /// It is new.
    Created,
    /// Its settings changed.
    Updated,
    /// It has another name or another owner.
    Renamed,
    /// It is gone.
    Deleted,
}

params! {
    /// Branches and tags that moved.
    ///
    /// ```
    /// use mosaic_providers::webhook::{Push, RefAction, RefChange, RefKind};
    ///
    /// let push = Push::new(vec![RefChange::new(RefKind::Branch, "main", RefAction::Moved).after("3f2a")]);
    /// assert_eq!(push.changes.len(), 1);
    /// ```
    pub noun Push {
        required {
            /// What moved. One, except where the vendor tells several at once, as Bitbucket does.
            changes: Vec<RefChange>,
        }
    }

    /// A branch or a tag that moved.
    ///
    /// ```
    /// use mosaic_providers::webhook::{RefAction, RefChange, RefKind};
    ///
    /// let change = RefChange::new(RefKind::Branch, "main", RefAction::Moved).before("9d1c").after("3f2a");
    /// assert_eq!(change.after.as_deref(), Some("3f2a"));
    /// ```
    pub noun RefChange {
        required {
            /// Whether it is a branch or a tag.
            reference: RefKind,
            /// Its name, without `refs/heads/` or `refs/tags/`.
            name: String,
            /// How it moved.
            action: RefAction,
        }
        optional {
            /// The commit before; absent where there was none.
            before: String,
            /// The commit now; absent where it is gone, or where the vendor does not tell it.
            after: String,
        }
        defaulted {
            /// Whether commits were thrown away; false also where the vendor does not tell it.
            forced: bool,
            /// The commits that are new in it, oldest first.
            commits: Vec<Commit>,
            /// Whether the vendor says that it left commits out.
            truncated: bool,
        }
    }

    /// Something happened to a release.
    ///
    /// ```
    /// use mosaic_core::types::git::Release;
    /// use mosaic_providers::webhook::{ReleaseAction, ReleaseEvent};
    ///
    /// let event = ReleaseEvent::new(ReleaseAction::Published, Release::new("1", "v1.0.0"));
    /// assert_eq!(event.release.tag, "v1.0.0");
    /// ```
    pub noun ReleaseEvent {
        required {
            /// What happened.
            action: ReleaseAction,
            /// The release, as it is afterwards.
            release: Release,
        }
    }

    /// Something happened to a repository.
    ///
    /// ```
    /// use mosaic_core::types::RepoRef;
    /// use mosaic_providers::webhook::{RepositoryAction, RepositoryEvent};
    ///
    /// let event = RepositoryEvent::new("acme", "widget", RepositoryAction::Renamed).previous(("acme", "gadget"));
    /// assert_eq!(event.previous, Some(RepoRef::new("acme", "gadget")));
    /// ```
    pub noun RepositoryEvent {
        about {
            /// The repository, as it is called afterwards.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// What happened.
            action: RepositoryAction,
        }
        optional {
            /// What it was called before, where it was renamed.
            previous: RepoRef,
        }
    }
}

impl RefChange {
    /// Whether it is new.
    pub fn is_created(&self) -> bool {
        self.action == RefAction::Created
    }

    /// Whether it is gone.
    pub fn is_deleted(&self) -> bool {
        self.action == RefAction::Deleted
    }
}
