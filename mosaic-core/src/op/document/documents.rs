//! Parameters of the operations on documents.

use crate::params;

params! {
    /// Create a document.
    ///
    /// ```
    /// use mosaic_core::op::document::CreateDocument;
    ///
    /// assert_eq!(CreateDocument::new("handbook", "Welcome", "Read this.").title, "Welcome");
    /// ```
    pub struct CreateDocument {
        required {
            /// The space that is to hold it.
            space: String,
            /// Its title.
            title: String,
            /// Its text, in Markdown.
            body: String,
        }
    }

    /// Fetch one document.
    ///
    /// ```
    /// use mosaic_core::op::document::GetDocument;
    ///
    /// assert_eq!(GetDocument::new("handbook", "d1").document, "d1");
    /// ```
    pub struct GetDocument {
        required {
            /// The space that holds it.
            space: String,
            /// Its id.
            document: String,
        }
    }
}
