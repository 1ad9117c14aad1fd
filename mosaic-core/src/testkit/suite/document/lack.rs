//! What the suite asks of every provider of documents unless its world says that it is without.

/// Something that providers of documents do not all do. The suite asks for it; a [`World`](super::World) that is
/// [`without`](super::World::without) it is asked for what stands here instead.
///
/// ```
/// use mosaic_core::testkit::suite::document::Trait;
///
/// assert_eq!(format!("{:?}", Trait::Labels), "Labels");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trait {
    /// What is not there is `NotFound`. Without: `Invalid` will do, as from providers that check an id first.
    SaysNotFound,
    /// What stands in the way of a call is a `Conflict`. Without: `Invalid` or `PermissionDenied` will do.
    SaysConflict,

    /// Documents have labels. Without, as in wikis: giving one is `Unsupported`.
    Labels,
    /// A document stands below another. Without, as in wikis: giving a parent is `Unsupported`.
    Parents,
    /// Several documents of a space may have one title. Without, as where the title is the name of a page: a second is a
    /// `Conflict`.
    SharesTitles,
    /// A title is any text of one line. Without, as where it is a part of an address: the suite's titles are plain words.
    AnyTitle,
    /// A text comes back to the letter. Without: ends of lines may be others, and blanks at its two ends may go.
    TextsAsWritten,
    /// The id of a document stays when its title changes. Without: the answer to the change has the new one.
    IdsStay,
    /// A document has a version that changes with it and that guards updates. Without: expecting one is `Unsupported`.
    Versions,
    /// An update to what the document is already changes nothing. Without: it may make a new version.
    SameContentMakesNoVersion,

    /// Documents are listed as a reader meets them, with their places among their siblings. Without: in any order, and places
    /// may be absent.
    ListsAsRead,
    /// Lists say when a document was changed last and which version it has. Without: what is absent is not compared.
    ListsFacts,
    /// The second page of a list is not moved by what came after the first. Without, as where pages are numbered: the suite
    /// does not ask.
    PagesHoldStill,
}
