//! Nouns of the docs service.

use super::Timestamp;
use crate::params;

params! {
    /// A space: a handbook, a wiki, a folder of documents that belong together.
    ///
    /// ```
    /// use mosaic_core::types::document::Space;
    ///
    /// assert_eq!(Space::new("handbook", "The handbook").key, "handbook");
    /// ```
    pub noun Space {
        required {
            /// Its key, unique at the provider.
            key: String,
            /// Its name.
            name: String,
        }
        optional {
            /// What it is for.
            description: String,
            /// Where a person sees it.
            web_url: String,
            /// When it was made.
            created_at: Timestamp,
        }
    }

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
            /// The document above it; absent at the top of the space.
            parent: String,
            /// The version; it changes with every update.
            version: String,
            /// Where a person sees it.
            web_url: String,
            /// When it was made.
            created_at: Timestamp,
            /// When it last changed.
            updated_at: Timestamp,
        }
        defaulted {
            /// Its labels, in alphabetical order.
            labels: Vec<String>,
        }
    }

    /// A document as lists show it: without its text.
    ///
    /// ```
    /// use mosaic_core::types::document::DocumentEntry;
    ///
    /// assert_eq!(DocumentEntry::new("d1", "handbook", "Welcome").id, "d1");
    /// ```
    pub noun DocumentEntry {
        required {
            /// The provider's id of it.
            id: String,
            /// The space that holds it.
            space: String,
            /// Its title.
            title: String,
        }
        optional {
            /// The document above it; absent at the top of the space.
            parent: String,
            /// Its place among those with the same parent, from 0.
            position: u64,
            /// The version; it changes with every update.
            version: String,
            /// Where a person sees it.
            web_url: String,
            /// When it last changed.
            updated_at: Timestamp,
        }
    }

    /// A document that a search found.
    ///
    /// ```
    /// use mosaic_core::types::document::{DocumentEntry, SearchHit};
    ///
    /// let hit = SearchHit::new(DocumentEntry::new("d1", "handbook", "Welcome")).snippet("Read **this**.");
    /// assert_eq!(hit.document.title, "Welcome");
    /// ```
    pub noun SearchHit {
        required {
            /// The document.
            document: DocumentEntry,
        }
        optional {
            /// The place that was found, as Markdown with the words that were searched for in bold.
            snippet: String,
            /// How well it fits: higher is better; to be compared within one search only.
            score: f64,
        }
    }

    /// The order of the documents of a space.
    ///
    /// ```
    /// use mosaic_core::types::document::{DocumentEntry, Structure};
    ///
    /// let structure = Structure::new("handbook", vec![DocumentEntry::new("d1", "handbook", "Welcome")]);
    /// assert_eq!(structure.documents.len(), 1);
    /// ```
    pub noun Structure {
        required {
            /// The space.
            space: String,
            /// Its documents as a reader meets them: each before those below it, siblings in their order.
            documents: Vec<DocumentEntry>,
        }
    }
}
