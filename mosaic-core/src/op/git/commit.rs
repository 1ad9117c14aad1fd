//! Parameters of the operations on commits.

use crate::params;
use crate::types::RepoRef;
use crate::types::git::StatusState;

params! {
    /// List commits.
    ///
    /// ```
    /// use mosaic_core::op::git::ListCommits;
    ///
    /// assert_eq!(ListCommits::new("acme", "widget").at("main").at.as_deref(), Some("main"));
    /// ```
    pub struct ListCommits {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// The branch, tag or commit to begin at; the default branch where absent.
            at: String,
            /// Only those that changed this path.
            path: String,
        }
        paged { page }
    }

    /// Fetch one commit.
    ///
    /// ```
    /// use mosaic_core::op::git::GetCommit;
    ///
    /// assert_eq!(GetCommit::new("acme", "widget", "3f2a").commit, "3f2a");
    /// ```
    pub struct GetCommit {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The commit: its id, or a branch or tag that stands for it.
            commit: String,
        }
    }

    /// Compare two commits.
    ///
    /// ```
    /// use mosaic_core::op::git::Compare;
    ///
    /// let op = Compare::new("acme", "widget", "main", "lid");
    /// assert_eq!((op.base.as_str(), op.head.as_str()), ("main", "lid"));
    /// ```
    pub struct Compare {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The branch, tag or commit to compare with.
            base: String,
            /// The branch, tag or commit that is compared.
            head: String,
        }
    }

    /// Say how a check of a commit stands.
    ///
    /// ```
    /// use mosaic_core::op::git::SetCommitStatus;
    /// use mosaic_core::types::git::StatusState;
    ///
    /// let op = SetCommitStatus::new("acme", "widget", "3f2a", "build", StatusState::Success);
    /// assert_eq!(op.context, "build");
    /// ```
    pub struct SetCommitStatus {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The commit, by its id.
            commit: String,
            /// The name of the check; what it said before is replaced.
            context: String,
            /// What it says.
            state: StatusState,
        }
        optional {
            /// One line about it.
            description: String,
            /// Where a person sees more.
            target_url: String,
        }
    }

    /// Fetch what the checks of a commit say.
    ///
    /// ```
    /// use mosaic_core::op::git::GetCommitStatus;
    ///
    /// assert_eq!(GetCommitStatus::new("acme", "widget", "3f2a").commit, "3f2a");
    /// ```
    pub struct GetCommitStatus {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The commit: its id, or a branch or tag that stands for it.
            commit: String,
        }
    }
}
