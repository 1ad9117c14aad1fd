//! Branches, tags and references.

use serde_json::{Value, json};

use super::fault::{empty, error, failed, field, not_found, not_supplied, refused};
use super::wire::{node, signature, unsigned};
use super::{Answer, Cx};
use crate::fake::forge::{Git, Reason, Ref, Repo, Who, now};
use crate::fake::http::{Reply, encode, encode_path};

pub(super) async fn branches(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut all = cx.forge().git(repo.id).branches().await;
    if cx.ask.query("protected") == Some("true") {
        all.clear();
    }
    let url = cx.repo_url(repo);
    let show = |branch: Ref| {
        json!({
            "name": branch.short(), "protected": false,
            "commit": { "sha": branch.sha, "url": format!("{url}/commits/{}", branch.sha) },
        })
    };
    Ok(cx.listed(&cx.page(all).map(show)))
}

pub(super) async fn branch(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    show_branch(cx, repo, name, 200).await
}

async fn show_branch(cx: &Cx<'_>, repo: &Repo, name: &str, status: u16) -> Answer {
    let git = cx.forge().git(repo.id);
    let missing = || error(404, "Branch not found");
    let tip = git.tip(name).await.ok_or_else(missing)?;
    let commit = git.commit(&tip).await.ok_or_else(missing)?;
    let url = format!("{}/branches/{}", cx.repo_url(repo), encode(name));
    let checks = json!({ "enforcement_level": "off", "contexts": [], "checks": [] });
    let shape = json!({
        "name": name, "commit": cx.commit(repo, &commit),
        "_links": { "self": url, "html": format!("{}/tree/{}", cx.repo_page(repo), encode_path(name)) },
        "protected": false, "protection": { "enabled": false, "required_status_checks": checks },
        "protection_url": format!("{url}/protection"),
    });
    Ok(Reply::json(status, &shape))
}

pub(super) async fn rename_branch(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    let new = cx.text("new_name").ok_or_else(|| not_supplied("new_name"))?;
    cx.forge().rename_branch(repo.id, name, new).await.map_err(|refusal| match refusal.reason {
        Reason::Missing => error(404, "Branch not found"),
        _ => error(422, &refusal.message),
    })?;
    show_branch(cx, repo, new, 201).await
}

/// Backwards, as GitHub lists tags.
pub(super) async fn tags(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut all = cx.forge().git(repo.id).tags().await;
    all.retain(|tag| tag.commit.is_some());
    all.reverse();
    let url = cx.repo_url(repo);
    let show = |tag: Ref| {
        let (name, commit) = (tag.short(), tag.commit.clone().unwrap_or_default());
        json!({
            "name": name, "node_id": node("REF", format!("{}_{}", repo.id, tag.name)),
            "zipball_url": format!("{url}/zipball/refs/tags/{}", encode_path(name)),
            "tarball_url": format!("{url}/tarball/refs/tags/{}", encode_path(name)),
            "commit": { "sha": commit, "url": format!("{url}/commits/{commit}") },
        })
    };
    Ok(cx.listed(&cx.page(all).map(show)))
}

pub(super) async fn get(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    let found = git.reference(&format!("refs/{name}")).await.ok_or_else(not_found)?;
    Ok(Reply::json(200, &cx.reference(repo, &found)))
}

