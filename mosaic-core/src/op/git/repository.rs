//! Parameters of the operations on repositories.

use crate::params;
use crate::types::RepoRef;

params! {
    /// Create a repository.
    ///
    /// ```
    /// use mosaic_core::op::git::CreateRepository;
    ///
    /// let op = CreateRepository::new("acme", "widget").description("It fits.").private(true);
    /// assert!(op.private);
    /// ```
    pub struct CreateRepository {
        about {
            /// The owner and the name it is to have.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// One line about it.
            description: String,
            /// The branch that clones check out; `main` where absent.
            default_branch: String,
        }
        defaulted {
            /// Whether only members see it.
            private: bool,
        }
    }

    /// Fetch one repository.
    ///
    /// ```
    /// use mosaic_core::op::git::GetRepository;
    ///
    /// assert_eq!(GetRepository::new("acme", "widget").repo.name, "widget");
    /// ```
    pub struct GetRepository {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
    }

    /// Change the settings of a repository; what is absent stays as it is.
    ///
    /// ```
    /// use mosaic_core::op::git::UpdateRepository;
    ///
    /// let op = UpdateRepository::new("acme", "widget").description("It fits better.");
    /// assert!(op.private.is_none());
    /// ```
    pub struct UpdateRepository {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// One line about it.
            description: String,
            /// The branch that clones check out; it must exist.
            default_branch: String,
            /// Whether only members see it.
            private: bool,
            /// Whether it refuses changes.
            archived: bool,
        }
    }

    /// Delete a repository with everything in it.
    ///
    /// ```
    /// use mosaic_core::op::git::DeleteRepository;
    ///
    /// assert_eq!(DeleteRepository::new("acme", "widget").repo.owner, "acme");
    /// ```
    pub struct DeleteRepository {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
    }

    /// List repositories.
    ///
    /// ```
    /// use mosaic_core::op::git::ListRepositories;
    ///
    /// assert_eq!(ListRepositories::new().owner("acme").owner.as_deref(), Some("acme"));
    /// ```
    pub struct ListRepositories {
        optional {
            /// Only those of this owner; all that the credential sees where absent.
            owner: String,
        }
        paged { page }
    }
}
