//! Releases, known by their tag.

use serde_json::{Value, json};

use super::wire::{maybe_time, time};
use super::{Answer, Cx, message, tags};
use crate::fake::forge::{Release, Repo, now};
use crate::fake::http::{Reply, encode};

async fn shape(cx: &Cx<'_>, repo: &Repo, release: &Release) -> Value {
    let commit = match cx.forge().git(repo.id).commit_of(&release.tag).await {
        Some(id) => cx.commit_at(repo, &id).await,
        None => Value::Null,
    };
    let own = format!("{}/-/releases/{}", cx.page_of(repo), encode(&release.tag));
    json!({
        "tag_name": release.tag, "name": release.name.as_ref().unwrap_or(&release.tag),
        "description": release.body, "created_at": time(release.created_at),
        "released_at": maybe_time(release.published_at), "upcoming_release": false,
        "author": cx.person(&release.author), "commit": commit, "milestones": [],
        "commit_path": "", "tag_path": "", "evidences": [],
        "assets": { "count": 0, "sources": [], "links": [] }, "_links": { "self": own },
    })
}

pub(super) async fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut all = repo.releases.clone();
    if cx.ask.query("sort") != Some("asc") {
        all.reverse();
    }
    let cut = cx.page(all);
    let mut shapes = Vec::new();
    for release in &cut.items {
        shapes.push(shape(cx, repo, release).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let tag = cx.need("tag_name")?;
    if repo.releases.iter().any(|release| release.tag == tag) {
        return Err(message(409, "Release already exists"));
    }
    let git = cx.forge().git(repo.id);
    if git.reference(&format!("refs/tags/{tag}")).await.is_none() {
        let at = cx.text("ref").ok_or_else(|| message(422, "Ref is not specified"))?;
        tags::make(cx, repo, tag, at, cx.text("tag_message")).await?;
    }
    let release = Release {
        id: cx.forge().fresh_id(),
        tag: tag.to_owned(),
        target: String::new(),
        name: cx.text("name").map(str::to_owned),
        body: cx.text("description").map(str::to_owned),
        author: me.login.clone(),
        draft: false,
        prerelease: false,
        created_at: now(),
        published_at: Some(now()),
    };
    cx.forge().with(repo.id, |repo| repo.releases.push(release.clone()));
    Ok(Reply::json(201, &shape(cx, repo, &release).await))
}
