//! Parameters of the operations on spaces and their order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params;

params! {
    /// Create a space.
    ///
    /// ```
    /// use mosaic_core::op::document::CreateSpace;
    ///
    /// assert_eq!(CreateSpace::new("handbook", "The handbook").space, "handbook");
    /// ```
    pub struct CreateSpace {
        required {
            /// The key it is to have: 1 to 64 lower-case letters, digits and hyphens, a letter first.
            space: String,
            /// Its name.
            name: String,
        }
        optional {
            /// What it is for.
            description: String,
        }
    }

    /// Fetch one space.
    ///
    /// ```
    /// use mosaic_core::op::document::GetSpace;
    ///
    /// assert_eq!(GetSpace::new("handbook").space, "handbook");
    /// ```
    pub struct GetSpace {
        required {
            /// The space.
            space: String,
        }
    }

    /// List spaces.
    ///
    /// ```
    /// use mosaic_core::op::document::ListSpaces;
    ///
    /// assert_eq!(ListSpaces::new().page.limit(), 30);
    /// ```
    pub struct ListSpaces {
        paged { page }
    }

    /// Put documents of a space where they belong.
    ///
    /// ```
    /// use mosaic_core::op::document::{OrganizeContent, Placement};
    ///
    /// let op = OrganizeContent::new("handbook", vec![Placement::new("d2", 0).below("d1"), Placement::new("d3", 1)]);
    /// assert_eq!(op.placements[0].parent.as_deref(), Some("d1"));
    /// ```
    pub struct OrganizeContent {
        required {
            /// The space.
            space: String,
            /// Where each document is to stand, one after the other.
            placements: Vec<Placement>,
        }
    }
}

/// Where a document is to stand.
///
/// ```
/// use mosaic_core::op::document::Placement;
///
/// assert_eq!(Placement::new("d2", 0).parent, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// The document.
    pub document: String,
    /// The document that it is to stand below; at the top of the space where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Its place among those with the same parent, from 0; last where there are not so many.
    pub position: u64,
}

impl Placement {
    /// At a place at the top of the space.
    pub fn new(document: impl Into<String>, position: u64) -> Self {
        Self { document: document.into(), parent: None, position }
    }

    /// The same place below a document.
    #[must_use]
    pub fn below(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }
}
