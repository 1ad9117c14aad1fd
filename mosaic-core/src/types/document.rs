//! Nouns of the docs service.

use super::Timestamp;
use crate::params;

params! {
    /// A document of a space.
    ///
    /// ```
    /// use mosaic_core::types::document::Document;
    ///
    /// assert_eq!(Document::new("d1", "handbook", "Welcome", "Read this.").space, "handbook");
    /// ```
    pub noun Document {
        required {
            /// The provider's id of it.
            id: String,
            /// The space that holds it.
            space: String,
            /// Its title.
            title: String,
            /// Its text, in Markdown.
            body: String,
        }
        optional {
            /// The version; it changes with every update.
            version: String,
            /// Where a person sees it.
            web_url: String,
            /// When it last changed.
            updated_at: Timestamp,
        }
    }
}
