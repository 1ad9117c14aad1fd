//! Tags: made plain or with a text, listed by name.

use super::branches::bad_names;
use super::{Ground, Trait, World};
use crate::error::ErrorKind;
use crate::op::git::{CreateTag, GitService, ListTags};
use crate::testkit::suite::Failure;
use crate::types::PageRequest;
use crate::types::git::Tag;

/// The tags of the repository by name, at most 100.
pub(super) async fn listed<G: GitService>(ground: &Ground<'_, G>) -> Result<Vec<Tag>, Failure> {
    let page =
        ground.git.list_tags(ground.cx, ListTags::of(&ground.repo).page(PageRequest::first(100))).await;
    let tags = ground.done("list_tags", page)?.items;
    Ok(ground.ordered(Trait::TagsByName, tags, |a, b| a.name.cmp(&b.name)))
}

/// A tag as lists show it.
pub(super) fn as_listed<G: GitService>(ground: &Ground<'_, G>, mut tag: Tag) -> Tag {
    if !ground.shows(Trait::ListsTagTexts) {
        tag.message = None;
    }
    tag
}

/// A tag stands for a branch's commit, a commit or another tag, says what it was given, and stays where it is.
///
/// # Errors
/// The failure.
pub async fn tags_stand_for_commits(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::empty(git, world, "git/tags_stand_for_commits").await?;
    let (cx, repo) = (ground.cx, &ground.repo);
    let tag = |name: &str| CreateTag::of(repo, name);
    let got = git.create_tag(cx, tag("v0")).await;
    ground.refused("create_tag in an empty repository", got, ErrorKind::NotFound)?;
    let old = ground.write("main", "a", "1").await?.commit;
    let new = ground.write("main", "a", "2").await?.commit;
    let text = "The first one\n\nIt *fits*: ‘ü’ 漢字.";
    let mut made = Vec::new();
    for (op, commit, message) in [
        (tag("v1.0.0").at(old.as_str()).message(text), &old, Some(text)),
        (tag("plain"), &new, None),
        (tag("nightly/1").at("main"), &new, None),
        (tag("again").at("v1.0.0"), &old, None),
    ] {
        let name = op.tag.clone();
        if message.is_some() && !ground.shows(Trait::TagsHaveTexts) {
            let got = git.create_tag(cx, op.clone()).await;
            ground.unsupported("create_tag with a text", got)?;
        }
        let message = message.filter(|_| ground.shows(Trait::TagsHaveTexts));
        let mut op = op;
        op.message = message.map(str::to_owned);
        let got = ground.done(&format!("create_tag {name}"), git.create_tag(cx, op).await)?;
        ground.equal("name", &got.name, &name)?;
        ground.equal(&format!("commit of {name}"), &got.commit, commit)?;
        ground.equal(&format!("message of {name}"), &got.message.as_deref(), &message)?;
        made.push(as_listed(&ground, got));
    }
    made.sort_by(|a, b| a.name.cmp(&b.name));
    ground.write("main", "a", "3").await?;
    ground.equal("tags", &listed(&ground).await?, &made)?;
    ground.reads("v1.0.0", "a", "1").await?;
    ground.reads("plain", "a", "2").await?;
    for (what, op, kind) in [
        ("for the second time", tag("plain").at(old.as_str()), ErrorKind::Conflict),
        ("for the second time, with a text", tag("v1.0.0").message("Other"), ErrorKind::Conflict),
        ("below another tag", tag("plain/inner"), ErrorKind::Conflict),
        ("at a missing branch", tag("new").at("missing"), ErrorKind::NotFound),
        ("at a commit that is not there", tag("new").at("0123456789".repeat(4)), ErrorKind::NotFound),
        ("at no name", tag("new").at("main~1"), ErrorKind::Invalid),
    ] {
        let mut op = op;
        op.message = op.message.filter(|_| ground.shows(Trait::TagsHaveTexts));
        ground.refused(&format!("create_tag {what}"), git.create_tag(cx, op).await, kind)?;
    }
    ground.equal("tags after what was refused", &listed(&ground).await?, &made)
}

/// Names that git does not take for tags are `Invalid`, and nothing is made.
///
/// # Errors
/// The failure.
pub async fn bad_tag_names_are_refused(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/bad_tag_names_are_refused").await?;
    for bad in bad_names() {
        let name: String = bad.chars().take(20).collect();
        for op in [
            CreateTag::of(&ground.repo, bad.as_str()),
            CreateTag::of(&ground.repo, bad.as_str()).message("x"),
        ] {
            let got = git.create_tag(ground.cx, op.at("main")).await;
            ground.refused(&format!("create_tag {name:?}"), got, ErrorKind::Invalid)?;
        }
    }
    ground.equal("tags", &listed(&ground).await?, &vec![])
}

/// Pages of tags have each one exactly once, in the order of their names, whatever the limit.
///
/// # Errors
/// The failure.
pub async fn tag_pages_cover_everything_once(git: &impl GitService, world: &World) -> Result<(), Failure> {
    let ground = Ground::seeded(git, world, "git/tag_pages_cover_everything_once").await?;
    for (at, name) in ["v2", "v10", "a/y", "z", "a/x", "v1"].into_iter().enumerate() {
        let mut op = CreateTag::of(&ground.repo, name);
        op.message = (at % 2 == 0 && ground.shows(Trait::TagsHaveTexts)).then(|| format!("Tag {name}"));
        ground.done("create_tag", git.create_tag(ground.cx, op).await)?;
    }
    for limit in 1..=7 {
        let list = |page| git.list_tags(ground.cx, ListTags::of(&ground.repo).page(page));
        let names = ground.walk(limit, list).await?.into_iter().map(|tag| tag.name).collect();
        let names = ground.ordered(Trait::TagsByName, names, Ord::cmp);
        let expected = vec!["a/x", "a/y", "v1", "v10", "v2", "z"];
        ground.equal(&format!("tags by pages of {limit}"), &names, &expected)?;
    }
    Ok(())
}
