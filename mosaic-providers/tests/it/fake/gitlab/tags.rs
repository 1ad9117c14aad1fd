//! Tags.

use serde_json::{Value, json};

use super::{Answer, Cx, message};
use crate::fake::forge::{Git, Reason, Ref, Repo};
use crate::fake::http::Reply;

async fn shape(cx: &Cx<'_>, repo: &Repo, tag: &Ref) -> Value {
    let commit = cx.commit_at(repo, tag.commit.as_deref().unwrap_or(&tag.sha)).await;
    let created = (tag.kind == "tag").then(|| commit["created_at"].clone());
    json!({
        "name": tag.short(), "message": tag.message.as_deref().unwrap_or_default(), "target": tag.sha,
        "commit": commit, "release": null, "protected": false, "created_at": created,
    })
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut tags = cx.forge().git(repo.id).tags().await;
    if cx.ask.query("order_by") != Some("name") || cx.ask.query("sort") != Some("asc") {
        tags.reverse();
    }
    let cut = cx.page(tags);
    let mut shapes = Vec::new();
    for tag in &cut.items {
        shapes.push(shape(cx, repo, tag).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let (name, at) = (cx.need("tag_name")?, cx.need("ref")?);
    let made = make(cx, repo, name, at, cx.text("message").filter(|text| !text.is_empty())).await?;
    Ok(Reply::json(201, &shape(cx, repo, &made).await))
}

/// Makes a tag, with a text an annotated one.
pub(super) async fn make(
    cx: &Cx<'_>,
    repo: &Repo,
    name: &str,
    at: &str,
    text: Option<&str>,
) -> Result<Ref, Reply> {
    let git = cx.forge().git(repo.id);
    if !Git::is_ref_name(name) {
        return Err(message(400, "Tag name invalid"));
    }
    let exists = || message(400, &format!("Tag {name} already exists"));
    if git.reference(&format!("refs/tags/{name}")).await.is_some() {
        return Err(exists());
    }
    let target = super::commits::resolve(cx, repo, at).await;
    let target = target.ok_or_else(|| message(400, &format!("Target {at} is invalid")))?;
    let object = match text {
        None => target,
        Some(text) => git
            .write_tag(name, &target, text, &cx.me()?.who())
            .await
            .map_err(|refusal| message(400, &refusal.message))?,
    };
    git.create_ref(&format!("refs/tags/{name}"), &object).await.map_err(|refusal| match refusal.reason {
        // One below the other.
        Reason::Exists | Reason::Invalid => exists(),
        _ => message(400, &refusal.message),
    })
}
