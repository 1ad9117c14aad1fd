//! Documents: made, read, changed and deleted, each as one file.

use std::fs;
use std::time::SystemTime;

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::Operation as _;
use mosaic_core::op::document::{
    CreateDocument, DeleteDocument, GetDocument, ListDocuments, OrganizeContent, UpdateDocument,
};
use mosaic_core::types::document::{Document, DocumentEntry, Structure};
use mosaic_core::types::{Page, Timestamp};

use super::front::{Front, Parts, compose};
use super::order::Place;
use super::store::{Permit, Root, Store};
use super::view::{DOCUMENTS_MAX, DocumentFile, FILE_MAX, View};
use super::{disk, fault, names, validate};
use crate::cursor::List;

/// The number of placements of a call at most.
const PLACEMENTS_MAX: usize = 1_000;

pub(super) async fn create(store: &Store, cx: &CallContext, op: CreateDocument) -> Result<Document> {
    validate::title("title", &op.title)?;
    validate::text("body", &op.body)?;
    let labels = validate::labels(op.labels.clone())?;
    let space = op.space.clone();
    store.write(cx, &space, move |root, permit| make(root, permit, &op, labels)).await
}

pub(super) async fn get(store: &Store, op: GetDocument) -> Result<Document> {
    store.read(move |root| root.document(&op.space, &op.document)).await
}

pub(super) async fn update(store: &Store, cx: &CallContext, op: UpdateDocument) -> Result<Document> {
    op.title.as_deref().map_or(Ok(()), |title| validate::title("title", title))?;
    validate::text("body", op.body.as_deref().unwrap_or_default())?;
    let labels = op.labels.clone().map(validate::labels).transpose()?;
    let space = op.space.clone();
    store.write(cx, &space, move |root, permit| change(root, permit, &op, labels)).await
}

pub(super) async fn delete(store: &Store, cx: &CallContext, op: DeleteDocument) -> Result<()> {
    let space = op.space.clone();
    store.write(cx, &space, move |root, permit| remove(root, permit, &op)).await
}

pub(super) async fn list(store: &Store, op: ListDocuments) -> Result<Page<DocumentEntry>> {
    store.read(move |root| select(&*root.space(&op.space)?, &op)).await
}

pub(super) async fn organize(store: &Store, cx: &CallContext, op: OrganizeContent) -> Result<Structure> {
    if op.placements.len() > PLACEMENTS_MAX {
        return Err(fault::invalid(format!("placements: must be at most {PLACEMENTS_MAX}")));
    }
    let space = op.space.clone();
    store.write(cx, &space, move |root, permit| place(root, permit, &op)).await
}

/// The order names the document before its file is there, which is the visible step: whatever happens between, there is
/// either no document or one in its place.
fn make(root: &Root, permit: &Permit, op: &CreateDocument, labels: Vec<String>) -> Result<Document> {
    let view = root.space(&op.space)?;
    op.parent.as_deref().map_or(Ok(0), |parent| view.find(parent))?;
    view.order_is_sound()?;
    if view.numbers().len() >= DOCUMENTS_MAX {
        return Err(fault::conflict(format!(
            "space: it has {DOCUMENTS_MAX} documents, which is all it can hold"
        )));
    }
    let id = names::new_id();
    let created_at = Some(Timestamp::now());
    let front = Front { id: Some(id.clone()), title: Some(op.title.clone()), labels, created_at };
    let text = compose(&front, &op.body)?;
    let staged = root.stage(text.as_bytes(), None)?;
    let target = view.folder.join(names::file_name(&op.title, &id));
    permit.take()?;
    let mut places = view.places(view.tree());
    places.push(Place { id: id.clone(), parent: op.parent.clone() });
    // Without the file it means nothing, so its failure leaves nothing.
    root.place_order(&view, &places).map_err(|error| error.refused())?;
    staged.place(&target).map_err(fault::writing)?;
    disk::sync_parent(&target).map_err(fault::lasting)?;
    answer(&target, &op.space, &id, op.parent.as_deref(), &text, &op.body)
}

