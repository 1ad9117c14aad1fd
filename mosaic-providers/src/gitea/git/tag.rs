//! Tags.

use mosaic_core::context::CallContext;
use mosaic_core::error::{ErrorKind, Result};
use mosaic_core::op::git::{CreateTag, ListTags};
use mosaic_core::types::git::Tag;
use mosaic_core::types::{Page, RepoRef};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, conflict, named, page, repo, revision};
use super::super::wire::{Many, text};
use super::commit;
use crate::forge::names::{self, TagName};
use crate::http::List;

#[derive(Debug, Deserialize)]
struct Wire {
    name: String,
    /// That of the tag itself, where it has a text.
    #[serde(default)]
    id: String,
    #[serde(default)]
    message: Option<String>,
    commit: Option<commit::Named>,
}

impl From<Wire> for Tag {
    fn from(wire: Wire) -> Self {
        let commit = wire.commit.map(|commit| commit.sha).unwrap_or_default();
        // A plain tag has no text of its own, and some versions show that of the commit.
        let message = text(wire.message).filter(|_| wire.id != commit);
        let mut tag = Tag::new(wire.name, commit);
        tag.message = message.map(|message| message.trim_end_matches('\n').to_owned());
        tag
    }
}

#[derive(Debug, Deserialize)]
struct Reference {
    #[serde(default, rename = "ref")]
    name: String,
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateTag) -> Result<Tag> {
    TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let message = op.message.as_deref().map(|text| names::text("message", text)).transpose()?;
    let body = named(json!({ "tag_name": op.tag, "target": at, "message": message }));
    let request = server.client.post(repo(&op.repo)?.part("tags")).json(&body);
    match request.send::<Wire>(cx).await {
        Ok(wire) => Ok(wire.into()),
        // A name below that of another tag is a failure of its own to the server.
        Err(error) if error.kind() == ErrorKind::Provider => {
            match in_the_way(server, cx, &op.repo, &op.tag).await {
                Ok(Some(other)) => Err(conflict(format!("{} cannot be a tag beside {other}", op.tag))),
                _ => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

/// The tag whose name begins another's, or is begun by it: git keeps no such two.
async fn in_the_way(server: &Server, cx: &CallContext, of: &RepoRef, tag: &str) -> Result<Option<String>> {
    let first = tag.split('/').next().unwrap_or(tag);
    let place = repo(of)?.part("git").part("refs").part(format_args!("tags/{first}"));
    let found: Option<Many<Reference>> = server.client.get(place).find(cx).await?;
    let names = found.map(|many| many.0).unwrap_or_default();
    let names = names.iter().filter_map(|reference| reference.name.strip_prefix("refs/tags/"));
    let below = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
    let mut names = names.filter(|name| below(name, tag) || below(tag, name));
    Ok(names.next().map(str::to_owned))
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
    let list = List(("tags", &op.repo));
    let part = server.part(&list, &op.page)?;
    let request = server.client.get(repo(&op.repo)?.part("tags"));
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(Tag::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}
