//! The docs service: spaces, their documents and their order.

mod documents;
mod space;

pub use documents::{
    CreateDocument, DeleteDocument, GetDocument, ListDocuments, SearchDocuments, UpdateDocument,
};
pub use space::{CreateSpace, GetSpace, ListSpaces, OrganizeContent, Placement};

use super::service::service;
use super::vendor::{OfDocs, VendorRead, VendorWrite};
use crate::types::Page;
use crate::types::document::{Document, DocumentEntry, SearchHit, Space, Structure};
use crate::types::vendor::VendorAnswer;

service! {
    /// Spaces, their documents and their order.
    pub trait DocsService, client Docs, table DOCS = "docs";

    /// Create a document, as the last of those with the same parent.
    fn create_document(CreateDocument) -> Document { Create on space, cost = 2, invalidates = [document] }
    /// Fetch one document.
    fn get_document(GetDocument) -> Document { Read on space, ttl = 60, tags = [document] }

    /// Change a document. Fields that are absent stay as they are.
    fn update_document(UpdateDocument) -> Document { Idempotent on space, cost = 2, invalidates = [document] }
    /// Delete a document.
    fn delete_document(DeleteDocument) -> () { Irreversible on space, invalidates = [document] }
    /// List documents of a space, without their text, as a reader meets them.
    fn list_documents(ListDocuments) -> Page<DocumentEntry> { Read on space, ttl = 30, tags = [document] }
    /// Search documents for words, best first.
    fn search_documents(SearchDocuments) -> Page<SearchHit> { Read on space, ttl = 15, cost = 2, tags = [document] }
    /// Create a space. `Conflict` where there is one of this key.
    fn create_space(CreateSpace) -> Space { Create on space, cost = 5, invalidates = [space] }
    /// Fetch one space.
    fn get_space(GetSpace) -> Space { Read on space, ttl = 60, tags = [space] }
    /// List spaces, ordered by key.
    fn list_spaces(ListSpaces) -> Page<Space> { Read, ttl = 60, tags = [space] }
    /// Move documents of a space below others and put them in order: all of them, or none where one cannot be moved.
    /// Answers with the whole order. Doing it twice is doing it once.
    fn organize_content(OrganizeContent) -> Structure { Idempotent on space, cost = 2, invalidates = [document] }

    /// Fetch something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_read(VendorRead<OfDocs>) -> VendorAnswer { Read on about at path, vendor = true }
    /// Change something in the vendor's own words, for what no other operation covers. To be pinned to the provider; answered
    /// where its configuration allows such calls.
    fn vendor_write(VendorWrite<OfDocs>) -> VendorAnswer {
        Irreversible on about at path, vendor = true, invalidates = [space, document]
    }
}
