//! Parameters of the operations on files.

use crate::params;
use crate::types::{Blob, RepoRef};

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

    /// Delete one file.
    ///
    /// ```
    /// use mosaic_core::op::git::DeleteFile;
    ///
    /// let op = DeleteFile::new("acme", "widget", "old.txt").branch("main").message("Remove what is dead");
    /// assert_eq!(op.path, "old.txt");
    /// ```
    pub struct DeleteFile {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// Its path from the root of the repository.
            path: String,
        }
        optional {
            /// The branch to commit to; the default branch where absent.
            branch: String,
            /// The message of the commit; a plain one where absent.
            message: String,
            /// The id of the blob that is to be deleted: `Conflict` where the branch has another one.
            expected: String,
        }
    }

    /// List what a directory holds.
    ///
    /// ```
    /// use mosaic_core::op::git::ListTree;
    ///
    /// let op = ListTree::new("acme", "widget").path("docs").recursive(true).at("v1.0.0");
    /// assert_eq!(op.path, "docs");
    /// ```
    pub struct ListTree {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// The branch, tag or commit; the default branch where absent.
            at: String,
        }
        defaulted {
            /// The directory, from the root of the repository; the root itself where empty.
            path: String,
            /// Whether the directories below are listed too.
            recursive: bool,
        }
        paged { page }
    }
}