fn change(
    root: &Root,
    permit: &Permit,
    op: &UpdateDocument,
    labels: Option<Vec<String>>,
) -> Result<Document> {
    let view = root.space(&op.space)?;
    let at = view.find(&op.document)?;
    let target = view.path(at);
    let Some((stamp, content)) = disk::read(&target, FILE_MAX).map_err(fault::reading)? else {
        return Err(fault::missing("document", &op.document));
    };
    let Ok(text) = str::from_utf8(&content) else {
        return Err(fault::conflict("the file of the document is not UTF-8: save it as UTF-8 first"));
    };
    let file = DocumentFile::of(&view.file(at).path, stamp, SystemTime::now(), &content);
    let parts = Parts::of(text);
    let parent = view.parent(at);
    let has_all = op.title.as_ref().is_none_or(|title| *title == file.title)
        && op.body.as_ref().is_none_or(|body| body == parts.body)
        && labels.as_ref().is_none_or(|labels| *labels == file.labels);
    if has_all {
        return Ok(file.document(&op.space, &op.document, parent, parts.body));
    }
    if op.expected.as_ref().is_some_and(|expected| *expected != file.version) {
        let message =
            format!("the document has the version {}, not the expected one: fetch it again", file.version);
        return Err(fault::conflict(message));
    }
    let written = parts.front();
    let front = Front {
        // A document that goes by its path keeps its id from now on.
        id: Some(op.document.clone()),
        title: op.title.clone().or(written.title),
        labels: labels.unwrap_or(written.labels),
        created_at: written.created_at,
    };
    let body = op.body.as_deref().unwrap_or(parts.body);
    let new = parts.with(&front, body)?;
    if new.len() as u64 > FILE_MAX {
        return Err(fault::invalid("body: with its front matter it must have at most 4 MiB"));
    }
    let staged = root.stage(new.as_bytes(), Some(&target))?;
    permit.take()?;
    // The last moment to see that somebody saved the file meanwhile.
    if disk::stamp(&target).map_err(fault::reading)? != Some(stamp) {
        return Err(fault::conflict("the file of the document was just changed: try again"));
    }
    staged.place(&target).map_err(fault::writing)?;
    disk::sync_parent(&target).map_err(fault::lasting)?;
    answer(&target, &op.space, &op.document, parent, &new, body)
}

fn remove(root: &Root, permit: &Permit, op: &DeleteDocument) -> Result<()> {
    let view = root.space(&op.space)?;
    let at = view.find(&op.document)?;
    if !view.tree().below(Some(at)).is_empty() {
        return Err(fault::conflict("document: others are below it: move or delete them first"));
    }
    let target = view.path(at);
    permit.take()?;
    match fs::remove_file(&target) {
        Ok(()) => disk::sync_parent(&target).map_err(fault::lasting),
        Err(error) if disk::is_missing(&error) => Err(fault::missing("document", &op.document)),
        Err(error) => Err(fault::writing(error)),
    }
}

fn select(view: &View, op: &ListDocuments) -> Result<Page<DocumentEntry>> {
    let parent = op.parent.as_deref().map(|parent| view.find(parent)).transpose()?;
    let list = List((ListDocuments::META.name, &op.space, &op.parent, &op.label));
    let (after, limit): (Option<String>, _) = (list.after(&op.page)?, op.page.limit());
    let all: Vec<(usize, usize)> = match parent {
        None => view.tree().reading(),
        Some(parent) => view.tree().below(Some(parent)).iter().copied().zip(0..).collect(),
    };
    // Behind the document that ended the page before; where that is gone, at the place where it was.
    let begin = match after.as_deref().and_then(|after| after.split_once(':')) {
        None => 0,
        Some((place, id)) => {
            let found = all.iter().position(|(at, _)| view.id(*at) == id).map(|place| place + 1);
            found.unwrap_or_else(|| place.parse().unwrap_or(all.len()))
        }
    };
    let wanted = |at: usize| op.label.as_ref().is_none_or(|label| view.file(at).labels.contains(label));
    let entries = all.iter().enumerate().skip(begin).filter(|(_, (at, _))| wanted(*at));
    let entries = entries.take(limit + 1).map(|(place, (at, position))| (place, view.entry(*at, *position)));
    let page = list.page(entries.collect(), limit, |(place, entry): &(usize, DocumentEntry)| {
        format!("{place}:{}", entry.id)
    });
    Ok(Page::new(page.items.into_iter().map(|(_, entry)| entry).collect(), page.next))
}

fn place(root: &Root, permit: &Permit, op: &OrganizeContent) -> Result<Structure> {
    let view = root.space(&op.space)?;
    let tree = view.tree().organized(view.numbers(), &op.placements)?;
    if tree == *view.tree() {
        return Ok(structure(&view));
    }
    view.order_is_sound()?;
    permit.take()?;
    root.place_order(&view, &view.places(&tree))?;
    Ok(structure(&*root.space(&op.space)?))
}

fn structure(view: &View) -> Structure {
    let documents = view.tree().reading().into_iter().map(|(at, position)| view.entry(at, position));
    Structure::new(view.space.as_str(), documents.collect::<Vec<_>>())
}

/// The document that was just written, as the next fetch shows it.
fn answer(
    target: &std::path::Path,
    space: &str,
    id: &str,
    parent: Option<&str>,
    text: &str,
    body: &str,
) -> Result<Document> {
    let Some(stamp) = disk::stamp(target).map_err(fault::lasting)? else {
        return Err(fault::lasting(std::io::Error::other("the file was removed as soon as it was written")));
    };
    let path = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let file = DocumentFile::of(path, stamp, SystemTime::now(), text.as_bytes());
    Ok(file.document(space, id, parent, body))
}
