//! Releases.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateRelease, ListReleases};
use mosaic_core::types::git::Release;
use mosaic_core::types::{Page, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::super::server::{Server, named, page, repo, revision};
use super::super::wire::{self, Many, User, login, moment, text};
use crate::forge::names::{self, TagName};
use crate::http::List;

#[derive(Debug, Deserialize)]
struct Wire {
    #[serde(default)]
    id: i64,
    #[serde(default)]
    tag_name: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    body: Option<String>,
    author: Option<User>,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<Timestamp>,
}

impl From<Wire> for Release {
    fn from(wire: Wire) -> Self {
        let id = wire::number(wire.id).to_string();
        let mut release = Release::new(id, wire.tag_name).draft(wire.draft).prerelease(wire.prerelease);
        (release.name, release.body) = (text(wire.name), text(wire.body));
        (release.author, release.web_url) = (login(wire.author), text(wire.html_url));
        release.created_at = wire.created_at;
        release
    }
}

pub(super) async fn create(server: &Server, cx: &CallContext, op: CreateRelease) -> Result<Release> {
    TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| revision("at", at)).transpose()?;
    if let Some(name) = &op.name {
        names::line("name", name)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let body = named(json!({
        "tag_name": op.tag,
        "target_commitish": at,
        "name": op.name,
        "body": op.body,
        "draft": op.draft,
        "prerelease": op.prerelease,
    }));
    Ok(server.client.post(repo(&op.repo)?.part("releases")).json(&body).send::<Wire>(cx).await?.into())
}

pub(super) async fn list(server: &Server, cx: &CallContext, op: ListReleases) -> Result<Page<Release>> {
    let list = List(("releases", &op.repo));
    let part = server.part(&list, &op.page)?;
    let request = server.client.get(repo(&op.repo)?.part("releases"));
    let request = request.query("page", part.number()).query("limit", part.size);
    let answer = request.full::<Many<Wire>>(cx).await?;
    let received = answer.value.0.len();
    let items = answer.value.0.into_iter().map(Release::from).collect();
    Ok(page(&list, part, items, received, &answer.headers))
}
