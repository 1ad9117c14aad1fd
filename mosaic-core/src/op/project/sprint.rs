//! Parameters of the operations on sprints.

use crate::params;
use crate::types::project::SprintState;
use crate::types::{ProjectKey, Timestamp};

params! {
    /// Create a sprint.
    ///
    /// ```
    /// use mosaic_core::op::project::CreateSprint;
    ///
    /// assert_eq!(CreateSprint::new("OPS", "July").goal("No leaks").name, "July");
    /// ```
    pub struct CreateSprint {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        required {
            /// Its name.
            name: String,
        }
        optional {
            /// What it is to reach.
            goal: String,
            /// When it begins.
            starts_at: Timestamp,
            /// When it ends.
            ends_at: Timestamp,
        }
    }

    /// List the sprints of a project.
    ///
    /// ```
    /// use mosaic_core::op::project::ListSprints;
    /// use mosaic_core::types::project::SprintState;
    ///
    /// assert_eq!(ListSprints::new("OPS").state(SprintState::Active).state, Some(SprintState::Active));
    /// ```
    pub struct ListSprints {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        optional {
            /// Only those in this state.
            state: SprintState,
        }
        paged { page }
    }

    /// Plan a sprint: what is done in it, when, and whether it has begun.
    ///
    /// ```
    /// use mosaic_core::op::project::PlanSprint;
    /// use mosaic_core::types::project::SprintState;
    ///
    /// let op = PlanSprint::new("OPS", "1").add_issues(vec![7, 9]).remove_issues(vec![4]).state(SprintState::Active);
    /// assert_eq!(op.add_issues, [7, 9]);
    /// ```
    pub struct PlanSprint {
        about {
            /// The project.
            project: ProjectKey(key: String)
        }
        required {
            /// The sprint.
            sprint: String,
        }
        optional {
            /// What it is to reach from now on.
            goal: String,
            /// When it begins.
            starts_at: Timestamp,
            /// When it ends.
            ends_at: Timestamp,
            /// Where it stands from now on. A sprint that is closed stays closed: `Conflict`.
            state: SprintState,
        }
        defaulted {
            /// The numbers of issues that are to be done in it. They leave the sprint they were planned for before.
            add_issues: Vec<u64>,
            /// The numbers of issues that are not to be done in it any more.
            remove_issues: Vec<u64>,
        }
    }
}
