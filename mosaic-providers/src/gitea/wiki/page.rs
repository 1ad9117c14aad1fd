//! Pages of a wiki as documents. The id of a page is its name in addresses, which follows its title.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::document::{CreateDocument, DeleteDocument, GetDocument, ListDocuments, UpdateDocument};
use mosaic_core::types::document::{Document, DocumentEntry};
use mosaic_core::types::{Page, RepoRef, Timestamp};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;

use super::super::git::repository;
use super::super::server::{Server, invalid, named, not_found, page, repo, unsupported};
use super::super::wire::{Many, perhaps, text};
use super::space::repository_of;
use crate::forge::names;
use crate::http::List;

/// The longest title: a page is a file.
const TITLE_MAX: usize = 200;

#[derive(Debug, Deserialize)]
struct Wire {
    #[serde(default)]
    title: String,
    /// The name in addresses, percent-encoded.
    #[serde(default)]
    sub_url: String,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    last_commit: Option<Commit>,
    /// Not there in lists.
    #[serde(default)]
    content_base64: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Commit {
    #[serde(default)]
    sha: String,
    /// Spelled so by the server.
    #[serde(default)]
    commiter: Option<Who>,
    #[serde(default)]
    author: Option<Who>,
}

#[derive(Debug, Deserialize)]
struct Who {
    #[serde(default, deserialize_with = "perhaps")]
    date: Option<Timestamp>,
}

impl Wire {
    /// The name to ask for the page by.
    fn id(&self) -> String {
        let name = if self.sub_url.is_empty() { &self.title } else { &self.sub_url };
        percent_decode_str(name).decode_utf8_lossy().into_owned()
    }

    fn version(&self) -> Option<String> {
        self.last_commit.as_ref().and_then(|commit| text(commit.sha.clone()))
    }

    fn updated_at(&self) -> Option<Timestamp> {
        let commit = self.last_commit.as_ref()?;
        let of = |who: &Option<Who>| who.as_ref().and_then(|who| who.date);
        of(&commit.commiter).or_else(|| of(&commit.author))
    }

    fn body(&self) -> Result<String> {
        let fault = || {
            let text = "the text of a wiki page is no base64 of UTF-8";
            Error::new(ErrorKind::Protocol, text).delivery(Delivery::Answered)
        };
        let bytes =
            STANDARD.decode(self.content_base64.as_deref().unwrap_or_default()).map_err(|_| fault())?;
        String::from_utf8(bytes).map_err(|_| fault())
    }

    fn document(self, space: &str) -> Result<Document> {
        let mut document = Document::new(self.id(), space, self.title.as_str(), self.body()?);
        (document.version, document.updated_at) = (self.version(), self.updated_at());
        document.web_url = text(self.html_url);
        Ok(document)
    }

    fn entry(self, space: &str) -> DocumentEntry {
        let mut entry = DocumentEntry::new(self.id(), space, self.title.as_str());
        (entry.version, entry.updated_at) = (self.version(), self.updated_at());
        entry.web_url = text(self.html_url);
        entry
    }
}

fn check_title(title: &str) -> Result<()> {
    names::title(title)?;
    if title.chars().count() > TITLE_MAX {
        return Err(invalid(format!("title: use at most {TITLE_MAX} characters")));
    }
    Ok(())
}

fn no_labels<T>() -> Result<T> {
    Err(unsupported("labels: pages of a wiki have none"))
}

fn no_parent<T>() -> Result<T> {
    Err(unsupported("parent: pages of a wiki stand beside each other"))
}

/// What cannot be the name of a page is the name of none.
async fn fetch(server: &Server, cx: &CallContext, of: &RepoRef, id: &str) -> Result<Wire> {
    let place = repo(of)?.part("wiki").part("page").part(id);
    match server.client.get(place).send(cx).await {
        Err(error) if error.kind() == ErrorKind::Invalid && error.delivered() == Delivery::NotSent => {
            Err(not_found(format!("there is no page {} in {of}", names::shown(id))))
        }
        answer => answer,
    }
}

pub(super) async fn get(server: &Server, cx: &CallContext, op: GetDocument) -> Result<Document> {
    fetch(server, cx, &repository_of(&op.space)?, &op.document).await?.document(&op.space)
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateDocument) -> Result<Document> {
    let reference = repository_of(&op.space)?;
    check_title(&op.title)?;
    names::body("body", &op.body)?;
    if op.parent.is_some() {
        return no_parent();
    }
    if !op.labels.is_empty() {
        return no_labels();
    }
    let body = json!({ "title": op.title, "content_base64": STANDARD.encode(&op.body) });
    let request = server.client.post(repo(&reference)?.part("wiki").part("new")).json(&body);
    request.send::<Wire>(cx).await?.document(&op.space)
}

/// The server makes a commit also where nothing changes, so the page is read first.
pub(super) async fn update(server: &Server, cx: &CallContext, op: UpdateDocument) -> Result<Document> {
    let reference = repository_of(&op.space)?;
    if let Some(title) = &op.title {
        check_title(title)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    if op.labels.as_ref().is_some_and(|labels| !labels.is_empty()) {
        return no_labels();
    }
    if op.expected.is_some() {
        return Err(unsupported(
            "expected: the server compares no versions of pages, so two could both be the first",
        ));
    }
    let now = fetch(server, cx, &reference, &op.document).await?.document(&op.space)?;
    let title = op.title.as_deref().unwrap_or(&now.title);
    let body = op.body.as_deref().unwrap_or(&now.body);
    if title == now.title && body == now.body {
        return Ok(now);
    }
    let change = named(json!({ "title": title, "content_base64": STANDARD.encode(body) }));
    let place = repo(&reference)?.part("wiki").part("page").part(&op.document);
    server.client.patch(place).json(&change).send::<Wire>(cx).await?.document(&op.space)
}

pub(super) async fn delete(server: &Server, cx: &CallContext, op: DeleteDocument) -> Result<()> {
    let reference = repository_of(&op.space)?;
    fetch(server, cx, &reference, &op.document).await?;
    let place = repo(&reference)?.part("wiki").part("page").part(&op.document);
    server.client.delete(place).done(cx).await.map(|_| ())
}

/// A wiki without a page is missing to the server.
pub(super) async fn list(
    server: &Server,
    cx: &CallContext,
    op: ListDocuments,
) -> Result<Page<DocumentEntry>> {
    let reference = repository_of(&op.space)?;
    let list = List(("documents", &op.space));
    let part = server.part(&list, &op.page)?;
    if op.label.is_some() {
        return no_labels();
    }
    if op.parent.is_some() {
        return no_parent();
    }
    let request = server.client.get(repo(&reference)?.part("wiki").part("pages"));
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = match request.full::<Many<Wire>>(cx).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            repository::fetch(server, cx, &reference).await?;
            return Ok(Page::last(Vec::new()));
        }
        answer => answer?,
    };
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(|wire| wire.entry(&op.space)).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}
