//! Releases: known by their tag; GitLab has no drafts and no releases before the real one.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateRelease, ListReleases};
use mosaic_core::types::Page;
use mosaic_core::types::git::Release;
use serde_json::json;

use super::super::client::{GitLab, PAGE, project, unsupported};
use super::wire::WireRelease;
use crate::forge::names::{self, Revision, TagName};
use crate::http::{List, Numbered};

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateRelease) -> Result<Release> {
    let tag = TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let path = project(&op.repo)?.part("releases");
    if op.draft {
        return Err(unsupported("draft: GitLab has no releases that are published later"));
    }
    if op.prerelease {
        return Err(unsupported(
            "prerelease: GitLab does not tell releases for some from releases for everybody",
        ));
    }
    let mut body = json!({ "tag_name": tag.as_str() });
    if let Some(name) = op.name {
        names::line("name", &name)?;
        body["name"] = name.into();
    }
    if let Some(text) = op.body {
        names::text("body", &text)?;
        body["description"] = text.into();
    }
    // Only a tag that is not there yet is made at it.
    body["ref"] = match at {
        Some(at) => at.to_string().into(),
        None => lab.default_branch(cx, &op.repo).await?.into(),
    };
    let made = lab.post(path).json(&body).send::<WireRelease>(cx).await;
    Ok(lab.told(cx, &op.repo, made).await?.into())
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListReleases) -> Result<Page<Release>> {
    let list = List(("releases", &op.repo));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&op.repo)?.part("releases"));
    let request = request.query("page", page.number()).query("per_page", page.size);
    let answer =
        request.query("order_by", "created_at").query("sort", "desc").full::<Vec<WireRelease>>(cx).await?;
    let items = answer.value.into_iter().map(Release::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
