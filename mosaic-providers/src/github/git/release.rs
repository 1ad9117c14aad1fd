//! Releases.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateRelease, ListReleases};
use mosaic_core::types::git::Release;
use mosaic_core::types::{Page, Timestamp};
use serde::{Deserialize, Serialize};

use super::wire::Account;
use super::{MOST, at_repo, paged};
use crate::forge::names::{self, Revision, TagName};
use crate::http::{Client, List, Numbered};

#[derive(Deserialize)]
struct Row {
    id: i64,
    tag_name: String,
    name: Option<String>,
    body: Option<String>,
    author: Option<Account>,
    html_url: Option<String>,
    draft: bool,
    prerelease: bool,
    created_at: Option<Timestamp>,
    published_at: Option<Timestamp>,
}

impl From<Row> for Release {
    fn from(wire: Row) -> Self {
        let mut release =
            Self::new(wire.id.to_string(), wire.tag_name).draft(wire.draft).prerelease(wire.prerelease);
        (release.name, release.body) = (wire.name, wire.body);
        release.author = wire.author.map(|author| author.login);
        release.web_url = wire.html_url;
        // GitHub calls the time of the commit that of its creation.
        release.created_at = wire.published_at.or(wire.created_at);
        release
    }
}

#[derive(Serialize)]
struct New<'a> {
    tag_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_commitish: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    draft: bool,
    prerelease: bool,
}

/// Makes a release, and its tag where that is not there.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateRelease) -> Result<Release> {
    names::hosted(&op.repo)?;
    TagName::parse("tag", &op.tag)?;
    op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    if let Some(name) = &op.name {
        names::line("name", name)?;
    }
    if let Some(body) = &op.body {
        names::body("body", body)?;
    }
    let new = New {
        tag_name: &op.tag,
        target_commitish: op.at.as_deref(),
        name: op.name.as_deref(),
        body: op.body.as_deref(),
        draft: op.draft,
        prerelease: op.prerelease,
    };
    Ok(client.post(at_repo(&op.repo).part("releases")).json(&new).send::<Row>(cx).await?.into())
}

/// Lists releases, newest first.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListReleases) -> Result<Page<Release>> {
    names::hosted(&op.repo)?;
    let list = List(("releases", &op.repo));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let answer = paged(part, client.get(at_repo(&op.repo).part("releases"))).full::<Vec<Row>>(cx).await?;
    let items = answer.value.into_iter().map(Release::from).collect();
    Ok(part.linked(&list, items, &answer.headers))
}
