//! The behaviour suite of the docs service: what every provider of documents does alike.
//!
//! Each behaviour is a function of its own that makes the spaces it needs, so they can run alone, in any order and where
//! documents are in use. [`run`] runs those whose operations a provider declares.
//!
//! Where a provider could choose, this is what is expected: a document that would stand below itself is `Invalid`; one with
//! others below it cannot be deleted, which is `Conflict`; a query without a word finds nothing and is no error; the version
//! is present and changes with every change of title, text or labels.

mod concurrency;
mod documents;
mod listing;
mod organize;
mod search;
mod spaces;
mod updates;

use std::time::{SystemTime, UNIX_EPOCH};

pub use concurrency::{concurrent_creates_all_land, one_of_concurrent_updates_wins};
pub use documents::{
    documents_are_created_and_fetched, documents_are_deleted, limits_are_kept, missing_things_are_not_found,
    texts_come_back_as_written,
};
pub use listing::{
    bad_cursors_are_refused, documents_are_listed_as_read, lists_are_filtered, pages_cover_everything_once,
    pages_hold_still_while_documents_are_created,
};
pub use organize::{
    all_placements_or_none, documents_are_moved, documents_are_reordered, nothing_stands_below_itself,
};
pub use search::{
    any_query_is_answered, bad_search_cursors_are_refused, search_covers_everything_once, search_finds_words,
    search_follows_changes, search_keeps_to_a_space, snippets_show_the_words, titles_come_first,
};
pub use spaces::{
    keys_are_checked, keys_are_unique, spaces_are_created_and_fetched, spaces_are_listed_by_key,
};
pub use updates::{labels_are_replaced, updates_change_what_they_name, versions_guard_updates};

use super::{Failure, done};
use crate::context::CallContext;
use crate::op::document::{
    CreateDocument, CreateSpace, DeleteDocument, DocsService, GetDocument, GetSpace, ListDocuments,
    ListSpaces, OrganizeContent, SearchDocuments, UpdateDocument,
};
use crate::op::{OpMeta, OpSet, Operation as _};
use crate::types::document::Document;

/// The number of characters of a title that no provider takes more of.
pub const TITLE_MAX: usize = 512;
/// The number of bytes of a text that no provider takes more of.
pub const BODY_MAX: usize = 1024 * 1024;

/// Runs every behaviour whose operations are in the set, and stops at the first failure.
///
/// ```
/// use mosaic_core::op::{OpSet, document::DocsService};
/// use mosaic_core::testkit::suite::{Failure, document};
/// use mosaic_core::types::ServiceKind;
///
/// async fn behaves(handbook: &impl DocsService) -> Result<(), Failure> {
///     document::run(handbook, OpSet::service(ServiceKind::Docs)).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show.
pub async fn run(service: &impl DocsService, operations: OpSet) -> Result<(), Failure> {
    let has = |rows: &[&OpMeta]| rows.iter().all(|meta| operations.has(meta));
    // Every behaviour makes a space of its own; without that there is nothing to stand on.
    if !has(&[CreateSpace::META]) {
        return Ok(());
    }
    missing_things_are_not_found(service, operations).await?;
    if has(&[GetSpace::META]) {
        spaces_are_created_and_fetched(service).await?;
        keys_are_checked(service).await?;
        keys_are_unique(service).await?;
    }
    if has(&[ListSpaces::META]) {
        spaces_are_listed_by_key(service).await?;
    }
    if !has(&[CreateDocument::META]) {
        return Ok(());
    }
    limits_are_kept(service).await?;
    concurrent_creates_all_land(service).await?;
    if has(&[GetDocument::META]) {
        documents_are_created_and_fetched(service).await?;
        texts_come_back_as_written(service).await?;
    }
    if has(&[GetDocument::META, DeleteDocument::META]) {
        documents_are_deleted(service).await?;
    }
    if has(&[GetDocument::META, UpdateDocument::META]) {
        updates_change_what_they_name(service).await?;
        labels_are_replaced(service).await?;
        versions_guard_updates(service).await?;
        one_of_concurrent_updates_wins(service).await?;
    }
    if has(&[ListDocuments::META]) {
        documents_are_listed_as_read(service).await?;
        lists_are_filtered(service).await?;
        pages_cover_everything_once(service).await?;
        pages_hold_still_while_documents_are_created(service).await?;
        bad_cursors_are_refused(service).await?;
    }
    if has(&[ListDocuments::META, OrganizeContent::META]) {
        documents_are_moved(service).await?;
        documents_are_reordered(service).await?;
        all_placements_or_none(service).await?;
        nothing_stands_below_itself(service).await?;
    }
    if has(&[SearchDocuments::META]) {
        search_finds_words(service).await?;
        titles_come_first(service).await?;
        snippets_show_the_words(service).await?;
        search_keeps_to_a_space(service).await?;
        search_covers_everything_once(service).await?;
        any_query_is_answered(service).await?;
        bad_search_cursors_are_refused(service).await?;
    }
    if has(&[SearchDocuments::META, UpdateDocument::META, DeleteDocument::META]) {
        search_follows_changes(service).await?;
    }
    Ok(())
}

/// The context of every call of the suite: the application itself.
fn cx() -> CallContext {
    CallContext::new()
}

/// A text that no earlier run used: a letter, which keeps those of one behaviour apart, and the time in nanoseconds, in base
/// 36. It is the key of a space, and a word that no document has.
fn unused(letter: char) -> String {
    let mut rest = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let mut key = String::from(letter);
    while rest > 0 {
        let digit = u32::try_from(rest % 36).unwrap_or_default();
        key.extend(char::from_digit(digit, 36));
        rest /= 36;
    }
    key
}

/// A space of its own for a behaviour.
async fn space(service: &impl DocsService, behaviour: &'static str) -> Result<String, Failure> {
    let made = service.create_space(&cx(), CreateSpace::new(unused('s'), behaviour)).await;
    done(behaviour, "create_space", made).map(|space| space.key)
}

/// A document of a space, below another where one is given.
async fn document(
    service: &impl DocsService,
    behaviour: &'static str,
    space: &str,
    parent: Option<&Document>,
    title: &str,
    body: &str,
) -> Result<Document, Failure> {
    let mut op = CreateDocument::new(space, title, body);
    op.parent = parent.map(|parent| parent.id.clone());
    done(behaviour, &format!("create_document {title}"), service.create_document(&cx(), op).await)
}
