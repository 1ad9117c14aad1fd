//! Wikis: pages by their names, in base64. A page is found by its title with dashes for blanks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::fault::{error, missing, not_found};
use super::wire::signature;
use super::{Answer, Cx};
use crate::fake::forge::{Repo, Who, WikiPage, now};
use crate::fake::http::{Reply, encode};

/// The name of a page in addresses.
fn name_of(title: &str) -> String {
    title.trim().replace(' ', "-")
}

fn shape(cx: &Cx<'_>, repo: &Repo, name: &str, page: &WikiPage, whole: bool) -> Value {
    let who =
        Who { name: page.author.clone(), email: format!("{}@example.org", page.author), at: page.updated_at };
    let digest = Sha256::digest(format!("{name} {} {}", page.version, page.content));
    let sha: String = digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect();
    let commit = json!({ "sha": sha, "author": signature(&who), "commiter": signature(&who), "message": page.message });
    let mut shape = json!({
        "title": page.title, "html_url": format!("{}/wiki/{}", cx.repo_page(repo), encode(name)),
        "sub_url": encode(name), "last_commit": commit,
    });
    if whole {
        shape["content_base64"] = json!(STANDARD.encode(&page.content));
        shape["commit_count"] = json!(page.version);
        shape["sidebar"] = json!("");
        shape["footer"] = json!("");
    }
    shape
}

/// A wiki without a page is not there.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    if repo.wiki.is_empty() {
        return Err(not_found(cx));
    }
    let cut = cx.page(repo.wiki.iter().collect()).map(|(name, page)| shape(cx, repo, name, page, false));
    Ok(cx.counted(&cut))
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let name = name_of(name);
    let page = repo.wiki.get(&name).ok_or_else(|| not_found(cx))?;
    Ok(Reply::json(200, &shape(cx, repo, &name, page, true)))
}

fn content(cx: &Cx<'_>) -> Result<String, Reply> {
    let bytes = STANDARD.decode(cx.text("content_base64").unwrap_or_default());
    bytes
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| error(400, "invalid base64 encoding of content"))
}

fn exists(title: &str) -> Reply {
    error(400, &format!("wiki page already exists [title: {title}]"))
}

pub(super) fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let title = cx.filled("title").ok_or_else(|| error(400, "emptyTitle"))?;
    let name = name_of(title);
    if matches!(name.as_str(), "_pages" | "_new" | "_edit" | "raw") {
        return Err(error(400, &format!("wiki title is reserved: {title}")));
    }
    let page = WikiPage {
        title: title.to_owned(),
        content: content(cx)?,
        author: me.login.clone(),
        message: cx.filled("message").map_or_else(|| format!("Add '{title}'"), str::to_owned),
        version: 1,
        updated_at: now(),
    };
    let made = cx.forge().with(repo.id, |repo| match repo.wiki.contains_key(&name) {
        true => false,
        false => repo.wiki.insert(name.clone(), page.clone()).is_none(),
    });
    if made != Some(true) {
        return Err(exists(title));
    }
    Ok(Reply::json(201, &shape(cx, repo, &name, &page, true)))
}

pub(super) fn update(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let me = cx.writer(repo)?;
    let old = name_of(name);
    let before = repo.wiki.get(&old).ok_or_else(|| missing("wiki page does not exist"))?;
    let title = cx.filled("title").unwrap_or(&before.title);
    let new = name_of(title);
    if new != old && repo.wiki.contains_key(&new) {
        return Err(exists(title));
    }
    let page = WikiPage {
        title: title.to_owned(),
        content: content(cx)?,
        author: me.login.clone(),
        message: format!("Update '{new}'"),
        version: before.version + 1,
        updated_at: now(),
    };
    cx.forge().with(repo.id, |repo| {
        repo.wiki.remove(&old);
        repo.wiki.insert(new.clone(), page.clone());
    });
    Ok(Reply::json(200, &shape(cx, repo, &new, &page, true)))
}

pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    let gone = cx.forge().with(repo.id, |repo| repo.wiki.remove(&name_of(name))).flatten();
    if gone.is_some() { Ok(Reply::empty(204)) } else { Err(missing("file does not exist")) }
}
