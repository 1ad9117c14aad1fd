//! Branches, tags and other references.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::fault::{empty, error, internal, missing, not_found, refused};
use super::{Answer, Cx};
use crate::fake::forge::{Git, Reason, Ref, Repo};
use crate::fake::http::{Reply, encode_path, time};

async fn shape(cx: &Cx<'_>, repo: &Repo, branch: &Ref) -> Value {
    let sha = branch.commit.clone().unwrap_or_default();
    let commit = match cx.forge().git(repo.id).commit(&sha).await {
        None => Value::Null,
        Some(commit) => {
            let who = |who: &crate::fake::forge::Who| json!({ "name": who.name, "email": who.email, "username": who.name });
            json!({
                "id": commit.id, "message": format!("{}\n", commit.message),
                "url": format!("{}/commit/{}", cx.repo_page(repo), commit.id), "author": who(&commit.author),
                "committer": who(&commit.committer), "verification": null,
                "timestamp": time(commit.committer.at), "added": null, "removed": null, "modified": null,
            })
        }
    };
    let writes = cx.writes(repo);
    json!({
        "name": branch.short(), "commit": commit, "protected": false, "required_approvals": 0,
        "enable_status_check": false, "status_check_contexts": [], "user_can_push": writes,
        "user_can_merge": writes, "effective_branch_protection_name": "",
    })
}

/// Those that were committed to last come first; of the same time in no order that one could rely on.
pub(super) async fn branches(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let git = cx.forge().git(repo.id);
    let mut all = Vec::new();
    for branch in git.branches().await {
        let commit = git.commit(branch.commit.as_deref().unwrap_or_default()).await;
        all.push((commit.map(|commit| commit.committer.at), branch));
    }
    all.sort_by(|a, b| (b.0, &b.1.name).cmp(&(a.0, &a.1.name)));
    let cut = cx.page(all);
    let mut shapes = Vec::new();
    for (_, branch) in &cut.items {
        shapes.push(shape(cx, repo, branch).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.listed(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn branch(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let found = cx.forge().git(repo.id).reference(&format!("refs/heads/{name}")).await;
    Ok(Reply::json(200, &shape(cx, repo, &found.ok_or_else(|| not_found(cx))?).await))
}

pub(super) async fn create_branch(cx: &Cx<'_>, repo: &Repo) -> Answer {
    cx.writer(repo)?;
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(missing("Git Repository is empty."));
    }
    let name = cx.filled("new_branch_name").ok_or_else(|| error(422, "[BranchName]: Required"))?;
    if name.len() > 100 || !Git::is_ref_name(name) {
        return Err(error(422, "[BranchName]: GitRefName"));
    }
    let from = cx.filled("old_ref_name").unwrap_or(&repo.default_branch);
    let commit = git.commit_of(from).await.ok_or_else(internal)?;
    let made = git.create_ref(&format!("refs/heads/{name}"), &commit).await;
    let made = made.map_err(|refusal| match refusal.reason {
        Reason::Exists => error(409, "The branch already exists."),
        // Git has no place for a branch below another.
        Reason::Invalid => error(409, "The branch with the same name already exists."),
        _ => refused(refusal),
    })?;
    Ok(Reply::json(201, &shape(cx, repo, &made).await))
}

pub(super) async fn delete_branch(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    cx.writer(repo)?;
    if cx.forge().git(repo.id).is_empty().await {
        return Err(missing("Git Repository is empty."));
    }
    if name == repo.default_branch {
        return Err(error(403, "can not delete default branch"));
    }
    cx.forge().delete_ref(repo.id, &format!("refs/heads/{name}")).await.map_err(refused)?;
    Ok(Reply::empty(204))
}

async fn tag_shape(cx: &Cx<'_>, repo: &Repo, tag: &Ref) -> Value {
    let commit = tag.commit.clone().unwrap_or_default();
    // Of a plain tag the text of its commit is shown.
    let message = match &tag.message {
        Some(message) => message.clone(),
        None => {
            cx.forge().git(repo.id).commit(&commit).await.map_or_else(String::new, |commit| commit.message)
        }
    };
    let ball = |kind: &str| format!("{}/archive/{}.{kind}", cx.repo_page(repo), encode_path(tag.short()));
    json!({
        "name": tag.short(), "message": message, "id": tag.sha, "commit": cx.meta(repo, &commit),
        "zipball_url": ball("zip"), "tarball_url": ball("tar.gz"),
    })
}

/// Newest first: here backwards by name, which is newest as often as not.
pub(super) async fn tags(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut all = cx.forge().git(repo.id).tags().await;
    all.sort_by_key(|tag| Reverse(tag.name.clone()));
    let cut = cx.page(all);
    let mut shapes = Vec::new();
    for tag in &cut.items {
        shapes.push(tag_shape(cx, repo, tag).await);
    }
    let mut shapes = shapes.into_iter();
    Ok(cx.counted(&cut.map(|_| shapes.next().unwrap_or_default())))
}

pub(super) async fn create_tag(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let git = cx.forge().git(repo.id);
    let name = cx.filled("tag_name").ok_or_else(|| error(422, "[TagName]: Required"))?;
    let target = cx.filled("target").unwrap_or(&repo.default_branch);
    let commit = git.commit_of(target).await.ok_or_else(|| missing("target not found"))?;
    let reference = format!("refs/tags/{name}");
    if git.reference(&reference).await.is_some() {
        return Err(error(409, "tag exist"));
    }
    let object = match cx.filled("message") {
        Some(message) => git.write_tag(name, &commit, message, &me.who()).await.map_err(refused)?,
        None => commit,
    };
    let made = git.create_ref(&reference, &object).await.map_err(|refusal| match refusal.reason {
        Reason::Exists => error(409, "tag exist"),
        // Git has no place for a tag below another, and the server did not think of that.
        _ => internal(),
    })?;
    Ok(Reply::json(201, &tag_shape(cx, repo, &made).await))
}

pub(super) async fn matching(cx: &Cx<'_>, repo: &Repo, name: &str) -> Answer {
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(empty());
    }
    let shape = |found: &Ref| {
        let url = format!("{}/git/{}", cx.repo_url(repo), found.name);
        let object = format!("{}/git/{}s/{}", cx.repo_url(repo), found.kind, found.sha);
        json!({ "ref": found.name, "url": url, "object": { "type": found.kind, "sha": found.sha, "url": object } })
    };
    let all: Vec<_> = git.refs(&format!("refs/{name}")).await.iter().map(shape).collect();
    if all.is_empty() { Err(not_found(cx)) } else { Ok(Reply::json(200, &Value::Array(all))) }
}
