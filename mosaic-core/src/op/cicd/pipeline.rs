//! Parameters of the operations on pipelines.

use crate::params;
use crate::types::RepoRef;

params! {
    /// Create a pipeline.
    ///
    /// ```
    /// use mosaic_core::op::cicd::CreatePipeline;
    ///
    /// let op = CreatePipeline::new("acme", "widget", "build", "jobs:\n  test:\n    run: [make test]\n");
    /// assert_eq!(op.pipeline, "build");
    /// ```
    pub struct CreatePipeline {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        required {
            /// The name of the new pipeline.
            pipeline: String,
            /// What it does, in the language of the provider.
            definition: String,
        }
        optional {
            /// The branch that gets the definition, where the provider keeps it in the repository; the default branch where
            /// absent.
            branch: String,
        }
    }

    /// List pipelines.
    ///
    /// ```
    /// use mosaic_core::op::cicd::ListPipelines;
    ///
    /// assert_eq!(ListPipelines::new("acme", "widget").at("main").at.as_deref(), Some("main"));
    /// ```
    pub struct ListPipelines {
        about {
            /// The repository.
            repo: RepoRef(owner: String, name: String)
        }
        optional {
            /// The branch, tag or commit whose definitions are listed, where the provider keeps them in the repository; the
            /// default branch where absent.
            at: String,
        }
        paged { page }
    }
}
