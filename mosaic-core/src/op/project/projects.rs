//! Parameters of the operations on projects.

use crate::params;
use crate::types::ProjectKey;

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
        paged { page }
    }

    /// Change a project; what is absent stays as it is.
    ///
    /// ```
    /// use mosaic_core::op::project::UpdateProject;
    ///
    /// assert_eq!(UpdateProject::new("OPS").name("Works").name.as_deref(), Some("Works"));
    /// ```
    pub struct UpdateProject {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        optional {
            /// Its new name.
            name: String,
            /// What it is for; an empty text for nothing in particular.
            description: String,
        }
    }

    /// List the labels of a project.
    ///
    /// ```
    /// use mosaic_core::op::project::ListLabels;
    ///
    /// assert_eq!(ListLabels::new("OPS").project.as_str(), "OPS");
    /// ```
    pub struct ListLabels {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        paged { page }
    }

    /// List the people who take part in a project.
    ///
    /// ```
    /// use mosaic_core::op::project::ListUsers;
    ///
    /// assert_eq!(ListUsers::new("OPS").project.as_str(), "OPS");
    /// ```
    pub struct ListUsers {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        paged { page }
    }
}
