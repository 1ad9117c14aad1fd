//! Branches and tags.

use serde_json::{Value, json};

use super::fault::{error, not_found, refused};
use super::wire::short;
use super::{Answer, Cx};
use crate::fake::forge::{Git, Reason, Ref, Repo};
use crate::fake::http::Reply;

async fn shape(cx: &Cx<'_>, repo: &Repo, found: &Ref) -> Value {
    let hash = found.commit.clone().unwrap_or_default();
    let target = match cx.forge().git(repo.id).commit(&hash).await {
        Some(commit) => cx.commit(repo, &commit),
        None => cx.commit_in_short(repo, &hash),
    };
    if found.name.starts_with("refs/tags/") {
        let message = found.message.as_ref().map(|message| format!("{message}\n"));
        let mut shape = json!({ "type": "tag", "name": found.short(), "target": target });
        if let Some(message) = message {
            shape["message"] = message.into();
        }
        return shape;
    }
    json!({
        "type": "branch", "name": found.short(), "target": target, "default_merge_strategy": "merge_commit",
        "merge_strategies": ["merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge"],
    })
}

/// By name as git has it; in natural order where sorting by name is asked for.
pub(super) async fn list(cx: &Cx<'_>, repo: &Repo, kind: &str) -> Answer {
    let mut all = cx.forge().git(repo.id).refs(&format!("refs/{kind}/")).await;
    if let Some(part) = cx.ask.query("q").and_then(|q| q.strip_prefix("name ~ \"")?.strip_suffix('"')) {
        all.retain(|found| found.short().contains(part));
    }
    if cx.ask.query("sort").is_some() {
        all.sort_by_key(|found| (found.short().len(), found.short().to_lowercase()));
    }
    let cut = cx.page(all, 100);
    let mut shapes = Vec::new();
    for found in &cut.items {
        shapes.push(shape(cx, repo, found).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, kind: &str, name: &str) -> Answer {
    let found = cx.forge().git(repo.id).reference(&format!("refs/{kind}/{name}")).await;
    let found = found.ok_or_else(|| not_found(&format!("{name} not found")))?;
    Ok(Reply::json(200, &shape(cx, repo, &found).await))
}

async fn target(cx: &Cx<'_>, git: &Git<'_>) -> Result<(String, String), Reply> {
    let name = cx.text("/name").ok_or_else(|| error(400, "name is required"))?;
    let hash = cx.text("/target/hash").ok_or_else(|| error(400, "target.hash is required"))?;
    let commit = git.commit_of(hash).await;
    let commit = commit.ok_or_else(|| error(400, &format!("changeset not found: {hash}")))?;
    Ok((name.to_owned(), commit))
}

pub(super) async fn create_branch(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let git = cx.forge().git(repo.id);
    let (name, commit) = target(cx, &git).await?;
    let made = git.create_ref(&format!("refs/heads/{name}"), &commit).await;
    let made = made.map_err(|refusal| match refusal.reason {
        Reason::Exists => error(400, &format!("Branch \"{name}\" already exists.")),
        // Git has no place for a branch below another.
        _ => error(400, "Bad request"),
    })?;
    Ok(Reply::json(201, &shape(cx, repo, &made).await))
}

pub(super) async fn delete_branch(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    if name == repo.default_branch {
        return Err(error(400, "The main branch can not be deleted."));
    }
    cx.forge().delete_ref(repo.id, &format!("refs/heads/{name}")).await.map_err(refused)?;
    Ok(Reply::empty(204))
}

/// Every tag that is made here is one with a text.
pub(super) async fn create_tag(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let git = cx.forge().git(repo.id);
    let (name, commit) = target(cx, &git).await?;
    let plain = format!("Added tag {name} for changeset {}", short(&commit));
    let message = cx.text("/message").unwrap_or(&plain);
    let object = git.write_tag(&name, &commit, message, &me.who()).await.map_err(refused)?;
    let made = git.create_ref(&format!("refs/tags/{name}"), &object).await;
    let made = made.map_err(|refusal| match refusal.reason {
        Reason::Exists => error(400, &format!("tag '{name}' already exists")),
        _ => error(400, "Bad request"),
    })?;
    Ok(Reply::json(201, &shape(cx, repo, &made).await))
}