/// All that begin so, in one answer: this list has no pages.
pub(super) async fn matching(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    let all = git.refs(&format!("refs/{name}")).await;
    if all.is_empty() && git.is_empty().await {
        return Err(empty());
    }
    let shapes: Vec<_> = all.iter().map(|found| cx.reference(repo, found)).collect();
    Ok(Reply::json(200, &Value::Array(shapes)))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let name = cx.text("ref").ok_or_else(|| not_supplied("ref"))?;
    let sha = cx.text("sha").ok_or_else(|| not_supplied("sha"))?;
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    if !name.starts_with("refs/") || name.matches('/').count() < 2 {
        return Err(error(422, "Reference name must start with 'refs/' and have at least two slashes."));
    }
    if !is_sha(sha) {
        return Err(error(422, "The sha parameter must be exactly 40 characters and contain only [0-9a-f]."));
    }
    let made = git.create_ref(name, sha).await.map_err(|refusal| error(422, &refusal.message))?;
    Ok(Reply::json(201, &cx.reference(repo, &made))
        .header("location", format!("{}/git/{name}", cx.repo_url(repo))))
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let me = cx.writer(repo)?;
    let sha = cx.text("sha").ok_or_else(|| not_supplied("sha"))?;
    let force = cx.flag("force").unwrap_or(false);
    let moved = cx.forge().git(repo.id).move_ref(&format!("refs/{name}"), sha, force).await;
    let moved = moved.map_err(|refusal| error(422, &refusal.message))?;
    if let Some(branch) = name.strip_prefix("heads/") {
        cx.forge().settle(repo.id, branch, &me.login).await;
    }
    Ok(Reply::json(200, &cx.reference(repo, &moved)))
}

pub(super) async fn delete(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    if name.strip_prefix("heads/") == Some(repo.default_branch.as_str()) {
        return Err(error(422, "Cannot delete the default branch"));
    }
    let done = cx.forge().delete_ref(repo.id, &format!("refs/{name}")).await;
    done.map_err(|refusal| error(422, &refusal.message))?;
    Ok(Reply::empty(204))
}

/// Makes the object of an annotated tag; the reference is a request of its own.
pub(super) async fn create_tag(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let need = |name: &'static str| cx.text(name).ok_or_else(|| not_supplied(name));
    let (tag, message, object, kind) = (need("tag")?, need("message")?, need("object")?, need("type")?);
    let git = cx.forge().git(repo.id);
    if git.object(object).await.is_none_or(|(found, _)| found != kind) {
        return Err(failed(json!([{ "resource": "Tag", "field": "object", "code": "invalid" }])));
    }
    let tagger = cx.body.get("tagger");
    let of =
        |field: &str| tagger.and_then(|tagger| tagger.get(field)).and_then(Value::as_str).map(str::to_owned);
    let by = Who {
        name: of("name").unwrap_or_else(|| me.login.clone()),
        email: of("email").unwrap_or_else(|| me.email.clone()),
        at: of("date").and_then(|date| date.parse().ok()).unwrap_or_else(now),
    };
    let sha = git.write_tag(tag, object, message, &by).await.map_err(refused)?;
    let made = show_tag(cx, repo, &git, &sha).await.ok_or_else(not_found)?;
    Ok(Reply::json(201, &made))
}

pub(super) async fn tag(cx: &Cx<'_>, repo: &Repo, sha: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    Ok(Reply::json(200, &show_tag(cx, repo, &git, sha).await.ok_or_else(not_found)?))
}

async fn show_tag(cx: &Cx<'_>, repo: &Repo, git: &Git<'_>, sha: &str) -> Option<Value> {
    let tag = git.read_tag(sha).await?;
    let url = cx.repo_url(repo);
    Some(json!({
        "node_id": node("TA", sha), "sha": sha, "url": format!("{url}/git/tags/{sha}"), "tag": tag.name,
        "message": tag.message, "tagger": signature(&tag.tagger),
        "object": { "type": tag.kind, "sha": tag.object, "url": format!("{url}/git/{}s/{}", tag.kind, tag.object) },
        "verification": unsigned(),
    }))
}

pub(super) fn is_sha(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The error for a name that leads to no commit.
pub(super) fn no_commit(name: &str) -> Reply {
    error(422, &format!("No commit found for SHA: {name}"))
}

/// The error for a field that names no branch.
pub(super) fn bad_branch(resource: &str, name: &str) -> Reply {
    field(resource, name, "invalid")
}
