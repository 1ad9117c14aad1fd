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
        optional {
            /// The document that it is to stand below; at the top of the space where absent.
            parent: String,
        }
        defaulted {
            /// Its labels.
            labels: Vec<String>,
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

    /// Change a document; what is absent stays as it is.
    ///
    /// ```
    /// use mosaic_core::op::document::UpdateDocument;
    ///
    /// let op = UpdateDocument::new("handbook", "d1").body("Read this first.").expected("3");
    /// assert!(op.title.is_none());
    /// ```
    pub struct UpdateDocument {
        required {
            /// The space that holds it.
            space: String,
            /// Its id.
            document: String,
        }
        optional {
            /// Its new title.
            title: String,
            /// Its new text, in Markdown.
            body: String,
            /// All its labels from now on.
            labels: Vec<String>,
            /// The version that is to be changed: `Conflict` where the document has another one, unless it has all that is asked
            /// for already.
            expected: String,
        }
    }

    /// Delete a document.
    ///
    /// ```
    /// use mosaic_core::op::document::DeleteDocument;
    ///
    /// assert_eq!(DeleteDocument::new("handbook", "d1").document, "d1");
    /// ```
    pub struct DeleteDocument {
        required {
            /// The space that holds it.
            space: String,
            /// Its id. `Conflict` where other documents are below it.
            document: String,
        }
    }

    /// List documents of a space.
    ///
    /// ```
    /// use mosaic_core::op::document::ListDocuments;
    ///
    /// assert_eq!(ListDocuments::new("handbook").label("draft").label.as_deref(), Some("draft"));
    /// ```
    pub struct ListDocuments {
        required {
            /// The space.
            space: String,
        }
        optional {
            /// Only those right below this document.
            parent: String,
            /// Only those with this label.
            label: String,
        }
        paged { page }
    }

    /// Search documents.
    ///
    /// ```
    /// use mosaic_core::op::document::SearchDocuments;
    ///
    /// assert_eq!(SearchDocuments::new("release checklist").space("handbook").query, "release checklist");
    /// ```
    pub struct SearchDocuments {
        required {
            /// Words, all of which a document must have; a phrase in quotation marks is one word.
            query: String,
        }
        optional {
            /// Only in this space.
            space: String,
        }
        paged { page }
    }
}
