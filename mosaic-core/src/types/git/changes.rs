//! What a tree holds, and what lies between two commits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Commit;
use crate::params;

/// What an entry of a tree is.
///
/// ```
/// use mosaic_core::types::git::EntryKind;
///
/// assert_eq!(serde_json::to_string(&EntryKind::Directory)?, "\"directory\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A link to another path.
    Symlink,
    /// A commit of another repository.
    Submodule,
}

/// What happened to a file between two commits.
///
/// ```
/// use mosaic_core::types::git::ChangeKind;
///
/// assert_eq!(serde_json::to_string(&ChangeKind::Renamed)?, "\"renamed\"");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// Its content or mode changed.
    Modified,
    /// It is gone.
    Removed,
    /// It has another path, and perhaps another content.
    Renamed,
}

params! {
    /// One entry of a tree.
    ///
    /// ```
    /// use mosaic_core::types::git::{EntryKind, TreeEntry};
    ///
    /// assert_eq!(TreeEntry::new("docs", EntryKind::Directory, "9d1c").size, None);
    /// ```
    pub noun TreeEntry {
        required {
            /// Its path from the root of the repository.
            path: String,
            /// What it is.
            kind: EntryKind,
            /// The id of the object.
            id: String,
        }
        optional {
            /// The size of a file, in bytes.
            size: u64,
        }
    }

    /// What happened to one file between two commits.
    ///
    /// ```
    /// use mosaic_core::types::git::{ChangeKind, FileChange};
    ///
    /// let change = FileChange::new("lid.rs", ChangeKind::Renamed).previous_path("top.rs");
    /// assert_eq!(change.previous_path.as_deref(), Some("top.rs"));
    /// ```
    pub noun FileChange {
        required {
            /// Its path from the root of the repository.
            path: String,
            /// What happened to it.
            kind: ChangeKind,
        }
        optional {
            /// Its path before, where it was renamed.
            previous_path: String,
            /// Lines that are new; absent for binary files.
            additions: u64,
            /// Lines that are gone; absent for binary files.
            deletions: u64,
        }
    }

    /// What lies between two commits.
    ///
    /// ```
    /// use mosaic_core::types::git::Comparison;
    ///
    /// let comparison = Comparison::new(2u64, 0u64).merge_base("3f2a");
    /// assert_eq!((comparison.ahead, comparison.behind), (2, 0));
    /// ```
    pub noun Comparison {
        required {
            /// How many commits the head has that the base has not.
            ahead: u64,
            /// How many commits the base has that the head has not.
            behind: u64,
        }
        optional {
            /// The newest commit that both have.
            merge_base: String,
        }
        defaulted {
            /// The commits that the head has and the base has not, newest first.
            commits: Vec<Commit>,
            /// What they change, against the merge base, ordered by path.
            files: Vec<FileChange>,
            /// Whether commits or files were left out because there are too many.
            truncated: bool,
        }
    }
}
