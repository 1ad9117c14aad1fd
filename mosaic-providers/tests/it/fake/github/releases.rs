//! Releases, without their assets.

use serde_json::{Value, json};

use super::fault::{custom, custom_field, field, not_found};
use super::wire::node;
use super::{Answer, Cx};
use crate::fake::forge::{Git, Release, Repo, now};
use crate::fake::http::{Reply, encode_path, maybe_time, time};

fn shape(cx: &Cx<'_>, repo: &Repo, release: &Release) -> Value {
    let url = format!("{}/releases/{}", cx.repo_url(repo), release.id);
    let tag = encode_path(&release.tag);
    let page = match release.draft {
        true => format!("{}/releases/tag/untagged-{}", cx.repo_page(repo), release.id),
        false => format!("{}/releases/tag/{tag}", cx.repo_page(repo)),
    };
    let ball = |kind: &str| (!release.draft).then(|| format!("{}/{kind}/refs/tags/{tag}", cx.repo_url(repo)));
    json!({
        "url": url, "assets_url": format!("{url}/assets"), "upload_url": format!("{url}/assets{{?name,label}}"),
        "html_url": page, "id": release.id, "author": cx.login(&release.author), "node_id": node("RE", release.id),
        "tag_name": release.tag, "target_commitish": release.target, "name": release.name, "draft": release.draft,
        "prerelease": release.prerelease, "created_at": time(release.created_at),
        "published_at": maybe_time(release.published_at), "assets": [], "tarball_url": ball("tarball"),
        "zipball_url": ball("zipball"), "body": release.body,
    })
}

/// Newest first; drafts only for those who may write.
pub(super) fn list(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let writes = cx.writes(repo);
    let all: Vec<_> = repo.releases.iter().rev().filter(|release| writes || !release.draft).collect();
    Ok(cx.listed(&cx.page(all).map(|release| shape(cx, repo, release))))
}

pub(super) fn latest(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let mut full = repo.releases.iter().rev().filter(|release| !release.draft && !release.prerelease);
    Ok(Reply::json(200, &shape(cx, repo, full.next().ok_or_else(not_found)?)))
}

pub(super) fn by_tag(cx: &Cx<'_>, repo: &Repo, tag: &str) -> Answer {
    let found = repo.releases.iter().find(|release| release.tag == tag && !release.draft);
    Ok(Reply::json(200, &shape(cx, repo, found.ok_or_else(not_found)?)))
}

fn of_id(cx: &Cx<'_>, repo: &Repo, id: u64) -> Result<Release, Reply> {
    let found = repo.releases.iter().find(|release| release.id == id);
    found.filter(|release| !release.draft || cx.writes(repo)).cloned().ok_or_else(not_found)
}

pub(super) fn get(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    Ok(Reply::json(200, &shape(cx, repo, &of_id(cx, repo, id)?)))
}

/// Writes what the body says over a release, and makes its tag where it is published.
async fn apply(cx: &Cx<'_>, repo: &Repo, release: &mut Release) -> Result<(), Reply> {
    let git = cx.forge().git(repo.id);
    if let Some(tag) = cx.text("tag_name") {
        tag.clone_into(&mut release.tag);
    }
    if let Some(target) = cx.text("target_commitish").filter(|target| !target.is_empty()) {
        target.clone_into(&mut release.target);
    }
    if release.tag.is_empty() {
        return Err(field("Release", "tag_name", "missing_field"));
    }
    if !Git::is_ref_name(&release.tag) {
        return Err(custom("Release", "tag_name is not well-formed"));
    }
    let taken = |other: &Release| other.id != release.id && other.tag == release.tag && !other.draft;
    if repo.releases.iter().any(taken) {
        return Err(field("Release", "tag_name", "already_exists"));
    }
    if git.is_empty().await {
        return Err(custom("Release", "Repository is empty."));
    }
    for (name, place) in [("name", &mut release.name), ("body", &mut release.body)] {
        if cx.has(name) {
            *place = cx.text(name).map(str::to_owned);
        }
    }
    release.draft = cx.flag("draft").unwrap_or(release.draft);
    release.prerelease = cx.flag("prerelease").unwrap_or(release.prerelease);
    let name = format!("refs/tags/{}", release.tag);
    let there = git.reference(&name).await.and_then(|found| found.commit);
    let commit = match there.clone() {
        Some(commit) => Some(commit),
        None => git.commit_of(&release.target).await,
    };
    let commit = commit.ok_or_else(|| field("Release", "target_commitish", "invalid"))?;
    if !release.draft {
        if there.is_none() {
            let made = git.create_ref(&name, &commit).await;
            made.map_err(|refusal| custom_field("Release", "tag_name", &refusal.message))?;
        }
        release.published_at = release.published_at.or_else(|| Some(now()));
    }
    // GitHub's word for when it was made is the time of the commit.
    release.created_at = git.commit(&commit).await.map_or_else(now, |commit| commit.committer.at);
    Ok(())
}

pub(super) async fn create(cx: &Cx<'_>, repo: &Repo) -> Answer {
    let me = cx.writer(repo)?;
    let mut release = Release {
        id: cx.forge().fresh_id(),
        tag: String::new(),
        target: repo.default_branch.clone(),
        name: None,
        body: None,
        author: me.login.clone(),
        draft: false,
        prerelease: false,
        created_at: now(),
        published_at: None,
    };
    apply(cx, repo, &mut release).await?;
    cx.forge().with(repo.id, |repo| repo.releases.push(release.clone()));
    let url = format!("{}/releases/{}", cx.repo_url(repo), release.id);
    Ok(Reply::json(201, &shape(cx, repo, &release)).header("location", url))
}

pub(super) async fn update(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    cx.writer(repo)?;
    let mut release = of_id(cx, repo, id)?;
    apply(cx, repo, &mut release).await?;
    cx.forge().with(repo.id, |repo| {
        if let Some(place) = repo.releases.iter_mut().find(|other| other.id == id) {
            *place = release.clone();
        }
    });
    Ok(Reply::json(200, &shape(cx, repo, &release)))
}

/// The tag stays.
pub(super) fn delete(cx: &Cx<'_>, repo: &Repo, id: u64) -> Answer {
    cx.writer(repo)?;
    of_id(cx, repo, id)?;
    cx.forge().with(repo.id, |repo| repo.releases.retain(|release| release.id != id));
    Ok(Reply::empty(204))
}
