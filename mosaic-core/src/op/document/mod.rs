//! The docs service: documents of spaces.

mod documents;

pub use documents::{CreateDocument, GetDocument};

use super::service::service;
use crate::types::document::Document;

service! {
    /// Documents of spaces.
    pub trait DocsService, client Docs, table DOCS = "docs";

    /// Create a document.
    fn create_document(CreateDocument) -> Document { Create on space, cost = 2, invalidates = [document] }
    /// Fetch one document.
    fn get_document(GetDocument) -> Document { Read on space, ttl = 60, tags = [document] }
}
