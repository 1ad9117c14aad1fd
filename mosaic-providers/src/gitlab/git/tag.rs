//! Tags.

use mosaic_core::context::CallContext;
use mosaic_core::error::Result;
use mosaic_core::op::git::{CreateTag, ListTags};
use mosaic_core::types::Page;
use mosaic_core::types::git::Tag;
use serde_json::json;

use super::super::client::{GitLab, PAGE, project};
use super::wire::WireTag;
use crate::forge::names::{self, Revision, TagName};
use crate::http::{List, Numbered};

pub(super) async fn create(lab: &GitLab, cx: &CallContext, op: CreateTag) -> Result<Tag> {
    let tag = TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    let path = project(&op.repo)?.part("repository").part("tags");
    let mut body = json!({ "tag_name": tag.as_str() });
    if let Some(message) = op.message {
        names::text("message", &message)?;
        body["message"] = message.into();
    }
    body["ref"] = match at {
        Some(at) => at.to_string().into(),
        None => lab.default_branch(cx, &op.repo).await?.into(),
    };
    let made = lab.post(path).json(&body).send::<WireTag>(cx).await;
    Ok(lab.told(cx, &op.repo, made).await?.into())
}

pub(super) async fn list(lab: &GitLab, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
    let list = List(("tags", &op.repo));
    let page = Numbered::of(&list, &op.page, PAGE)?;
    let request = lab.get(project(&op.repo)?.part("repository").part("tags"));
    let request = request.query("page", page.number()).query("per_page", page.size);
    let answer = request.query("order_by", "name").query("sort", "asc").full::<Vec<WireTag>>(cx).await?;
    let items = answer.value.into_iter().map(Tag::from).collect();
    Ok(page.linked(&list, items, &answer.headers))
}
