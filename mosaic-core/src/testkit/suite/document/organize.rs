//! Behaviours of moving and ordering documents.

use super::super::{Failure, done, equal};
use super::World;
use super::listing::pages;
use crate::error::ErrorKind;
use crate::op::document::{DocsService, ListDocuments, OrganizeContent, Placement};
use crate::types::document::{Document, DocumentEntry};

/// A space with documents, and what is done to them.
struct Shelf<'a, S> {
    service: &'a S,
    world: &'a World,
    behaviour: &'static str,
    space: String,
    made: Vec<Document>,
}

impl<'a, S: DocsService> Shelf<'a, S> {
    /// `a`, `b`, `c` and `d` at the top, `b1` and `b2` below `b`.
    async fn new(service: &'a S, world: &'a World, behaviour: &'static str) -> Result<Self, Failure> {
        let space = world.space(service, behaviour).await?;
        let mut made: Vec<Document> = Vec::new();
        for title in ["a", "b", "c", "d", "b1", "b2"] {
            let parent = (title.len() > 1).then(|| made[1].clone());
            made.push(world.document(service, behaviour, &space, parent.as_ref(), title, title).await?);
        }
        Ok(Self { service, world, behaviour, space, made })
    }

    fn id(&self, title: &str) -> String {
        self.made.iter().find(|made| made.title == title).map_or_else(|| title.into(), |made| made.id.clone())
    }

    fn put(&self, title: &str, position: u64) -> Placement {
        Placement::new(self.id(title), position)
    }

    fn put_below(&self, title: &str, parent: &str, position: u64) -> Placement {
        self.put(title, position).below(self.id(parent))
    }

    fn shown(&self, entries: &[DocumentEntry]) -> String {
        let name = |id: &String| self.made.iter().find(|made| made.id == *id).map_or("?", |made| &made.title);
        let shown = |entry: &DocumentEntry| match &entry.parent {
            Some(parent) => format!("{}/{}", name(parent), entry.title),
            None => entry.title.clone(),
        };
        entries.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    async fn list(&self) -> Result<Vec<DocumentEntry>, Failure> {
        pages(self.service, self.world, self.behaviour, &ListDocuments::new(self.space.as_str()), 100).await
    }

    /// Organizes twice: both times, and in a list afterwards, the order is the expected one.
    async fn becomes(&self, placements: Vec<Placement>, expected: &str) -> Result<(), Failure> {
        for time in ["once", "twice"] {
            let op = OrganizeContent::new(self.space.as_str(), placements.clone());
            let done = done(
                self.behaviour,
                "organize_content",
                self.service.organize_content(self.world.cx(), op).await,
            )?;
            equal(self.behaviour, "the space that was organized", &done.space, &self.space)?;
            equal(
                self.behaviour,
                &format!("the order, {time}"),
                self.shown(&done.documents).as_str(),
                expected,
            )?;
            equal(self.behaviour, "the list after it", &self.list().await?, &done.documents)?;
        }
        Ok(())
    }

    /// Organizing so is refused and changes nothing.
    async fn refuses(&self, what: &str, placements: Vec<Placement>, kind: ErrorKind) -> Result<(), Failure> {
        let before = self.list().await?;
        let got = self
            .service
            .organize_content(self.world.cx(), OrganizeContent::new(self.space.as_str(), placements))
            .await;
        self.world.refused(self.behaviour, what, got, kind)?;
        equal(self.behaviour, &format!("the list after {what}"), &self.list().await?, &before)
    }
}

/// Documents move below others and back to the top, with all that is below them.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_moved(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    let shelf = Shelf::new(service, world, "docs/documents_are_moved").await?;
    shelf.becomes(vec![], "a b b/b1 b/b2 c d").await?;
    shelf.becomes(vec![shelf.put_below("b", "d", 0)], "a c d d/b b/b1 b/b2").await?;
    shelf.becomes(vec![shelf.put_below("a", "b", 1)], "c d d/b b/b1 b/a b/b2").await?;
    shelf.becomes(vec![shelf.put("b2", 0)], "b2 c d d/b b/b1 b/a").await?;
    shelf.becomes(vec![shelf.put_below("c", "b2", 9)], "b2 b2/c d d/b b/b1 b/a").await
}

/// Siblings are put in order; a place beyond the last is the last.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn documents_are_reordered(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    let shelf = Shelf::new(service, world, "docs/documents_are_reordered").await?;
    shelf.becomes(vec![shelf.put("d", 0)], "d a b b/b1 b/b2 c").await?;
    shelf.becomes(vec![shelf.put("d", u64::MAX)], "a b b/b1 b/b2 c d").await?;
    shelf.becomes(vec![shelf.put_below("b2", "b", 0)], "a b b/b2 b/b1 c d").await?;
    let all = vec![shelf.put("c", 0), shelf.put("a", 1), shelf.put("d", 2), shelf.put("b", 3)];
    shelf.becomes(all, "c a d b b/b2 b/b1").await
}

/// All placements of a call are done, or none where one cannot be.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn all_placements_or_none(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    let shelf = Shelf::new(service, world, "docs/all_placements_or_none").await?;
    let missing = vec![shelf.put("d", 0), shelf.put("missing", 1)];
    shelf.refuses("a missing document after a good one", missing, ErrorKind::NotFound).await?;
    let missing = vec![shelf.put("d", 0), shelf.put_below("a", "missing", 0)];
    shelf.refuses("a missing parent after a good one", missing, ErrorKind::NotFound).await?;
    let circle = vec![shelf.put("d", 0), shelf.put_below("b", "b1", 0)];
    shelf.refuses("a circle after a good one", circle, ErrorKind::Invalid).await?;
    let all = vec![shelf.put("d", 0), shelf.put_below("c", "d", 0), shelf.put_below("b1", "d", 1)];
    shelf.becomes(all, "d d/c d/b1 a b b/b2").await
}

/// A document that would stand below itself, or below what is below it, is `Invalid`.
///
/// # Errors
/// Where the provider does otherwise.
pub async fn nothing_stands_below_itself(service: &impl DocsService, world: &World) -> Result<(), Failure> {
    let shelf = Shelf::new(service, world, "docs/nothing_stands_below_itself").await?;
    let kind = ErrorKind::Invalid;
    shelf.refuses("a document below itself", vec![shelf.put_below("a", "a", 0)], kind).await?;
    shelf.refuses("a document below its child", vec![shelf.put_below("b", "b2", 0)], kind).await?;
    let op = vec![shelf.put_below("a", "b1", 0)];
    shelf.becomes(op, "b b/b1 b1/a b/b2 c d").await?;
    shelf.refuses("a document below its child's child", vec![shelf.put_below("b", "a", 0)], kind).await
}
