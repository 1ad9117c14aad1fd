//! Parameters of the operations on tags and releases.

use crate::params;
use crate::types::RepoRef;

params! {
    /// Create a tag.
    ///
    /// ```
    /// use mosaic_core::op::git::CreateTag;
    ///
    /// let op = CreateTag::new("acme", "widget", "v1.0.0").at("main").message("The first one");
    /// assert_eq!(op.tag, "v1.0.0");
    /// ```
    pub struct CreateTag {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The name of the new tag.
            tag: String,
        }
        optional {
            /// The branch, tag or commit it stands for; the default branch where absent.
            at: String,
            /// What it says; it is then an annotated tag.
            message: String,
        }
    }

    /// List tags.
    ///
    /// ```
    /// use mosaic_core::op::git::ListTags;
    ///
    /// assert_eq!(ListTags::new("acme", "widget").page.limit(), 30);
    /// ```
    pub struct ListTags {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        paged { page }
    }

    /// Create a release.
    ///
    /// ```
    /// use mosaic_core::op::git::CreateRelease;
    ///
    /// let op = CreateRelease::new("acme", "widget", "v1.0.0").name("One").body("It has a lid now.");
    /// assert_eq!(op.tag, "v1.0.0");
    /// ```
    pub struct CreateRelease {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The tag; it is made where it does not exist.
            tag: String,
        }
        optional {
            /// Where a new tag stands: a branch or commit; the default branch where absent.
            at: String,
            /// Its title.
            name: String,
            /// What it says, in Markdown.
            body: String,
        }
        defaulted {
            /// Whether it is to be published later. The tag of a draft is made when it is published.
            draft: bool,
            /// Whether it is not meant for everybody yet.
            prerelease: bool,
        }
    }

    /// List releases.
    ///
    /// ```
    /// use mosaic_core::op::git::ListReleases;
    ///
    /// assert_eq!(ListReleases::new("acme", "widget").repo.name, "widget");
    /// ```
    pub struct ListReleases {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        paged { page }
    }
}
