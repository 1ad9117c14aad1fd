//! Parameters of the operations on branches.

use crate::params;
use crate::types::RepoRef;
use crate::types::git::MergeMethod;

params! {
    /// Create a branch.
    ///
    /// ```
    /// use mosaic_core::op::git::CreateBranch;
    ///
    /// let op = CreateBranch::new("acme", "widget", "lid").from("main");
    /// assert_eq!(op.branch, "lid");
    /// ```
    pub struct CreateBranch {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The name of the new branch.
            branch: String,
        }
        optional {
            /// The branch, tag or commit it begins at; the default branch where absent.
            from: String,
        }
    }

    /// List the branches of a repository.
    ///
    /// ```
    /// use mosaic_core::op::git::ListBranches;
    ///
    /// assert_eq!(ListBranches::new("acme", "widget").page.limit(), 30);
    /// ```
    pub struct ListBranches {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        paged { page }
    }

    /// Delete a branch.
    ///
    /// ```
    /// use mosaic_core::op::git::DeleteBranch;
    ///
    /// assert_eq!(DeleteBranch::new("acme", "widget", "lid").branch, "lid");
    /// ```
    pub struct DeleteBranch {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The branch; the default branch cannot be deleted.
            branch: String,
        }
    }

    /// Merge one branch into another.
    ///
    /// ```
    /// use mosaic_core::op::git::MergeBranch;
    /// use mosaic_core::types::git::MergeMethod;
    ///
    /// let op = MergeBranch::new("acme", "widget", "lid", "main").method(MergeMethod::Squash);
    /// assert_eq!((op.source.as_str(), op.target.as_str()), ("lid", "main"));
    /// ```
    pub struct MergeBranch {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The branch with the changes.
            source: String,
            /// The branch that is to get them.
            target: String,
        }
        optional {
            /// The message of the commit that is made; a plain one where absent.
            message: String,
        }
        defaulted {
            /// How it is done.
            method: MergeMethod,
        }
    }

    /// Fetch one branch.
    ///
    /// ```
    /// use mosaic_core::op::git::GetBranch;
    ///
    /// assert_eq!(GetBranch::new("acme", "widget", "lid").branch, "lid");
    /// ```
    pub struct GetBranch {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The branch.
            branch: String,
        }
    }
}
