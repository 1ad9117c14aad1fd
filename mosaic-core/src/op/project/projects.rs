//! Parameters of the operations on projects.

use crate::params;
use crate::types::{PageRequest, ProjectKey};

params! {
    /// Create a project.
    ///
    /// ```
    /// use mosaic_core::op::project::CreateProject;
    ///
    /// assert_eq!(CreateProject::new("OPS", "Operations").project.as_str(), "OPS");
    /// ```
    pub struct CreateProject {
        about {
            /// The key it is to have: 1 to 32 characters, a letter first.
            project: ProjectKey(key: String)
        }
        required {
            /// Its name.
            name: String,
        }
        optional {
            /// What it is for.
            description: String,
        }
    }

    /// Fetch one project.
    ///
    /// ```
    /// use mosaic_core::op::project::GetProject;
    ///
    /// assert_eq!(GetProject::new("OPS").project.as_str(), "OPS");
    /// ```
    pub struct GetProject {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
    }

    /// List projects.
    ///
    /// ```
    /// use mosaic_core::op::project::ListProjects;
    /// use mosaic_core::types::PageRequest;
    ///
    /// assert_eq!(ListProjects::new().page(PageRequest::first(10)).page.limit(), 10);
    /// ```
    pub struct ListProjects {
        defaulted {
            /// Which part of the list.
            page: PageRequest,
        }
    }
}
