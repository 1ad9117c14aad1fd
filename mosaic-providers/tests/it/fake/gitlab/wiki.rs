//! Wikis: a page is a file, its path made of its title with dashes for blanks, and its title read off the path again.

use serde_json::{Value, json};

use super::wire::with;
use super::{Answer, Cx, message, missing};
use crate::fake::forge::{Repo, WikiPage};
use crate::fake::http::Reply;

fn basic(slug: &str) -> Value {
    let title = slug.rsplit('/').next().unwrap_or(slug).replace('-', " ");
    json!({ "format": "markdown", "slug": slug, "title": title, "wiki_page_meta_id": slug.len() })
}

fn shape(slug: &str, page: &WikiPage) -> Value {
    with(basic(slug), json!({ "content": page.content, "encoding": "UTF-8", "front_matter": {} }))
}

/// By path, all at once.
pub(super) fn list(repo: &Repo) -> Answer {
    Ok(Reply::json(200, &repo.wiki.keys().map(|slug| basic(slug)).collect()))
}

fn find<'a>(repo: &'a Repo, slug: &str) -> Result<&'a WikiPage, Reply> {
    repo.wiki.get(slug).ok_or_else(|| missing("Wiki Page"))
}

pub(super) fn get(repo: &Repo, slug: &str) -> Answer {
    Ok(Reply::json(200, &shape(slug, find(repo, slug)?)))
}

/// The path of a title, whose parts are squished each.
fn slug_of(title: &str) -> String {
    let parts = title.split('/').map(|part| part.split_whitespace().collect::<Vec<_>>().join("-"));
    parts.collect::<Vec<_>>().join("/")
}

fn write(cx: &Cx<'_>, repo: &Repo, slug: &str, content: &str, status: u16) -> Answer {
    let me = cx.writer(repo)?;
    let page = WikiPage::new(slug, content, &me.login);
    let page = cx.forge().put_page(repo.id, slug, page).ok_or_else(|| missing("Project"))?;
    Ok(Reply::json(status, &shape(slug, &page)))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let (slug, content) = (slug_of(cx.need("title")?), cx.need("content")?);
    if repo.wiki.contains_key(&slug) {
        let text = "Duplicate page: A page with that title already exists";
        return Err(Reply::json(400, &json!({ "message": { "base": [text] } })));
    }
    write(cx, repo, &slug, content, 201)
}

/// A title without a slash stays in its directory.
pub(super) fn update(cx: &Cx<'_>, repo: &Repo, slug: &str) -> Answer {
    cx.writer(repo)?;
    let before = find(repo, slug)?;
    let content = cx.text("content").unwrap_or(&before.content);
    let Some(title) = cx.text("title") else { return write(cx, repo, slug, content, 200) };
    let directory = slug.rsplit_once('/').filter(|_| !title.contains('/')).map(|(directory, _)| directory);
    let new =
        slug_of(&directory.map_or_else(|| title.to_owned(), |directory| format!("{directory}/{title}")));
    if new != slug && repo.wiki.contains_key(&new) {
        return Err(message(422, "There is already a page with the same title in that path."));
    }
    if new != slug {
        cx.forge().delete_page(repo.id, slug);
    }
    write(cx, repo, &new, content, 200)
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, slug: &str) -> Answer {
    cx.writer(repo)?;
    find(repo, slug)?;
    cx.forge().delete_page(repo.id, slug);
    Ok(Reply::empty(204))
}
