//! The behaviour suite of the docs service: what every provider of documents does alike.
//!
//! Each behaviour is a function of its own that makes the spaces it needs, so they can run alone, in any order and where
//! documents are in use. [`run`] runs those whose operations a provider declares. Providers differ: what one does otherwise its
//! [`World`] says, trait by trait ([`Trait`]), and [`lacks_are_needed`] shows that nothing is said to be lacking that is there.
//!
//! Where a provider could choose, this is what is expected: a document that would stand below itself is `Invalid`; one with
//! others below it cannot be deleted, which is `Conflict`; a query without a word finds nothing and is no error; the version
//! is present and changes with every change of title, text or labels.

mod concurrency;
mod documents;
mod lack;
mod listing;
mod organize;
mod search;
mod spaces;
mod updates;
mod world;

use std::time::{SystemTime, UNIX_EPOCH};

pub use concurrency::{concurrent_creates_all_land, one_of_concurrent_updates_wins};
pub use documents::{
    documents_are_created_and_fetched, documents_are_deleted, limits_are_kept, missing_things_are_not_found,
    texts_come_back_as_written,
};
pub use lack::Trait;
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
pub use world::World;

use super::Failure;
use crate::op::document::{
    CreateDocument, CreateSpace, DeleteDocument, DocsService, GetDocument, GetSpace, ListDocuments,
    ListSpaces, OrganizeContent, SearchDocuments, UpdateDocument,
};
use crate::op::{OpMeta, Operation as _};

/// The number of characters of a title that no provider takes more of.
pub const TITLE_MAX: usize = 512;
/// The number of bytes of a text that no provider takes more of.
pub const BODY_MAX: usize = 1024 * 1024;

/// Each line: a behaviour and the operations it calls.
macro_rules! behaviours {
    ($service:ident, $world:ident: $($behaviour:ident [$($op:ident)*],)*) => {
        $(if [$($op::META),*].iter().all(|meta: &&OpMeta| $world.operations().has(meta)) {
            $behaviour($service, $world).await?;
        })*
    };
}

/// Runs every behaviour whose operations are declared, and stops at the first failure.
///
/// ```
/// use mosaic_core::op::{OpSet, document::DocsService};
/// use mosaic_core::testkit::suite::{Failure, document};
/// use mosaic_core::types::ServiceKind;
///
/// async fn behaves(handbook: &impl DocsService) -> Result<(), Failure> {
///     document::run(handbook, &document::World::new(OpSet::service(ServiceKind::Docs))).await
/// }
/// ```
///
/// # Errors
/// The first behaviour that the provider does not show.
pub async fn run(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    // Every behaviour has a space of its own; without that there is nothing to stand on.
    if !world.has_spaces() {
        return Ok(());
    }
    behaviours! { service, world:
        missing_things_are_not_found [],
        spaces_are_created_and_fetched [CreateSpace GetSpace],
        keys_are_checked [CreateSpace GetSpace],
        keys_are_unique [CreateSpace GetSpace],
        spaces_are_listed_by_key [CreateSpace ListSpaces],
        limits_are_kept [CreateDocument],
        concurrent_creates_all_land [CreateDocument],
        documents_are_created_and_fetched [CreateDocument GetDocument],
        texts_come_back_as_written [CreateDocument GetDocument],
        documents_are_deleted [CreateDocument GetDocument DeleteDocument],
        updates_change_what_they_name [CreateDocument GetDocument UpdateDocument],
        labels_are_replaced [CreateDocument GetDocument UpdateDocument],
        versions_guard_updates [CreateDocument GetDocument UpdateDocument],
        one_of_concurrent_updates_wins [CreateDocument GetDocument UpdateDocument],
        documents_are_listed_as_read [CreateDocument ListDocuments],
        lists_are_filtered [CreateDocument ListDocuments],
        pages_cover_everything_once [CreateDocument ListDocuments],
        pages_hold_still_while_documents_are_created [CreateDocument ListDocuments],
        bad_cursors_are_refused [CreateDocument ListDocuments],
        documents_are_moved [CreateDocument ListDocuments OrganizeContent],
        documents_are_reordered [CreateDocument ListDocuments OrganizeContent],
        all_placements_or_none [CreateDocument ListDocuments OrganizeContent],
        nothing_stands_below_itself [CreateDocument ListDocuments OrganizeContent],
        search_finds_words [CreateDocument SearchDocuments],
        titles_come_first [CreateDocument SearchDocuments],
        snippets_show_the_words [CreateDocument SearchDocuments],
        search_keeps_to_a_space [CreateDocument SearchDocuments],
        search_covers_everything_once [CreateDocument SearchDocuments],
        any_query_is_answered [CreateDocument SearchDocuments],
        bad_search_cursors_are_refused [CreateDocument SearchDocuments],
        search_follows_changes [CreateDocument SearchDocuments UpdateDocument DeleteDocument],
    }
    Ok(())
}

/// Runs the suite once for each [`Trait`] that the provider is said to be without, asking for that one as well: it must fail.
/// What passes is said to be lacking for nothing.
///
/// ```
/// use mosaic_core::op::document::DocsService;
/// use mosaic_core::testkit::suite::{Failure, document};
///
/// async fn says_the_truth(wiki: &impl DocsService, world: &document::World) -> Result<(), Failure> {
///     document::lacks_are_needed(wiki, world).await
/// }
/// ```
///
/// # Errors
/// The first trait that the provider has after all, with the reason that was given.
pub async fn lacks_are_needed(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    for (lacked, _) in world.lacks() {
        if run(service, &world.asking_for(lacked)).await.is_ok() {
            return Err(world.needless(lacked));
        }
    }
    Ok(())
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
