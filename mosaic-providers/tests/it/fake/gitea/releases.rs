//! Releases, without their assets.

use serde_json::{Value, json};

use super::fault::{error, internal, missing};
use super::{Answer, Cx};
use crate::fake::forge::{Git, Release, Repo, now};
use crate::fake::http::{Reply, encode_path, maybe_time, time};

fn shape(cx: &Cx<'_>, repo: &Repo, release: &Release) -> Value {
    let url = format!("{}/releases/{}", cx.repo_url(repo), release.id);
    let tag = encode_path(&release.tag);
    let ball = |kind: &str| format!("{}/archive/{tag}.{kind}", cx.repo_page(repo));
    json!({
        "id": release.id, "tag_name": release.tag, "target_commitish": release.target,
        "name": release.name.as_deref().unwrap_or_default(), "body": release.body.as_deref().unwrap_or_default(),
        "url": url, "html_url": format!("{}/releases/tag/{tag}", cx.repo_page(repo)),
        "tarball_url": ball("tar.gz"), "zipball_url": ball("zip"), "upload_url": format!("{url}/assets"),
        "draft": release.draft, "prerelease": release.prerelease, "created_at": time(release.created_at),
        "published_at": maybe_time(Some(release.published_at.unwrap_or(release.created_at))),
        "author": cx.login(&release.author), "assets": [],
    })
}

/// Newest first; drafts only for those who may write.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let writes = cx.writes(repo);
    let all: Vec<_> = repo.releases.iter().rev().filter(|release| writes || !release.draft).collect();
    Ok(cx.listed(&cx.page(all).map(|release| shape(cx, repo, release))))
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let git = cx.forge().git(repo.id);
    if git.is_empty().await {
        return Err(error(422, "repo is empty"));
    }
    let tag = cx.filled("tag_name").ok_or_else(|| error(422, "[TagName]: Required"))?;
    if !Git::is_ref_name(tag) {
        return Err(error(422, "[TagName]: GitRefName"));
    }
    if repo.releases.iter().any(|release| release.tag == tag) {
        return Err(error(409, "Release is has no Tag"));
    }
    let target = cx.filled("target_commitish").unwrap_or(&repo.default_branch);
    let release = Release {
        id: cx.forge().fresh_id(),
        tag: tag.to_owned(),
        target: target.to_owned(),
        name: cx.filled("name").map(str::to_owned),
        body: cx.filled("body").map(str::to_owned),
        author: me.login.clone(),
        draft: cx.flag("draft").unwrap_or(false),
        prerelease: cx.flag("prerelease").unwrap_or(false),
        created_at: now(),
        published_at: None,
    };
    let reference = format!("refs/tags/{tag}");
    if !release.draft && git.reference(&reference).await.is_none() {
        let commit = git.commit_of(target).await;
        let commit = commit
            .ok_or_else(|| missing(&format!("target \"{target}\" not found: object does not exist")))?;
        git.create_ref(&reference, &commit).await.map_err(|_| internal())?;
    }
    cx.forge().with(repo.id, |repo| repo.releases.push(release.clone()));
    Ok(Reply::json(201, &shape(cx, repo, &release)))
}
