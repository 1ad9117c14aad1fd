//! Releases: each about a tag, which is made where it is not there.

use super::branches::bad_names;
use super::tags::{as_listed, listed as tags};
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{CreateRelease, CreateTag, GitService, ListReleases, ListTags};
use crate::testkit::suite::Failure;
use crate::types::PageRequest;
use crate::types::git::Release;

async fn listed<G: GitService>(ground: &Ground<'_, G>) -> Result<Vec<Release>, Failure> {
    let op = ListReleases::of(&ground.repo).page(PageRequest::first(100));
    Ok(ground.done("list_releases", ground.git.list_releases(ground.cx, op).await)?.items)
}

/// A release comes back as it was made and is the only one of its tag.
///
/// # Errors
/// The failure.
pub async fn releases_come_back_as_made(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/releases_come_back_as_made").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let release = |tag: &str| CreateRelease::of(repo, tag);
    ground.equal("releases of a new repository", &listed(&ground).await?, &vec![])?;
    let got = git.create_release(cx, release("v0")).await;
    ground.refused("create_release in an empty repository", got, ErrorKind::NotFound)?;
    ground.write("main", "a", "1").await?;
    let mut made = Vec::new();
    for op in [
        release("v1.0.0").name("Eins ‘ü’ 漢字").body("It *has* a lid now.\r\n\r\n- \u{1f980}\n"),
        release("v1.1.0-rc.1").prerelease(true),
        release("v2.0.0").name("Two").draft(true),
    ] {
        let got = git.create_release(cx, op.clone()).await;
        let lacks = (op.draft && !ground.shows(Trait::DraftReleases))
            || (op.prerelease && !ground.shows(Trait::Prereleases));
        if lacks {
            ground.unsupported(&format!("create_release {}", op.tag), got)?;
            continue;
        }
        let got = ground.done(&format!("create_release {}", op.tag), got)?;
        ground.equal("tag", &got.tag, &op.tag)?;
        ground.equal(
            "body",
            &got.body.as_deref().unwrap_or_default(),
            &op.body.as_deref().unwrap_or_default(),
        )?;
        if op.name.is_some() {
            ground.equal("name", &got.name, &op.name)?;
        }
        ground.equal("draft and prerelease", &(got.draft, got.prerelease), &(op.draft, op.prerelease))?;
        made.insert(0, got);
    }
    let place = |release: &Release| made.iter().position(|other| other.id == release.id);
    let all = async || {
        let all = listed(&ground).await?;
        Ok(ground.ordered(Trait::ReleasesNewestFirst, all, |a, b| place(a).cmp(&place(b))))
    };
    ground.equal("releases, newest first", &all().await?, &made)?;
    let mut ids: Vec<_> = made.iter().map(|release| release.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ground.equal("ids of their own", &ids.len(), &made.len())?;
    for (what, op, kind) in [
        ("for the second time", release("v1.0.0").name("Other"), ErrorKind::Conflict),
        ("at a missing branch", release("v9").at("missing"), ErrorKind::NotFound),
        ("at no name", release("v9").at("main~1"), ErrorKind::Invalid),
    ] {
        ground.refused(&format!("create_release {what}"), git.create_release(cx, op).await, kind)?;
    }
    for bad in bad_names() {
        let name: String = bad.chars().take(20).collect();
        let got = git.create_release(cx, release(&bad)).await;
        ground.refused(&format!("create_release {name:?}"), got, ErrorKind::Invalid)?;
    }
    ground.equal("releases after what was refused", &all().await?, &made)
}

/// A release makes its tag where that is not there, takes the one that is, and, as a draft, makes none yet.
///
/// # Errors
/// The failure.
pub async fn releases_make_their_tags(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/releases_make_their_tags").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let old = ground.write("main", "a", "1").await?.commit;
    let new = ground.write("main", "a", "2").await?.commit;
    let mut op = CreateTag::of(repo, "there").at(old.as_str());
    op.message = ground.shows(Trait::TagsHaveTexts).then(|| "Before".to_owned());
    let there = as_listed(&ground, ground.done("create_tag", git.create_tag(cx, op).await)?);
    for op in [
        CreateRelease::of(repo, "head"),
        CreateRelease::of(repo, "older").at(old.as_str()),
        CreateRelease::of(repo, "there").at("main"),
        CreateRelease::of(repo, "draft").draft(true),
    ] {
        if op.draft && !ground.shows(Trait::DraftReleases) {
            continue;
        }
        let what = format!("create_release {}", op.tag);
        ground.done(&what, git.create_release(cx, op).await)?;
    }
    let got = git.create_release(cx, CreateRelease::of(repo, "nowhere").at("missing")).await;
    ground.refused("create_release at a missing branch", got, ErrorKind::NotFound)?;
    let now = tags(&ground).await?;
    let shown: Vec<_> = now.iter().map(|tag| (tag.name.as_str(), tag.commit.as_str())).collect();
    let (one, two) = (old.as_str(), new.as_str());
    ground.equal("tags", &shown, &vec![("head", two), ("older", one), ("there", one)])?;
    ground.equal("the tag that was there", &now[2], &there)?;
    let twice = git.create_tag(cx, CreateTag::of(repo, "head")).await;
    ground.refused("create_tag of what a release made", twice, ErrorKind::Conflict)
}

/// Pages of releases have each one exactly once, newest first, whatever the limit.
///
/// # Errors
/// The failure.
pub async fn release_pages_cover_everything_once(
    git: &impl GitService,
    world: &World,
) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/release_pages_cover_everything_once").await?;
    let mut expected = Vec::new();
    let drafts = ground.shows(Trait::DraftReleases);
    for at in 0..11 {
        let op = CreateRelease::of(&ground.repo, format!("v{at}")).draft(drafts && at % 3 == 0);
        expected.insert(0, ground.done("create_release", git.create_release(ground.cx, op).await)?.tag);
    }
    for limit in [1, 2, 3, 5, 10, 11, 12] {
        let list = |page| git.list_releases(ground.cx, ListReleases::of(&ground.repo).page(page));
        let tags = ground.walk(limit, list).await?.into_iter().map(|release| release.tag).collect();
        let place = |tag: &String| expected.iter().position(|other| other == tag);
        let tags = ground.ordered(Trait::ReleasesNewestFirst, tags, |a, b| place(a).cmp(&place(b)));
        ground.equal(&format!("releases by pages of {limit}"), &tags, &expected)?;
    }
    if world.offers::<ListTags>() {
        ground.equal("number of tags", &tags(&ground).await?.len(), &if drafts { 7 } else { 11 })?;
    }
    Ok(())
}
