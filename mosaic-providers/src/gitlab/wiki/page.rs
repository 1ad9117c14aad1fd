//! Pages of a wiki as documents. The id of a page is its path, which its title is the last part of, with dashes for blanks.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Delivery, Error, ErrorKind, Result};
use mosaic_core::op::document::{CreateDocument, DeleteDocument, GetDocument, ListDocuments, UpdateDocument};
use mosaic_core::types::document::{Document, DocumentEntry};
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::client::{GitLab, project, unsupported};
use super::super::wire::or_default;
use super::space::repository_of;
use crate::forge::names;
use crate::http::{List, Path};

/// The longest title, in bytes: a page is a file.
const TITLE_MAX: usize = 245;

#[derive(Debug, Deserialize)]
struct Wire {
    slug: String,
    title: String,
    /// Not there in lists.
    #[serde(default, deserialize_with = "or_default")]
    content: String,
}

impl Wire {
    fn document(self, space: &str) -> Document {
        Document::new(self.slug, space, self.title, self.content)
    }
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::Invalid, text)
}

fn check_title(title: &str) -> Result<()> {
    names::title(title)?;
    if title.len() > TITLE_MAX {
        return Err(invalid(format!("title: use at most {TITLE_MAX} bytes")));
    }
    if title.contains('/') {
        return Err(invalid("title: to GitLab a slash begins a directory of pages".to_owned()));
    }
    Ok(())
}

fn no_labels<T>() -> Result<T> {
    Err(unsupported("labels: pages of a wiki have none"))
}

fn no_parent<T>() -> Result<T> {
    Err(unsupported("parent: pages of a wiki stand beside each other"))
}

/// The path that a title becomes.
fn slug(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join("-")
}

fn place(repo: &RepoRef, id: &str) -> Result<Path> {
    Ok(project(repo)?.part("wikis").part(id))
}

/// What cannot be the path of a page is the path of none.
async fn fetch(lab: &GitLab, cx: &CallContext, repo: &RepoRef, id: &str) -> Result<Wire> {
    match lab.get(place(repo, id)?).send(cx).await {
        Err(error) if error.kind() == ErrorKind::Invalid && error.delivered() == Delivery::NotSent => {
            let text = format!("there is no page {} in {repo}", names::shown(id));
            Err(Error::new(ErrorKind::NotFound, text))
        }
        answer => answer,
    }
}

/// GitLab refuses a title that is taken in several ways, all of which a look at the other page explains.
async fn told(lab: &GitLab, cx: &CallContext, repo: &RepoRef, id: &str, made: Result<Wire>) -> Result<Wire> {
    let made = lab.told(cx, repo, made).await;
    let Err(error) = &made else { return made };
    if error.kind() != ErrorKind::Invalid
        || error.status_code().is_none()
        || fetch(lab, cx, repo, id).await.is_err()
    {
        return made;
    }
    let text = format!("title: there is a page {} in {repo} already", names::shown(id));
    Err(Error::new(ErrorKind::Conflict, text).delivery(Delivery::Answered))
}

pub(super) async fn get(lab: &GitLab, cx: &CallContext, op: GetDocument) -> Result<Document> {
    Ok(fetch(lab, cx, &repository_of(&op.space)?, &op.document).await?.document(&op.space))
}

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateDocument) -> Result<Document> {
    let repo = repository_of(&op.space)?;
    check_title(&op.title)?;
    names::body("body", &op.body)?;
    if op.parent.is_some() {
        return no_parent();
    }
    if !op.labels.is_empty() {
        return no_labels();
    }
    let body = json!({ "title": op.title, "content": op.body });
    let made = lab.post(project(&repo)?.part("wikis")).json(&body).send::<Wire>(cx).await;
    Ok(told(lab, cx, &repo, &slug(&op.title), made).await?.document(&op.space))
}

/// The page is read first: GitLab keeps a version also of what did not change.
pub(super) async fn update(lab: &GitLab, cx: &CallContext, op: UpdateDocument) -> Result<Document> {
    let repo = repository_of(&op.space)?;
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
        return Err(unsupported("expected: GitLab tells no version of a page, and compares none"));
    }
    let now = fetch(lab, cx, &repo, &op.document).await?;
    let (mut body, mut id) = (Map::new(), now.slug.clone());
    if let Some(title) = op.title.filter(|title| *title != now.title) {
        let directory = now.slug.rsplit_once('/').map(|(directory, _)| format!("{directory}/"));
        id = format!("{}{}", directory.unwrap_or_default(), slug(&title));
        body.insert("title".into(), title.into());
    }
    if let Some(text) = op.body.filter(|text| *text != now.content) {
        body.insert("content".into(), text.into());
    }
    if body.is_empty() {
        return Ok(now.document(&op.space));
    }
    let renamed = id != now.slug;
    let changed = lab.put(place(&repo, &op.document)?).json(&Value::Object(body)).send::<Wire>(cx).await;
    let changed =
        if renamed { told(lab, cx, &repo, &id, changed).await } else { lab.told(cx, &repo, changed).await };
    Ok(changed?.document(&op.space))
}

pub(super) async fn delete(lab: &GitLab, cx: &CallContext, op: DeleteDocument) -> Result<()> {
    let repo = repository_of(&op.space)?;
    fetch(lab, cx, &repo, &op.document).await?;
    let gone = lab.delete(place(&repo, &op.document)?).done(cx).await;
    lab.told(cx, &repo, gone).await.map(drop)
}

/// GitLab gives all of them at once. They are ordered by their paths.
pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListDocuments) -> Result<Page<DocumentEntry>> {
    let repo = repository_of(&op.space)?;
    let list = List(("documents", &op.space));
    let after = list.after::<String>(&op.page)?;
    if op.label.is_some() {
        return no_labels();
    }
    if op.parent.is_some() {
        return no_parent();
    }
    let found: Vec<Wire> = lab.get(project(&repo)?.part("wikis")).send(cx).await?;
    let mut all: Vec<_> =
        found.into_iter().map(|wire| DocumentEntry::new(wire.slug, op.space.as_str(), wire.title)).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all.retain(|entry| after.as_ref().is_none_or(|after| entry.id > *after));
    Ok(list.page(all, op.page.limit(), |entry| entry.id.clone()))
}
