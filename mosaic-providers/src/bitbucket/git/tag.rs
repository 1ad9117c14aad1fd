//! Tags.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateTag, ListTags};
use mosaic_core::types::Page;
use mosaic_core::types::git::Tag;
use serde::Deserialize;
use serde_json::json;

use super::super::cloud::{Cloud, named, repo, revision};
use super::super::page::{Listing, MOST};
use super::super::wire::text;
use super::{branch, commit};
use crate::forge::names::{self, TagName};
use crate::http::List;

#[derive(Debug, Deserialize)]
struct Wire {
    name: String,
    #[serde(default)]
    message: Option<String>,
    target: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    #[serde(default)]
    hash: String,
}

impl From<Wire> for Tag {
    fn from(wire: Wire) -> Self {
        let commit = wire.target.map(|target| target.hash).unwrap_or_default();
        // Bitbucket writes a text of its own where none was given.
        let plain = format!("Added tag {} for changeset ", wire.name);
        let said = wire.message.as_deref().map(|message| message.trim_end_matches('\n'));
        let given = said.filter(|said| {
            !said.strip_prefix(&plain).is_some_and(|rest| rest.len() >= 7 && commit.starts_with(rest))
        });
        let mut tag = Tag::new(wire.name, commit.as_str());
        tag.message = text(given.map(str::to_owned));
        tag
    }
}

pub(super) async fn create(cloud: &Cloud, cx: &CallContext, op: CreateTag) -> Result<Tag> {
    TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    let message = op.message.as_deref().map(|text| names::text("message", text)).transpose()?;
    let hash = commit::resolve(cloud, cx, &op.repo, at).await?;
    let body =
        named(json!({ "type": "tag", "name": op.tag, "target": { "hash": hash }, "message": message }));
    let request = cloud.client.post(repo(&op.repo)?.part("refs").part("tags")).json(&body);
    match request.send::<Wire>(cx).await {
        Ok(wire) => Ok(wire.into()),
        Err(error) => Err(branch::in_the_way(cloud, cx, &op.repo, "tags", &op.tag, error).await),
    }
}

/// Without another order asked for they come as git orders them: by name.
pub(super) async fn list(cloud: &Cloud, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
    let listing = Listing {
        list: List(("tags", &op.repo)),
        path: repo(&op.repo)?.part("refs").part("tags"),
        filters: &[],
        most: MOST,
    };
    listing.page(cloud, cx, &op.page, |wire: Wire| Some(Tag::from(wire))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_nobody_wrote_is_none() {
        let hash = "0123456789".repeat(4);
        let tag = |message: &str| {
            let value = json!({ "name": "v1", "message": message, "target": { "hash": hash } });
            Tag::from(serde_json::from_value::<Wire>(value).unwrap()).message
        };
        assert_eq!(tag("Added tag v1 for changeset 012345678901\n"), None);
        assert_eq!(tag("The first\n").as_deref(), Some("The first"));
        assert_eq!(
            tag("Added tag v1 for changeset beef").as_deref(),
            Some("Added tag v1 for changeset beef")
        );
        assert_eq!(tag(""), None);
    }
}
