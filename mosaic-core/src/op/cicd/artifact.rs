//! Parameters of the operations on artifacts.

use crate::params;
use crate::types::{Body, RepoRef};

params! {
    /// Keep a file with a run.
    ///
    /// ```
    /// use mosaic_core::op::cicd::UploadArtifact;
    ///
    /// assert_eq!(UploadArtifact::new("acme", "widget", "17", "log.txt", "all well").body.size(), 8);
    /// ```
    pub struct UploadArtifact {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
            /// The name of the file.
            file: String,
            /// Its content.
            body: Body,
        }
    }

    /// List the files that a run left behind.
    ///
    /// ```
    /// use mosaic_core::op::cicd::ListArtifacts;
    ///
    /// assert_eq!(ListArtifacts::new("acme", "widget", "17").run, "17");
    /// ```
    pub struct ListArtifacts {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
        }
        paged { page }
    }

    /// Read a file that a run left behind.
    ///
    /// ```
    /// use mosaic_core::op::cicd::DownloadArtifact;
    ///
    /// assert_eq!(DownloadArtifact::new("acme", "widget", "17", "app.tar").file, "app.tar");
    /// ```
    pub struct DownloadArtifact {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The run.
            run: String,
            /// The name of the file.
            file: String,
        }
    }
}
