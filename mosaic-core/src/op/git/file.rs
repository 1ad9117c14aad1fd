//! Parameters of the operations on files and commits.

use crate::params;
use crate::types::{Blob, PageRequest, RepoRef};

params! {
    /// Fetch one file.
    ///
    /// ```
    /// use mosaic_core::op::git::GetFile;
    ///
    /// let op = GetFile::new("acme", "widget", "README.md").at("main");
    /// assert_eq!(op.path, "README.md");
    /// ```
    pub struct GetFile {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its path from the root of the repository.
            path: String,
        }
        optional {
            /// The branch, tag or commit to read at; the default branch where absent.
            at: String,
        }
    }

    /// Write one file as a new commit.
    ///
    /// ```
    /// use mosaic_core::op::git::WriteFile;
    ///
    /// let op = WriteFile::new("acme", "widget", "README.md", "# Widget").branch("main").message("Say what it is");
    /// assert_eq!(op.content.as_text(), Some("# Widget"));
    /// ```
    pub struct WriteFile {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its path from the root of the repository.
            path: String,
            /// The whole new content.
            content: Blob,
        }
        optional {
            /// The branch to commit to; the default branch where absent. An empty repository gets it by this.
            branch: String,
            /// The message of the commit; a plain one where absent.
            message: String,
            /// The id of the blob that is to be written over: `Conflict` where the branch has another one. An empty text
            /// says that the file must not exist yet.
            expected: String,
        }
    }

    /// List commits.
    ///
    /// ```
    /// use mosaic_core::op::git::ListCommits;
    ///
    /// assert_eq!(ListCommits::new("acme", "widget").path("src/lib.rs").path.as_deref(), Some("src/lib.rs"));
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
        defaulted {
            /// Which part of the list.
            page: PageRequest,
        }
    }
}
