//! Tags.

use mosaic_core::context::CallContext;
use mosaic_core::error::{Error, ErrorKind, Result};
use mosaic_core::op::git::{CreateTag, ListTags};
use mosaic_core::types::Page;
use mosaic_core::types::git::Tag;
use serde::Deserialize;
use serde_json::json;

use super::wire::{Reference, Sha};
use super::{MOST, at_repo, commit, paged};
use crate::forge::names::{self, Revision, TagName};
use crate::http::{Client, List, Numbered};

#[derive(Deserialize)]
struct Row {
    name: String,
    commit: Sha,
}

#[derive(Deserialize)]
struct Annotated {
    sha: String,
    message: String,
}

/// Makes a tag. One with a text is an object first, and then a reference to it; an object without a reference is seen by nobody.
pub(super) async fn create(client: &Client, cx: &CallContext, op: CreateTag) -> Result<Tag> {
    names::hosted(&op.repo)?;
    let name = TagName::parse("tag", &op.tag)?;
    let at = op.at.as_deref().map(|at| Revision::parse("at", at)).transpose()?;
    if let Some(message) = &op.message {
        names::text("message", message)?;
    }
    let commit = commit::resolve(client, cx, &op.repo, at.as_ref()).await.map_err(Error::refused)?;
    let git = || at_repo(&op.repo).part("git");
    let annotated = match &op.message {
        None => None,
        Some(message) => {
            let new = json!({ "tag": name.as_str(), "message": message, "object": commit, "type": "commit" });
            let made = client.post(git().part("tags")).json(&new).send::<Annotated>(cx).await;
            Some(made.map_err(Error::refused)?)
        }
    };
    let sha = annotated.as_ref().map_or(&commit, |tag| &tag.sha);
    let new = json!({ "ref": name.reference(), "sha": sha });
    match client.post(git().part("refs")).json(&new).send::<Reference>(cx).await {
        Ok(_) => {}
        // The name is a good one and the object is there: another tag is in the way.
        Err(error) if error.kind() == ErrorKind::Invalid => {
            return Err(
                Error::new(ErrorKind::Conflict, error.message().to_owned()).delivery(error.delivered())
            );
        }
        Err(error) => return Err(error),
    }
    let mut tag = Tag::new(op.tag, commit);
    // Git ends a text with a line feed.
    tag.message = annotated.map(|annotated| annotated.message.trim_end_matches('\n').to_owned());
    Ok(tag)
}

/// Lists tags in the order of GitHub, without texts.
pub(super) async fn list(client: &Client, cx: &CallContext, op: ListTags) -> Result<Page<Tag>> {
    names::hosted(&op.repo)?;
    let list = List(("tags", &op.repo));
    let part = Numbered::of(&list, &op.page, MOST)?;
    let answer = paged(part, client.get(at_repo(&op.repo).part("tags"))).full::<Vec<Row>>(cx).await?;
    let items = answer.value.into_iter().map(|row| Tag::new(row.name, row.commit.sha)).collect();
    Ok(part.linked(&list, items, &answer.headers))
}
